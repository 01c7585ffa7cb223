package trace

import (
	"fmt"
	"slices"
	"strings"

	"ringside/cli/diagram"
	"ringside/cli/render"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

const (
	timeWidth = 10 // columns of the cursor and of the times
	minNote   = 34 // columns of the sentences beside the lanes; with fewer, they are below
	noteRows  = 2  // rows of the sentence below the lanes
	ranksFrom = 14 // rows of the diagram from which the ranks of homes have a row
	lowerFrom = 15 // rows of the screen from which the reasons have a box
	minLower  = 7  // rows of the boxes of reasons and shares at least, with their borders
	sections  = 6  // columns of a section of the paper
	nameWidth = 12 // columns of the name of a share
	tookWidth = 8  // columns of the time of a share
	minBar    = 6
	maxBar    = 24
)

// Draw implements page.Page.
func (m *Model) Draw(c *canvas.Canvas, focused bool) {
	d := m.diagram()
	if d == nil {
		c.Box("Trace", "", focused)
		c.Put(2, 1, theme.Dim, m.missing())
		return
	}
	left := c.W * 9 / 20
	m.lines = reasonLines(c, d, c.W-left-4-sections)
	lower := 0
	if m.split = c.H >= lowerFrom; m.split {
		wanted := max(len(m.lines), shareRows(d)) + 2
		lower = max(minLower, min(wanted, c.H-len(d.Rows)-4)) // the diagram comes first
	}
	m.lower = m.lower && m.split
	upper := canvas.New(c.Theme, c.W, c.H-lower)
	upper.Box(m.title(d), m.note(), focused && !m.lower)
	in := canvas.New(c.Theme, c.W-2, upper.H-2)
	more := m.drawDiagram(in, d, focused && !m.lower)
	upper.Paste(1, 1, in)
	if more != "" {
		upper.Foot(more)
	}
	c.Paste(0, 0, upper)
	if lower > 0 {
		shares := canvas.New(c.Theme, left, lower)
		drawShares(shares, d)
		c.Paste(0, upper.H, shares)
		reasons := canvas.New(c.Theme, c.W-left, lower)
		m.drawReasons(reasons, d, focused && m.lower)
		c.Paste(left, upper.H, reasons)
	}
}

// note returns what the border says at the right.
func (m *Model) note() string {
	if m.desk.State.RequestChosen() {
		return "[ ] other requests"
	}
	return "the latest · [ before"
}

// drawDiagram draws the lanes and the rows. It returns a note on the rows that are not in sight, ""
// if all are.
func (m *Model) drawDiagram(c *canvas.Canvas, d *diagram.Diagram, focused bool) string {
	signs := &diagram.Unicode
	if c.Theme.ASCII {
		signs = &diagram.ASCII
	}
	y := m.drawHeads(c, d)
	beside := c.W - timeWidth - d.Width() - 1
	foot := 0
	switch {
	case beside < minNote:
		beside, foot = 0, noteRows
	case slices.ContainsFunc(d.Rows, func(r diagram.Row) bool { return noteWidth(c, &r) > beside }):
		foot = 1 // the whole sentence of the selected row
	}
	n := max(c.H-y-foot, 1)
	top := max(0, min(m.row-n/2, len(d.Rows)-n))
	for i := top; i < min(top+n, len(d.Rows)); i++ {
		m.drawRow(c, y, d, &d.Rows[i], signs)
		if beside > 0 {
			drawNote(c, timeWidth+d.Width()+1, y, &d.Rows[i])
		}
		if i == m.row {
			c.Put(0, y, theme.Accent|theme.Bold, c.Theme.Next)
			if focused {
				c.Highlight(0, y, c.W)
			}
		}
		y++
	}
	if foot > 0 {
		drawBelow(c, c.H-foot, foot, &d.Rows[m.row])
	}
	if after := len(d.Rows) - top - n; top > 0 || after > 0 {
		return fmt.Sprintf("row %d of %d", m.row+1, len(d.Rows))
	}
	return ""
}

// drawHeads draws the names of the lanes, and the ranks of homes if there is room. It returns the
// number of rows.
func (m *Model) drawHeads(c *canvas.Canvas, d *diagram.Diagram) int {
	for i, l := range d.Lanes {
		name, st := "client", theme.Plain
		if i != diagram.Client {
			name, st = state.Name(l.Node), theme.Node(m.desk.State.Index(l.Node))
		}
		c.Put(timeWidth+max(0, d.Column(i)-c.Width(name)/2), 0, st|theme.Bold, name)
	}
	if c.H < ranksFrom {
		return 1
	}
	_, ranks := d.Heads()
	c.Put(timeWidth, 1, theme.Dim, ranks)
	return 2
}

// drawRow draws the time and the lanes of a row. The text of a break stands in its line if there is
// no room beside the lanes.
func (m *Model) drawRow(c *canvas.Canvas, y int, d *diagram.Diagram, r *diagram.Row, signs *diagram.Signs) {
	if r.Shape != diagram.Break || r.Event.Kind != "" {
		c.PutRight(timeWidth-1, y, theme.Dim, render.Offset(r.At))
	}
	x := timeWidth
	for _, s := range d.Line(*r, *signs) {
		x = c.Put(x, y, toneOf(s.Tone, r), s.Text)
	}
	if r.Shape == diagram.Break && c.W-x-1 < minNote {
		end := c.Put(timeWidth+1, y, toneOf(r.Tone, r), " "+r.Text)
		c.Put(end, y, theme.Dim, " ")
	}
}

// toneOf returns the style of a tone in a row. What follows the client's answer is dim.
func toneOf(t render.Tone, r *diagram.Row) theme.Style {
	if r.After && t == render.Plain {
		return theme.Dim
	}
	return theme.Tone(t)
}

// noteWidth returns the columns that drawNote needs.
func noteWidth(c *canvas.Canvas, r *diagram.Row) int {
	if r.Section == "" && r.Shape == diagram.Break {
		return c.Width(r.Text) + 1
	}
	return sections + c.Width(r.Text) + 1
}

// drawNote draws the section and the sentence of a row beside the lanes.
func drawNote(c *canvas.Canvas, x, y int, r *diagram.Row) {
	if r.Section != "" || r.Shape != diagram.Break {
		c.Put(x, y, theme.Dim, r.Section)
		x += sections
	}
	c.PutMax(x, y, c.W-1, toneOf(r.Tone, r), r.Text)
}

// drawBelow draws the section and the sentence of the selected row below the lanes.
func drawBelow(c *canvas.Canvas, y, rows int, r *diagram.Row) {
	x := c.Put(1, y, theme.Dim, r.Section)
	if r.Section != "" {
		x++
	}
	lines := c.Wrap(r.Text, c.W-1-x)
	for i, line := range lines {
		if i == rows-1 && len(lines) > rows {
			line = strings.Join(lines[i:], " ")
		}
		if i < rows {
			c.PutMax(x, y+i, c.W-1, theme.Tone(r.Tone), line)
		}
	}
}

// drawShares draws where the time went: a line for each share, and below it what the share is made
// of, if there is room for all notes.
func drawShares(c *canvas.Canvas, d *diagram.Diagram) {
	title := d.WhereTitle()
	c.Box(strings.ToUpper(title[:1])+title[1:], "", false)
	in := canvas.New(c.Theme, c.W-4, c.H-2)
	if d.IsInstant() {
		in.Put(0, 0, theme.Dim, "the answer needed no other node")
	}
	bar := min(max(in.W-nameWidth-tookWidth-1, minBar), maxBar)
	sign, y := string(diagram.Unicode.Bar), 0
	if c.Theme.ASCII {
		sign = string(diagram.ASCII.Bar)
	}
	for i, s := range d.Where {
		if d.IsInstant() {
			break
		}
		in.PutMax(0, y, nameWidth, theme.Plain, s.Name)
		from, to := d.Bar(i, bar)
		in.Put(nameWidth+from, y, theme.Accent, strings.Repeat(sign, to-from))
		in.PutRight(nameWidth+bar+tookWidth, y, theme.Plain, render.Duration(s.Took))
		y++
		if s.Note != "" && shareRows(d) <= in.H {
			in.PutMax(2, y, in.W, theme.Dim, s.Note)
			y++
		}
	}
	c.Paste(2, 1, in)
}

// A reasonLine is a line of the reasons.
type reasonLine struct {
	text    string
	section string // of its reason
	begins  bool   // it is the first line of its reason
	verdict bool   // it belongs to the first reason
}

// reasonLines returns the reasons in lines of some columns.
func reasonLines(c *canvas.Canvas, d *diagram.Diagram, columns int) (out []reasonLine) {
	for i, w := range d.Why {
		for j, text := range c.Wrap(w.Text, columns) {
			out = append(out, reasonLine{text: text, section: w.Section, begins: j == 0, verdict: i == 0})
		}
	}
	return out
}

// drawReasons draws why the request ended as it did.
func (m *Model) drawReasons(c *canvas.Canvas, d *diagram.Diagram, focused bool) {
	title := d.WhyTitle()
	c.Box(strings.ToUpper(title[:1])+title[1:], "", focused)
	in := canvas.New(c.Theme, c.W-4, c.H-2)
	m.scroll = max(0, min(m.scroll, len(m.lines)-in.H))
	for y, l := range m.lines[m.scroll:] {
		if l.begins {
			in.Put(0, y, theme.Dim, l.section)
		}
		st := theme.Plain
		if l.verdict {
			st = theme.Bold
			if d.Reply != nil && d.Reply.Failed() {
				st |= theme.Bad
			}
		}
		in.Put(sections, y, st, l.text)
	}
	c.Paste(2, 1, in)
	if left := len(m.lines) - m.scroll - in.H; left > 0 {
		c.Foot(render.Count(left, "line") + " more · ↹ ↑↓")
	}
}

// shareRows returns the rows of the shares with their notes.
func shareRows(d *diagram.Diagram) int {
	n := len(d.Where)
	for _, s := range d.Where {
		if s.Note != "" {
			n++
		}
	}
	return n
}
