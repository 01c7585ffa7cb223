package prompt

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// echo is an Exec that prints the line.
func echo(_ context.Context, line string) (string, int) { return line + "\n", 0 }

// enter submits a line and runs it.
func (m *Model) enter(line string) tea.Cmd {
	m.SetLine(line)
	return m.Run(m.Submit())
}

func TestHistory(t *testing.T) {
	m := New(t.Context(), nil, nil)
	for _, line := range []string{"get a", "get b", "get b", "get c"} {
		m.enter(line)
	}
	m.SetLine("new")
	var seen []string
	for _, by := range []int{-1, -1, -1, -1, +1, +1, +1, +1} {
		m.Recall(by)
		seen = append(seen, m.Line())
	}
	if got := strings.Join(seen, "|"); got != "get c|get b|get a|get a|get b|get c|new|new" {
		t.Errorf("up and down show %s", got)
	}
	for i := range maxHistory + 10 {
		m.enter(fmt.Sprint("get ", i))
	}
	if len(m.history) != maxHistory || m.history[maxHistory-1] != fmt.Sprint("get ", maxHistory+9) {
		t.Errorf("%d lines are kept, the latest is %q", len(m.history), m.history[len(m.history)-1])
	}
}

// The queue is bounded. A command that does not fit stays in the line. An interrupt drops the
// queue.
func TestQueueIsBounded(t *testing.T) {
	m := New(t.Context(), echo, nil)
	run := m.enter("first")
	for i := range maxQueue {
		m.enter(fmt.Sprint("get ", i))
	}
	if m.enter("get too-many"); m.Line() != "get too-many" || len(m.queue) != maxQueue {
		t.Errorf("the line is %q, %d wait", m.Line(), len(m.queue))
	}
	if !m.Interrupt() {
		t.Error("nothing to interrupt")
	}
	if next := m.Done(run().(DoneMsg)); next != nil || m.Interrupt() {
		t.Error("a command runs after the interrupt")
	}
	if m.Last() != "first" {
		t.Errorf("the latest command is %q", m.Last())
	}
}

func TestCompletion(t *testing.T) {
	words := map[string][]string{"get c": {"cart"}, "get ": {"cart", "cat"}, "get x": nil, "get ca": {"cart", "cat"}}
	m := New(t.Context(), nil, func(line string) []string { return words[line] })
	for line, want := range map[string]string{"get c": "get cart ", "get ": "get ca", "get x": "get x", "get ca": "get ca"} {
		m.SetLine(line)
		m.Completed(m.Complete()().(CompleteMsg))
		if m.Line() != want {
			t.Errorf("%q is completed to %q, want %q", line, m.Line(), want)
		}
	}
	m.SetLine(":get c")
	if m.Completed(m.Complete()().(CompleteMsg)); m.Line() != "get cart " {
		t.Errorf("a line with a colon is completed to %q", m.Line())
	}
	m.SetLine("get c")
	late := m.Complete()().(CompleteMsg)
	m.SetLine("put c")
	if m.Completed(late); m.Line() != "put c" {
		t.Errorf("a late answer changes the line to %q", m.Line())
	}
}

func TestEditing(t *testing.T) {
	key := func(k tea.KeyType) tea.KeyMsg { return tea.KeyMsg{Type: k} }
	alt := func(r rune) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: true} }
	for _, c := range []struct {
		name string
		keys []tea.KeyMsg
		want string // with the cursor as |
	}{
		{"left", []tea.KeyMsg{key(tea.KeyLeft)}, "put größe m界|k"},
		{"backspace", []tea.KeyMsg{key(tea.KeyLeft), key(tea.KeyBackspace)}, "put größe m|k"},
		{"delete", []tea.KeyMsg{key(tea.KeyHome), key(tea.KeyDelete), key(tea.KeyCtrlD)}, "|t größe m界k"},
		{"ctrl+w", []tea.KeyMsg{key(tea.KeyCtrlW), key(tea.KeyCtrlW)}, "put |"},
		{"ctrl+k", []tea.KeyMsg{alt('b'), key(tea.KeyCtrlK)}, "put größe |"},
		{"words", []tea.KeyMsg{key(tea.KeyCtrlA), alt('f'), key(tea.KeyCtrlRight), alt('d')}, "put größe|"},
		{"ends", []tea.KeyMsg{key(tea.KeyHome), key(tea.KeyLeft), key(tea.KeyEnd), key(tea.KeyRight)}, "put größe m界k|"},
	} {
		var l editor
		l.set("put größe m界k")
		for _, k := range c.keys {
			l.edit(k)
		}
		if got := string(l.runes[:l.at]) + "|" + string(l.runes[l.at:]); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	var l editor
	l.insert([]rune(strings.Repeat("x", 2*maxLine)))
	if len(l.runes) != maxLine {
		t.Errorf("a line of %d characters", len(l.runes))
	}
	if l.set(strings.Repeat("y", 2*maxLine)); len(l.runes) != maxLine || l.at != maxLine {
		t.Errorf("a pasted line of %d characters, with the cursor at %d", len(l.runes), l.at)
	}
}

// Escape sequences in the output of a command are removed, and a long output is cut.
func TestOutput(t *testing.T) {
	var o output
	o.add(DoneMsg{Line: "get a", Out: "\x1b[31mred\x1b[0m\n\ttab\n\n"})
	if r := o.results[0]; strings.Join(r.lines, "|") != "red|    tab" || r.cut || !o.expanded {
		t.Errorf("%q, cut %v", r.lines, r.cut)
	}
	o.add(DoneMsg{Line: "events", Out: strings.Repeat("x\n", maxOutput+5)})
	o.layOut(canvas.New(theme.New(io.Discard, false, true), 80, 0))
	if len(o.results) != 1 || len(o.rows) != maxOutput+1 || !strings.HasSuffix(o.note(10), "(cut)") {
		t.Errorf("%d results with %d rows, %q", len(o.results), len(o.rows), o.note(10))
	}
}
