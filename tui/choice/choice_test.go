package choice

import (
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

func key(name string) tea.KeyMsg {
	named := map[string]tea.KeyType{"up": tea.KeyUp, "down": tea.KeyDown, "enter": tea.KeyEnter, "esc": tea.KeyEsc, "right": tea.KeyRight}
	if t, ok := named[name]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func TestKeysOfAList(t *testing.T) {
	for keys, want := range map[string]struct {
		verdict Verdict
		line    string
		open    bool
	}{
		"enter": {Run, "a", false}, "down enter": {Run, "b", false}, "p p p enter": {Run, "a", false},
		"up enter": {Run, "", false}, "down right": {Edit, "b", false}, "up right": {Moved, "", true}, "c": {Copy, "a", true},
		"up c": {Moved, "", true}, "esc": {Closed, "a", false}, "x": {Closed, "a", false},
	} {
		var m Model
		m.Offer("t", "p", Option{Line: "a"}, Option{Line: "b"}, Option{Note: "none"})
		var v Verdict
		var o Option
		for _, k := range strings.Fields(keys) {
			v, o = m.Key(key(k))
		}
		if v != want.verdict || o.Line != want.line || m.Open() != want.open {
			t.Errorf("%s: verdict %d, line %q, open %v; want %+v", keys, v, o.Line, m.Open(), want)
		}
	}
}

// The chosen option is in sight and marked without colours, also if the list does not fit.
func TestChosenOptionIsInSight(t *testing.T) {
	var m Model
	m.Offer("Title", "p", Option{Line: "one"}, Option{Line: "two"}, Option{Line: "three", Note: "last"})
	m.Key(key("up"))
	c := canvas.New(theme.New(io.Discard, false, true), 40, 4)
	m.Draw(c)
	if text := strings.Join(c.Lines(), "\n"); !strings.Contains(text, "▸ last  three") || strings.Contains(text, "one") {
		t.Errorf("the list is\n%s", text)
	}
	if m.Rows() != 5 {
		t.Errorf("the list wants %d rows", m.Rows())
	}
	if m.Close(); m.Rows() != 0 {
		t.Error("a closed list wants rows")
	}
}
