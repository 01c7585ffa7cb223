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

// maxNote is how many rows a note takes at most.
const maxNote = 3

// Rows returns how many rows Draw takes on a screen of w columns: enough for the longest note, so
// that nothing moves from cue to cue. It returns 0 for no sheet.
func (m *Model) Rows(th *theme.Theme, w int) int {
	if m == nil {
		return 0
	}
	c, rows := canvas.New(th, w, 0), len(noteLines(canvas.New(th, w, 0), m.sheet.End))
	for _, cue := range m.sheet.Cues {
		rows = max(rows, len(noteLines(c, cue.Note)))
	}
	return rows + 1
}

// noteLines returns the rows of a note, at least one.
func noteLines(c *canvas.Canvas, note string) []string {
	if note == "" {
		return []string{""}
	}
	lines := c.Wrap("# "+note, c.W-2)
	return lines[:min(len(lines), maxNote)]
}

// Next gives the next cue. It returns false at the end.
func (m *Model) Next() (Cue, bool) {
	if m == nil || m.given == len(m.sheet.Cues) {
		return Cue{}, false
	}
	m.given++
	return m.sheet.Cues[m.given-1], true
}

// Over reports whether all cues were given.
func (m *Model) Over() bool { return m == nil || m.given == len(m.sheet.Cues) }

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

// Draw draws the note of the next cue, and in the last row the position and the command.
func (m *Model) Draw(c *canvas.Canvas) {
	note, command := m.sheet.End, "the end"
	if m.given < len(m.sheet.Cues) {
		next := m.sheet.Cues[m.given]
		note, command = next.Note, next.Command
	}
	for y, line := range noteLines(c, note) {
		c.Put(1, y, theme.Warn, line)
	}
	y := c.H - 1
	x := c.Put(1, y, theme.Accent|theme.Bold, m.sheet.Position(m.given))
	x = c.Put(x+2, y, theme.Accent, "n")
	keys := "N back"
	end := c.W - 1 - c.Width(keys)
	c.PutMax(x+1, y, end-1, theme.Bold, c.Theme.Next+" "+command)
	c.Put(end, y, theme.Dim, keys)
}
