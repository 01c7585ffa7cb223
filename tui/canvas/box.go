package canvas

import (
	"strings"

	"ringside/tui/theme"
)

// Box draws a border around the canvas, with a title at the left and a note at the right of the top
// line, unless they are empty. The border of a pane that has the focus is highlighted.
func (c *Canvas) Box(title, note string, focused bool) {
	g, st := c.Theme.Border, theme.Dim
	if focused {
		st = theme.Accent | theme.Bold
	}
	if c.W < 2 || c.H < 2 {
		return
	}
	for x := 1; x < c.W-1; x++ {
		c.Set(x, 0, st, g.H)
		c.Set(x, c.H-1, st, g.H)
	}
	for y := 1; y < c.H-1; y++ {
		c.Set(0, y, st, g.V)
		c.Set(c.W-1, y, st, g.V)
	}
	c.Set(0, 0, st, g.TL)
	c.Set(c.W-1, 0, st, g.TR)
	c.Set(0, c.H-1, st, g.BL)
	c.Set(c.W-1, c.H-1, st, g.BR)
	if focused && c.Theme.Monochrome() { // without colours a sign marks the focus
		title = strings.TrimSpace(c.Theme.Next + " " + title)
	}
	x := 2
	if title != "" {
		x = c.PutMax(x, 0, c.W-2, st, " ")
		x = c.PutMax(x, 0, c.W-3, theme.Plain|theme.Bold, title)
		x = c.PutMax(x, 0, c.W-2, st, " ")
	}
	if w := c.Width(note); note != "" && x+w+4 <= c.W {
		c.PutRight(c.W-2, 0, theme.Dim, " "+note+" ")
	}
}

// Foot writes a note at the right of the bottom line of a box.
func (c *Canvas) Foot(note string) { c.PutRight(c.W-2, c.H-1, theme.Dim, " "+note+" ") }
