package script

import (
	"regexp"
	"slices"
	"strings"
)

// A Line is a line of a script that runs ringside.
type Line struct {
	Number int      // of the line, from 1
	Words  []string // after the program's name; variables are not expanded
}

// Lines returns the lines of a script that run ringside.
func (s Script) Lines() []Line {
	var out []Line
	for i, line := range strings.Split(translate(string(s.Text)), "\n") {
		if archived.MatchString(line) {
			break
		}
		if start := command.FindString(line); start != "" {
			out = append(out, Line{Number: i + 1, Words: split(line[len(start):])})
		}
	}
	return out
}

// split returns the words of a translated line, without a comment and the sign for the background.
func split(text string) []string {
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	end := func() {
		if begun {
			out = append(out, word.String())
		}
		word.Reset()
		begun = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' && quoted && i+1 < len(text) && text[i+1] == '\'':
			word.WriteByte(c)
			i++
		case c == '\'':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\r'):
			end()
		case !quoted && c == '#' && !begun:
			return out
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	end()
	if n := len(out); n > 0 && strings.HasPrefix(out[n-1], "&") && strings.HasSuffix(out[n-1], "&") {
		out = out[:n-1]
	}
	return out
}

// check matches the beginning of a line that checks what the command before it printed.
var check = regexp.MustCompile(`^\s*((\[[^\]]*\]|[!?])\s*)*(stdout|stderr|cmp|cmpenv|cp\s+std(out|err))\s`)

// Without returns the script without some lines, and without the lines after each of them that
// check what its command printed. They become comments, so that the numbers of lines stay.
func (s Script) Without(numbers []int) Script {
	lines := strings.SplitAfter(string(s.Text), "\n")
	skipping := false
	for i, line := range lines {
		if archived.MatchString(line) {
			break
		}
		skipping = slices.Contains(numbers, i+1) || skipping && check.MatchString(line)
		if skipping {
			lines[i] = "# skipped: " + line
		}
	}
	return Script{Shown: s.Shown, Text: []byte(strings.Join(lines, ""))}
}
