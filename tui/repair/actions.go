package repair

import (
	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/keymap"
)

// Keys implements page.Page. A recording cannot be changed, so it has only the keys that look.
func (m *Model) Keys() keymap.Map {
	line := keymap.Spot{Where: keymap.Panes, Place: keymap.Line}
	more := keymap.Spot{Where: keymap.Panes, Place: keymap.Help}
	do := func(f func()) func() tea.Cmd {
		return func() tea.Cmd {
			f()
			return nil
		}
	}
	out := keymap.Map{
		keymap.New(more, do(m.ascend), "backspace", "a level up", "backspace"),
		keymap.New(more, do(func() { m.levels = 0 }), "a", "all levels of the trees", "a"),
	}
	if m.desk.State.Playback != nil {
		return out
	}
	run := func(line string) func() tea.Cmd { return func() tea.Cmd { return m.desk.Run(line) } }
	return append(keymap.Map{
		keymap.New(line, run("wait hints=0"), "H", "wait for hints", "H"),
		keymap.New(line, run("sync"), "A", "anti-entropy now", "A"),
		keymap.New(line, m.compare, "C", "compare, repair nothing", "C"),
		keymap.New(line, run("settle"), "W", "wait until all is settled", "W"),
	}, out...)
}

// compare lets the homes of the selected range compare their trees, and repairs nothing.
func (m *Model) compare() tea.Cmd {
	r, ok := m.chosen()
	if !ok {
		m.desk.Say("no range is selected: A compares all ranges")
		return nil
	}
	return m.desk.Run("merkle " + m.rangeOf(r.SyncRound))
}
