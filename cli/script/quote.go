package script

import (
	"regexp"
	"strings"

	"ringside/cli/verbs"
)

// command matches the beginning of a line that runs ringside, up to its first argument.
var command = regexp.MustCompile(`^\s*((\[[^\]]*\]|[!?])\s*)*(exec\s+)?ringside\s`)

// conditions matches the beginning of a line up to its command.
var conditions = regexp.MustCompile(`^\s*((\[[^\]]*\]|[!?])\s*)*`)

// shellName is the command of testscript that refuses a line with an operator of the shell.
const shellName = "shell"

// archived matches the line that ends a script and begins the first file of its archive.
var archived = regexp.MustCompile(`^-- .* --\s*$`)

// translate returns a script in which the double quotes of ringside's lines are single quotes of
// testscript. A quote that is not closed stays so, and testscript refuses the line. A line with an
// operator of the shell becomes a call of shellName. Line numbers stay the same.
func translate(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if archived.MatchString(line) {
			break
		}
		if start := command.FindString(line); start != "" {
			words := translateWords(line[len(start):])
			if verbs.ShellOperator(shellWords(words)) != "" {
				end := len(conditions.FindString(start))
				start = start[:end] + shellName + " " + start[end:]
			}
			lines[i] = start + words
		}
	}
	return strings.Join(lines, "")
}

// shellWords returns the words of a translated line without a comment. Each quoted byte is
// replaced by q.
func shellWords(words string) []string {
	masked, quoted := []byte(words), false
	for i, c := range masked {
		switch {
		case c == '\'':
			quoted, masked[i] = !quoted, 'q'
		case quoted:
			masked[i] = 'q'
		}
	}
	return verbs.BeforeComment(strings.Fields(string(masked)))
}

// translateWords translates the double quotes at the beginning of a word and after the = of a
// flag. Other double quotes stand for themselves, as in value(cart)=="milk".
func translateWords(words string) string {
	var out strings.Builder
	single := false // inside single quotes
	for i := 0; i < len(words); i++ {
		c := words[i]
		switch {
		case c == '\'':
			single = !single
		case c == '#' && !single && startsWord(words, i):
			return out.String() + words[i:] // a comment
		case c == '#' && !single:
			out.WriteString("'#'") // inside a word, where testscript would begin a comment
			continue
		case c == '"' && !single && (startsWord(words, i) || endsFlag(words[:i])):
			quoted, n := translateQuoted(words[i+1:])
			out.WriteString(quoted)
			i += n
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

func startsWord(words string, i int) bool { return i == 0 || words[i-1] == ' ' || words[i-1] == '\t' }

// endsFlag reports whether text ends in a flag and its =, as in --with=.
func endsFlag(text string) bool {
	word := text[strings.LastIndexAny(text, " \t")+1:]
	return strings.HasPrefix(word, "-") && strings.IndexByte(word, '=') == len(word)-1
}

// variable matches a variable, which a shell expands inside double quotes.
var variable = regexp.MustCompile(`^\$(\w+|\{\w+\})`)

// translateQuoted translates text that follows a double quote, up to the next one. It returns the
// number of bytes that it read. If the quote is not closed, the text is not closed either and ends
// with the line.
func translateQuoted(text string) (string, int) {
	var out strings.Builder
	out.WriteByte('\'')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\n':
			return out.String(), i
		case '"':
			out.WriteByte('\'')
			return out.String(), i + 1
		case '\'':
			out.WriteString("''")
		case '$':
			if v := variable.FindString(text[i:]); v != "" {
				out.WriteString("'" + v + "'") // testscript expands it outside single quotes only
				i += len(v) - 1
				continue
			}
			out.WriteByte(c)
		case '\\':
			if i+1 < len(text) && strings.IndexByte(`"\$`, text[i+1]) >= 0 {
				i++
			}
			out.WriteByte(text[i])
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), len(text)
}
