package cues

import (
	"errors"
	"io"
	"strings"
	"testing"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

func anything(command string) error {
	if strings.HasPrefix(command, "bad") {
		return errors.New("there is no command bad")
	}
	return nil
}

func TestParse(t *testing.T) {
	s, err := Parse("talk.cues", "\ufeff# A cart.\n#   Of two.\n\nput cart milk\r\n\n : ringside heal \n# Thanks.\n", anything)
	if err != nil {
		t.Fatal(err)
	}
	want := []Cue{{4, "A cart. Of two.", "put cart milk"}, {6, "", "heal"}}
	if len(s.Cues) != 2 || s.Cues[0] != want[0] || s.Cues[1] != want[1] || s.End != "Thanks." {
		t.Errorf("read as %+v, end %q", s.Cues, s.End)
	}
}

// A wrong file is refused with the file and the line.
func TestWrongSheets(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "t.cues has no cues",
		"# only a note\n":             "t.cues has no cues",
		"heal\n\n# note\nbad x\n":     "t.cues:4: there is no command bad",
		"heal\n\xff\n":                "t.cues:2: the line is not UTF-8",
		"heal\n# no\x1b[2Jte\nheal\n": "t.cues:2: the line has the character U+001B",
		"put cart \u202eklim\n":       "t.cues:1: the line has the character U+202E",
		"heal\n" + strings.Repeat("x", maxLine+1): "t.cues:2: the line is longer",
		strings.Repeat("heal\n", maxCues+1):       "t.cues:501: a cue sheet has at most 500 cues",
	} {
		if _, err := Parse("t.cues", text, anything); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", text, err, want)
		}
	}
}

func TestStepping(t *testing.T) {
	s, _ := Parse("t", "# one\na\n# two\nb\n# end", anything)
	m, th := New(s), theme.New(io.Discard, false, true)
	shows := func(want ...string) {
		t.Helper()
		c := canvas.New(th, 40, m.Rows(th, 40))
		m.Draw(c)
		for _, w := range want {
			if text := strings.Join(c.Lines(), "\n"); !strings.Contains(text, w) {
				t.Errorf("no %q in\n%s", w, text)
			}
		}
	}
	if _, ok := m.Back(); ok {
		t.Error("before the first cue there is one to take back")
	}
	shows("# one", "0/2", "n ▸ a")
	for _, want := range []string{"a", "b"} {
		if c, ok := m.Next(); !ok || c.Command != want {
			t.Errorf("the next cue is %q", c.Command)
		}
	}
	shows("# end", "2/2", "the end")
	if _, ok := m.Next(); ok {
		t.Error("there is a cue after the last one")
	}
	if lines, ok := m.Back(); !ok || strings.Join(lines, ",") != "a" {
		t.Errorf("after going back, %q remain", lines)
	}
	shows("# two", "1/2", "n ▸ b")
	var none *Model
	if _, ok := none.Next(); ok || none.Rows(th, 40) != 0 || New(nil) != nil {
		t.Error("no sheet has cues")
	}
}

// A long note is wrapped. All notes have the room of the longest one.
func TestLongNotes(t *testing.T) {
	s, _ := Parse("t", "# short\na\n# "+strings.Repeat("a long note ", 9)+"\nb", anything)
	m, th := New(s), theme.New(io.Discard, false, true)
	if m.Rows(th, 40) != maxNote+1 || m.Rows(th, 200) != 2 {
		t.Errorf("%d rows of 40 columns, %d of 200", m.Rows(th, 40), m.Rows(th, 200))
	}
	m.Next()
	c := canvas.New(th, 40, m.Rows(th, 40))
	m.Draw(c)
	if lines := c.Lines(); !strings.Contains(lines[2], "long note") || !strings.Contains(lines[3], "1/2") {
		t.Errorf("drawn as\n%s", strings.Join(lines, "\n"))
	}
}
