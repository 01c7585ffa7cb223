package panes

import (
	"fmt"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// From this size on, a screen shows all of its panes. A smaller one shows the pane that has the
// focus.
const (
	WideFromWidth  = 100
	WideFromHeight = 20
)

// Wide reports whether all panes of a screen have room on w×h cells.
func Wide(w, h int) bool { return w >= WideFromWidth && h >= WideFromHeight }

// A Focus says which pane of a screen has the focus.
type Focus struct {
	At    int
	Names []string
}

// Cycle moves the focus. It returns false if there is no pane in that direction. The focus is then
// where the next round begins.
func (f *Focus) Cycle(by int) bool {
	next := f.At + by
	if next >= 0 && next < len(f.Names) {
		f.At = next
		return true
	}
	f.At = 0
	if by < 0 {
		f.At = len(f.Names) - 1
	}
	return false
}

// DrawNames draws the names of the panes in row y, and a title at the right if there is room.
func (f *Focus) DrawNames(c *canvas.Canvas, y int, title string) {
	x := 1
	for i, name := range f.Names {
		text, st := " "+name+" ", theme.Dim
		if i == f.At {
			text, st = "["+name+"]", theme.Accent|theme.Bold
		}
		x = c.Put(x, y, st, text) + 1
	}
	if x+c.Width(title) < c.W {
		c.PutRight(c.W-1, y, theme.Plain|theme.Bold, title)
	}
}

// A Row is one row of a list. Several rows may belong to one item.
type Row struct {
	Item int
	Draw func(c *canvas.Canvas, y int)
}

// Text returns a row with a text in one style.
func Text(item int, st theme.Style, text string) Row {
	return Row{item, func(c *canvas.Canvas, y int) { c.Put(0, y, st, text) }}
}

// Wrapped returns rows with a text that is wrapped at the width of c. lead begins the first row.
// The others are indented by its width.
func Wrapped(c *canvas.Canvas, item int, st theme.Style, lead, text string) []Row {
	var out []Row
	for _, part := range c.Wrap(text, c.W-c.Width(lead)) {
		out = append(out, Text(item, st, lead+part))
		lead = c.Pad("", c.Width(lead))
	}
	return out
}

// A Space is how many rows inside a border a list leaves to others, above and below it.
type Space struct{ Head, Foot int }

// List draws rows inside the border of c so that those of the item at are in sight. It notes in the
// border which rows are, unless all are.
func List(c *canvas.Canvas, space Space, rows []Row, at int) {
	in := canvas.New(c.Theme, c.W-4, c.H-2-space.Head-space.Foot)
	first, last := 0, 0
	for i, r := range rows {
		if r.Item < at {
			first = i + 1
		}
		if r.Item <= at {
			last = i + 1
		}
	}
	top := 0
	if last > in.H {
		top = min(last-in.H, first)
	}
	top = max(0, min(top, len(rows)-in.H))
	for y := range min(in.H, len(rows)-top) {
		rows[top+y].Draw(in, y)
	}
	if len(rows) > in.H {
		c.Foot(fmt.Sprintf("%d–%d of %d", top+1, top+in.H, len(rows)))
	}
	c.Paste(2, 1+space.Head, in)
}
