package panes

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// The rows of the selected item are in sight, wherever it is.
func TestList(t *testing.T) {
	var rows []Row
	for i := range 10 {
		rows = append(rows, Text(i, theme.Plain, fmt.Sprintf("item %d", i)), Text(i, theme.Plain, fmt.Sprintf("more %d", i)))
	}
	for at := range 10 {
		c := canvas.New(theme.New(io.Discard, false, true), 30, 7)
		c.Box("", "", false)
		List(c, Space{Head: 1}, rows, at)
		got := strings.Join(c.Lines(), "\n")
		if !strings.Contains(got, fmt.Sprintf("item %d ", at)) || !strings.Contains(got, fmt.Sprintf("more %d ", at)) || !strings.Contains(got, "of 20") {
			t.Errorf("item %d:\n%s", at, got)
		}
	}
	c := canvas.New(theme.New(io.Discard, false, true), 2, 1)
	List(c, Space{3, 2}, rows, 5) // no room at all
}

func TestFocus(t *testing.T) {
	f := Focus{Names: []string{"a", "b"}}
	if !f.Cycle(1) || f.At != 1 || f.Cycle(1) || f.At != 0 || f.Cycle(-1) || f.At != 1 {
		t.Errorf("the focus is at %d", f.At)
	}
}

func TestWrapped(t *testing.T) {
	c := canvas.New(theme.New(io.Discard, false, true), 12, 3)
	for y, r := range Wrapped(c, 0, theme.Plain, "└ ", "one two three") {
		r.Draw(c, y)
	}
	if got := strings.Join(c.Lines(), "|"); got != "└ one two   |  three     |            " {
		t.Errorf("%q", got)
	}
}
