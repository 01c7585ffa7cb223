package verbs

import (
	"errors"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"

	"ringside/engine/usage"
)

// Split splits a line into words, with the quotes and comments of a shell. A line with an operator
// of the shell is a usage error.
func Split(line string) ([]string, error) {
	plain, end := maskQuoted(line)
	line, plain = line[:end], plain[:end]
	words, err := shellquote.Split(line)
	switch {
	case errors.Is(err, shellquote.UnterminatedEscapeError):
		return nil, usage.Errorf(`the line ends in a backslash`)
	case errors.Is(err, shellquote.UnterminatedSingleQuoteError):
		return nil, usage.Errorf(`a quote is not closed; write "it's" for it's`)
	case err != nil:
		return nil, usage.Errorf(`a quote is not closed; end the quoted words with "`)
	}
	if err := RefuseShell(strings.Fields(plain)); err != nil {
		return nil, err
	}
	return words, nil
}

// Join quotes words, so that Split or a shell returns them.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = shellquote.Join(w); strings.HasPrefix(w, "#") && strings.HasPrefix(quoted[i], "#") {
			quoted[i] = `\` + quoted[i]
		}
	}
	return strings.Join(quoted, " ")
}

// Bare returns the words of a line without the program's name, which a line that was copied from a
// shell begins with.
func Bare(words []string) []string {
	if len(words) > 0 && words[0] == "ringside" {
		return words[1:]
	}
	return words
}

// maskQuoted returns a line in which each quoted byte is replaced by q, and the index at which the
// comment begins. A comment is a word that begins with #, and the rest of the line. The name of a
// request, such as #41, begins no comment.
func maskQuoted(line string) (masked string, comment int) {
	out, quote, start := []byte(line), byte(0), true
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'':
			out[i] = 'q'
			if i++; i < len(line) {
				out[i] = 'q'
			}
		case quote != 0:
			if out[i] = 'q'; c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote, out[i] = c, 'q'
		case c == '#' && start && (i+1 == len(line) || line[i+1] < '0' || line[i+1] > '9'):
			return string(out), i
		}
		start = out[i%len(line)] != 'q' && strings.IndexByte(" \t\n", c) >= 0
	}
	return string(out), len(line)
}

// BeforeComment returns the words before the first word that begins with #.
func BeforeComment(words []string) []string {
	i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") })
	if i < 0 {
		return words
	}
	return words[:i]
}

// shellOperators are the words that join commands or redirect output in a shell.
var shellOperators = []string{"&&", "||", "|", ";", ">", ">>", "<"}

// ShellOperator returns the first operator of the shell in the words of a line, "" if there is
// none. The caller masks quoted words. In a condition of wait or expect, an operator counts only
// before another command of ringside.
func ShellOperator(words []string) string {
	condition := false
	for i, w := range words {
		switch {
		case w == "wait" || w == "expect":
			condition = true
		case !slices.Contains(shellOperators, w):
		case !condition || w == ";" || i+1 < len(words) && words[i+1] == "ringside":
			return w
		}
	}
	return ""
}

// RefuseShell returns a usage error if the words of a line have an operator of the shell.
func RefuseShell(words []string) error {
	operator := ShellOperator(words)
	switch operator {
	case "":
		return nil
	case ">", ">>", "<":
		return usage.Errorf("%s redirects only in a shell; quote it if it is a value", operator)
	}
	return usage.Errorf("%s joins commands only in a shell; write each command on a line of its own", operator)
}
