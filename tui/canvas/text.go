package canvas

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"ringside/tui/theme"
)

// maxCharacter is the largest size in bytes of one character with its combining marks. A taller
// tower of marks would reach into the rows around it.
const maxCharacter = 24

// character returns the first character of s as it is drawn, its width in columns, and its size in
// s in bytes. A character that is not printable becomes "?". Callers escape such text readably
// before; this is the second line of defence.
func (c *Canvas) character(s string) (ch string, width, n int) {
	if b := s[0]; b >= ' ' && b < 0x7f && (len(s) == 1 || s[1] < 0x80) {
		return s[:1], 1, 1
	}
	ch, width = ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	n = len(ch)
	for _, r := range ch {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return "?", 1, n
		}
	}
	if n > maxCharacter || n == 0 {
		return "?", 1, max(n, 1)
	}
	if c.Theme.ASCII && !(n == 1 && ch[0] < 0x7f) {
		if a, ok := theme.ASCII[ch]; ok {
			return a, len(a), n
		}
		if r := []rune(ch)[0]; r >= brailleBase && r < brailleBase+256 {
			return "#", 1, n
		}
		return "?", 1, n
	}
	return ch, width, n
}

// Width returns how many columns s takes on this canvas.
func (c *Canvas) Width(s string) int {
	total := 0
	for len(s) > 0 {
		_, w, n := c.character(s)
		total += w
		s = s[n:]
	}
	return total
}

// Pad returns s with blanks added up to w columns.
func (c *Canvas) Pad(s string, w int) string {
	return s + strings.Repeat(" ", max(w-c.Width(s), 0))
}

// Wrap breaks s between words into lines of at most w columns. A longer word keeps a line of its
// own.
func (c *Canvas) Wrap(s string, w int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case c.Width(line)+1+c.Width(word) <= w:
			line += " " + word
		default:
			out, line = append(out, line), word
		}
	}
	return append(out, line)
}

// Printable returns typed or pasted text without the characters that a line cannot show. Line ends
// and tabs become blanks.
func Printable(r []rune) string {
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
