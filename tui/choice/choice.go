package choice

import (
	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// An Option is one command of a list.
type Option struct {
	Line string         // the command; "" if the option is none
	Note string         // what it does
	Do   func() tea.Cmd // what choosing it does in place of running Line; nil: Line runs
}

// A Verdict is what a key did to a list.
type Verdict int

// Verdicts.
const (
	Moved  Verdict = iota // another option is in sight, or the key did nothing
	Closed                // the user chose none
	Run                   // the option is to be run
	Edit                  // the option's line is to be edited before it runs
	Copy                  // the option's line is to be copied; the list stays
)

// A Model is a list. It is closed at first.
type Model struct {
	title   string
	options []Option
	opener  string // the key that opened the list, and that also moves on
	at      int
}

// Offer opens a list of options. opener is the key that opened it: pressing the key again moves on.
func (m *Model) Offer(title, opener string, options ...Option) {
	*m = Model{title: title, options: options, opener: opener}
}

// Open reports whether a list is open.
func (m *Model) Open() bool { return len(m.options) > 0 }

// Close closes the list.
func (m *Model) Close() { *m = Model{} }

// border is how many rows and columns the border takes.
const border = 2

// Rows returns how many rows the list takes, 0 if none is open.
func (m *Model) Rows() int {
	if !m.Open() {
		return 0
	}
	return len(m.options) + border
}

// Key handles a key. It returns what the key did, and the option that it is about.
func (m *Model) Key(k tea.KeyMsg) (Verdict, Option) {
	o := m.options[m.at]
	switch name := k.String(); name {
	case "up", "k":
		m.move(-1)
	case "down", "j", "tab", m.opener:
		m.move(+1)
	case "enter":
		m.Close()
		return Run, o
	case "right", "e":
		if o.Line == "" {
			return Moved, o
		}
		m.Close()
		return Edit, o
	case "c":
		if o.Line != "" {
			return Copy, o
		}
	default:
		m.Close()
		return Closed, o
	}
	return Moved, o
}

func (m *Model) move(by int) { m.at = (m.at + by + len(m.options)) % len(m.options) }

// noteFrom is the width from which the border names all keys of a list.
const noteFrom = 70

// Draw draws the list. Its notes stand in a column of their own, as far as there is room.
func (m *Model) Draw(c *canvas.Canvas) {
	keys := "↑↓ ⏎ esc"
	if c.W >= noteFrom && m.options[0].Line != "" {
		keys = "↑↓ choose · ⏎ run · → edit · c copy · esc"
	}
	c.Box(m.title, keys, true)
	in := canvas.New(c.Theme, c.W-border, c.H-border)
	notes := 0
	for _, o := range m.options {
		notes = max(notes, in.Width(o.Note))
	}
	notes = min(notes, in.W*3/5)
	top := max(0, m.at-in.H+1)
	for y := range min(in.H, len(m.options)-top) {
		o := m.options[top+y]
		in.PutMax(2, y, 2+notes, theme.Plain, o.Note)
		in.Put(2+notes+2, y, theme.Accent, o.Line)
		if top+y == m.at {
			in.Highlight(0, y, in.W)
			in.Put(0, y, theme.Reverse|theme.Bold, c.Theme.Next)
		}
	}
	c.Paste(1, 1, in)
}
