package help

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/keymap"
	"ringside/tui/theme"
)

// A Model is the help. It is closed at first.
type Model struct {
	open bool
	top  int // first row in sight
	rows int // in sight at the latest drawing
}

// Open reports whether the help is shown.
func (m *Model) Open() bool { return m.open }

// Toggle shows the help from its beginning, or closes it.
func (m *Model) Toggle() { m.open, m.top = !m.open, 0 }

// Key scrolls the help. Any other key closes it.
func (m *Model) Key(k tea.KeyMsg) {
	page := max(m.rows-1, 1)
	by, ok := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "pgdown": page, " ": page}[k.String()]
	if !ok {
		m.Toggle()
		return
	}
	m.Scroll(by)
}

// Scroll moves the help by rows.
func (m *Model) Scroll(by int) { m.top = max(0, m.top+by) }

// Legend explains the signs and the notation of the screens: pairs of a sign and its meaning.
func Legend(g *theme.Glyphs) [][2]string {
	return [][2]string{
		{g.Up + " " + g.Suspect + " " + g.Paused + " " + g.Down, "node up, suspected by its side or unknown, paused, down"},
		{g.Mark + "n3", "marked: p, K and P act on all marked nodes; M marks, esc takes all marks away"},
		{g.Cut + " " + g.Slow + " " + g.Loss, "link cut, slow, losing messages"},
		{"1 2 3", "on the ring: the node that owns that range"},
		{g.Key + " 1st 2nd 3rd", "the shown key's position on the ring; its homes by rank (§4.3)"},
		{"p19", "the key's range of the ring, one of Q"},
		{"sees 3/5", "nodes that this node believes to be up, itself among them"},
		{g.Hint + g.Next + "n3", "keeps a hint for n3 (§4.6)"},
		{"{n1:1 n3:2}", "a version's clock (§4.4): it has seen the first write of n1 and the first two of n3"},
		{"{n3:.2}", "write 2 of n3, which has not seen write 1: a blind write"},
		{"{n3:1.3}", "writes 1 and 3 of n3, not 2"},
		{"n3~1a2b", "another epoch of n3's counter, begun when n3 could not prove its count"},
		{"sample 1:9", "more happens than a screen can show: it shows 1 of 9 events, as whole requests, and counts all"},
		{g.Message, "a message that is under way, in the slow motion of a recording"},
		{g.Concurrent, "concurrent: neither version descends from the other"},
	}
}

// Words are the lines of the prompt that are about the screens, with what they do.
func Words() [][2]string {
	return [][2]string{
		{"as NAME", "later commands are that client's, with its contexts; as - ends that"},
		{"snapshot FILE", "save what is in sight: a picture (.svg) or text (.txt)"},
		{"big", "large letters, or back"},
		{"clear", "remove what commands printed"},
		{"q", "quit"},
	}
}

// split is the column where the right half begins, in hundredths of the width.
const split = 42

// Draw draws the help, scrolled if it does not fit. own are the keys that only the screen called
// title has.
func (m *Model) Draw(c *canvas.Canvas, keys, own keymap.Map, title string) {
	in := canvas.New(c.Theme, c.W-4, c.H-2)
	m.rows = in.H
	half := in.W * split / 100
	left := column{canvas.New(c.Theme, half-1, 0), half - 1}
	right := column{canvas.New(c.Theme, in.W-half, 0), in.W - half}
	if rows := own.Rows(keymap.Panes); len(rows) > 0 {
		left.section("On the screen "+title, rows)
	}
	left.section("In the panes of all screens", keys.Rows(keymap.Panes))
	left.section("Anywhere", keys.Rows(keymap.Anywhere))
	right.section("In the prompt", keys.Rows(keymap.Prompt))
	right.section("Words of the prompt", Words())
	right.section("Signs", Legend(&c.Theme.Glyphs))
	rows := max(left.c.H, right.c.H)
	m.top = max(0, min(m.top, rows-in.H))
	note := "any key closes it"
	if rows > in.H {
		note = fmt.Sprintf("%d–%d of %d · ↑↓ PgUp PgDn · other keys close it", m.top+1, m.top+in.H, rows)
	}
	c.Box("Help", note, true)
	in.Paste(0, -m.top, left.c)
	in.Paste(half, -m.top, right.c)
	c.Paste(2, 1, in)
}

// A column is one half of the help: as many rows as its sections take.
type column struct {
	c *canvas.Canvas
	w int
}

// section adds a title, and rows of a sign and its meaning. Long meanings are wrapped.
func (h *column) section(title string, rows [][2]string) {
	if h.c.H > 0 {
		h.grow()
	}
	h.c.Put(0, h.grow(), theme.Plain|theme.Bold, title)
	signs := 0
	for _, r := range rows {
		signs = max(signs, h.c.Width(r[0]))
	}
	for _, r := range rows {
		for i, line := range h.c.Wrap(r[1], h.w-signs-3) {
			y := h.grow()
			if i == 0 {
				h.c.Put(1, y, theme.Accent, r[0])
			}
			h.c.Put(signs+3, y, theme.Plain, line)
		}
	}
}

// grow adds a row and returns its place.
func (h *column) grow() int {
	c := canvas.New(h.c.Theme, h.w, h.c.H+1)
	c.Paste(0, 0, h.c)
	h.c = c
	return c.H - 1
}
