package tui

import (
	"slices"
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
)

// maxLine is how long a line of the prompt can get; a longer one is a paste by mistake.
const maxLine = 8 << 10

// A lineEditor edits one line.
type lineEditor struct {
	runes []rune
	at    int
}

func (l *lineEditor) String() string { return string(l.runes) }

func (l *lineEditor) empty() bool { return len(l.runes) == 0 }

func (l *lineEditor) set(s string) {
	l.runes = []rune(printableOnly([]rune(s)))
	l.at = len(l.runes)
}

func (l *lineEditor) insert(r []rune) {
	in := []rune(printableOnly(r))
	in = in[:min(len(in), max(maxLine-len(l.runes), 0))]
	l.runes = slices.Insert(l.runes, l.at, in...)
	l.at += len(in)
}

// edit takes a key of the usual shell keys.
func (l *lineEditor) edit(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyRunes, tea.KeySpace:
		if k.Alt {
			l.editAlt(string(k.Runes))
			return
		}
		l.insert(k.Runes)
	case tea.KeyBackspace:
		if k.Alt {
			l.deleteTo(l.wordBefore())
			return
		}
		l.deleteTo(max(l.at-1, 0))
	case tea.KeyDelete, tea.KeyCtrlD:
		if l.at < len(l.runes) {
			l.runes = slices.Delete(l.runes, l.at, l.at+1)
		}
	case tea.KeyLeft, tea.KeyCtrlB:
		l.at = max(l.at-1, 0)
	case tea.KeyRight, tea.KeyCtrlF:
		l.at = min(l.at+1, len(l.runes))
	case tea.KeyHome, tea.KeyCtrlA:
		l.at = 0
	case tea.KeyEnd, tea.KeyCtrlE:
		l.at = len(l.runes)
	case tea.KeyCtrlK:
		l.runes = l.runes[:l.at]
	case tea.KeyCtrlW:
		l.deleteTo(l.wordBefore())
	case tea.KeyCtrlLeft:
		l.at = l.wordBefore()
	case tea.KeyCtrlRight:
		l.at = l.wordAfter()
	}
}

func (l *lineEditor) editAlt(key string) {
	switch key {
	case "b":
		l.at = l.wordBefore()
	case "f":
		l.at = l.wordAfter()
	case "d":
		l.runes = slices.Delete(l.runes, l.at, l.wordAfter())
	}
}

// deleteTo removes what is between the cursor and the place before it.
func (l *lineEditor) deleteTo(from int) {
	l.runes = slices.Delete(l.runes, from, l.at)
	l.at = from
}

func (l *lineEditor) wordBefore() int {
	i := l.at
	for i > 0 && l.runes[i-1] == ' ' {
		i--
	}
	for i > 0 && l.runes[i-1] != ' ' {
		i--
	}
	return i
}

func (l *lineEditor) wordAfter() int {
	i := l.at
	for i < len(l.runes) && l.runes[i] == ' ' {
		i++
	}
	for i < len(l.runes) && l.runes[i] != ' ' {
		i++
	}
	return i
}

// printableOnly drops what a line cannot show; line ends and tabs of a paste become blanks.
func printableOnly(r []rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, string(r))
}

// words splits a line as a shell does: blanks part words, quotes and a
// backslash keep them. An open quote ends with the line.
func words(line string) []string {
	var out []string
	var w strings.Builder
	in, quote := false, rune(0)
	escaped := false
	for _, r := range line {
		switch {
		case escaped:
			w.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, in = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			w.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case r == ' ':
			if in {
				out = append(out, w.String())
				w.Reset()
				in = false
			}
		default:
			w.WriteRune(r)
			in = true
		}
	}
	if in {
		out = append(out, w.String())
	}
	return out
}

// quoteWord writes s so that words reads it back as one word.
func quoteWord(s string) string {
	if s != "" && !strings.ContainsAny(s, " '\"\\|&;<>()$`*?#~\t\n") && !strings.HasPrefix(s, "-") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// keyVerbs are the verbs whose first argument is a key.
var keyVerbs = []string{"get", "put", "del", "resolve", "inspect", "ring", "why", "merkle"}

// bareFlags are the flags that take no value.
var bareFlags = []string{"--one", "--raw", "--union", "--json", "--strict", "--sloppy", "--lww", "--one-way", "-f"}

// keyOf returns the key that a line is about, "" if it is about none.
func keyOf(line string) string {
	w := words(line)
	if len(w) < 2 || !slices.Contains(keyVerbs, w[0]) {
		return ""
	}
	for i := 1; i < len(w); i++ {
		switch {
		case w[i] == "--" && i+1 < len(w):
			return w[i+1]
		case !strings.HasPrefix(w[i], "-"):
			return w[i]
		case !strings.Contains(w[i], "=") && !slices.Contains(bareFlags, w[i]):
			i++ // the flag's value
		}
	}
	return ""
}
