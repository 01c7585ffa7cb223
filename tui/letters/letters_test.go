package letters

import (
	"io"
	"strings"
	"testing"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// Every letter has its size and differs from all others.
func TestLetters(t *testing.T) {
	seen := map[string]rune{}
	for r := 'A'; r <= 'Z'; r++ {
		picture := strings.Join(func() []string { s := shapes[r]; return s[:] }(), "\n")
		if len(picture) != Height*(columns+1)-1 || !strings.Contains(picture, "#") {
			t.Errorf("%c is\n%s", r, picture)
		}
		if other, ok := seen[picture]; ok {
			t.Errorf("%c looks like %c", r, other)
		}
		seen[picture] = r
	}
}

func TestDraw(t *testing.T) {
	for ascii, want := range map[bool]string{false: " █████ ", true: " ##### "} {
		c := canvas.New(theme.New(io.Discard, ascii, true), Width("IT")+2, Height)
		Draw(c, 1, 0, theme.Plain, "IT")
		if got := c.Lines(); !strings.HasPrefix(got[0], want) || strings.TrimSpace(got[2][7:]) == "" {
			t.Errorf("drawn as\n%s", strings.Join(got, "\n"))
		}
	}
	if Width("CONCURRENT") > 76 {
		t.Errorf("CONCURRENT takes %d columns and does not fit into 80", Width("CONCURRENT"))
	}
}
