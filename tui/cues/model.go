package cues

import (
	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// A Model is a place in a sheet. A nil Model stands for no sheet.
type Model struct {
	sheet *Sheet
	given int // cues that were given
}

// New returns the beginning of a sheet, nil for a nil sheet.
func New(s *Sheet) *Model {
	if s == nil {
		return nil
	}
	return &Model{sheet: s}
}

// Rows is how many rows Draw takes, 0 for no sheet.
func (m *Model) Rows() int {
	if m == nil {
		return 0
	}
	return rows
}

const rows = 2

// Next gives the next cue. It returns false at the end.
func (m *Model) Next() (Cue, bool) {
	if m == nil || m.given == len(m.sheet.Cues) {
		return Cue{}, false
	}
	m.given++
	return m.sheet.Cues[m.given-1], true
}

// Back takes the latest cue back, and returns the commands of the cues that remain given. It
// returns false at the beginning.
func (m *Model) Back() ([]string, bool) {
	if m == nil || m.given == 0 {
		return nil, false
	}
	m.given--
	var out []string
	for _, c := range m.sheet.Cues[:m.given] {
		out = append(out, c.Command)
	}
	return out, true
}

// Draw draws the note of the next cue, and below it the position and the command.
func (m *Model) Draw(c *canvas.Canvas) {
	note, command := m.sheet.End, "the end"
	if m.given < len(m.sheet.Cues) {
		next := m.sheet.Cues[m.given]
		note, command = next.Note, next.Command
	}
	if note != "" {
		c.Put(1, 0, theme.Warn, "# "+note)
	}
	x := c.Put(1, 1, theme.Accent|theme.Bold, m.sheet.Position(m.given))
	x = c.Put(x+2, 1, theme.Accent, "n")
	keys := "N back"
	end := c.W - 1 - c.Width(keys)
	c.PutMax(x+1, 1, end-1, theme.Bold, c.Theme.Next+" "+command)
	c.Put(end, 1, theme.Dim, keys)
}
