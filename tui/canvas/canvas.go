package canvas

import (
	"strings"

	"ringside/tui/theme"
)

// A cell is one column of one row. The second column of a wide character is empty.
type cell struct {
	text  string
	style theme.Style
}

// A Canvas is a grid of W×H cells.
type Canvas struct {
	W, H  int
	Theme *theme.Theme
	cells []cell
}

// New returns a canvas of blanks. A negative size counts as 0.
func New(th *theme.Theme, w, h int) *Canvas {
	w, h = max(w, 0), max(h, 0)
	c := &Canvas{W: w, H: h, Theme: th, cells: make([]cell, w*h)}
	for i := range c.cells {
		c.cells[i].text = " "
	}
	return c
}

// Put writes s from column x of row y, cut at the canvas's edge, and returns the column after s.
func (c *Canvas) Put(x, y int, st theme.Style, s string) int { return c.PutMax(x, y, c.W, st, s) }

// PutMax writes s like Put, but ends before column end. A sign at the end tells that s was cut.
func (c *Canvas) PutMax(x, y, end int, st theme.Style, s string) int {
	if y < 0 || y >= c.H {
		return x
	}
	end = min(end, c.W)
	for len(s) > 0 {
		ch, w, n := c.character(s)
		s = s[n:]
		if x+w > end {
			c.putCut(end, y, st)
			return end
		}
		if w == 0 {
			continue
		}
		for i := range ch {
			if c.Theme.ASCII && x >= 0 && x < end {
				c.Set(x, y, st, ch[i:i+1])
				x++
			}
		}
		if !c.Theme.ASCII {
			if x >= 0 {
				c.Set(x, y, st, ch)
				for i := 1; i < w; i++ {
					c.cells[y*c.W+x+i] = cell{"", st}
				}
			}
			x += w
		}
	}
	return x
}

// putCut puts the sign that text was cut before column end.
func (c *Canvas) putCut(end, y int, st theme.Style) {
	if end <= 0 {
		return
	}
	sign := "…"
	if c.Theme.ASCII {
		sign = "~"
	}
	c.Set(end-1, y, st, sign)
}

// PutRight writes s so that s ends before column end, and returns the column where s begins.
func (c *Canvas) PutRight(end, y int, st theme.Style, s string) int {
	x := max(end-c.Width(s), 0)
	c.PutMax(x, y, end, st, s)
	return x
}

// Set writes one character of one column. If the character covers half of a wide character, the
// other half becomes a blank.
func (c *Canvas) Set(x, y int, st theme.Style, s string) {
	if x < 0 || x >= c.W || y < 0 || y >= c.H {
		return
	}
	i := y*c.W + x
	if c.cells[i].text == "" && x > 0 {
		c.cells[i-1].text = " "
	}
	if x+1 < c.W && c.cells[i+1].text == "" {
		c.cells[i+1].text = " "
	}
	c.cells[i] = cell{s, st}
}

// Blank reports whether the n cells from x, y are inside the canvas and blank.
func (c *Canvas) Blank(x, y, n int) bool {
	if x < 0 || x+n > c.W || y < 0 || y >= c.H {
		return false
	}
	for _, cl := range c.cells[y*c.W+x : y*c.W+x+n] {
		if cl.text != " " {
			return false
		}
	}
	return true
}

// Highlight shows the n cells of row y from column x as selected.
func (c *Canvas) Highlight(x, y, n int) {
	for i := max(x, 0); i < min(x+n, c.W); i++ {
		cl := &c.cells[y*c.W+i]
		cl.style = cl.style&theme.Bold | theme.Reverse
	}
}

// Fade shows all cells as out of date. Their attributes stay.
func (c *Canvas) Fade() {
	for i := range c.cells {
		cl := &c.cells[i]
		cl.style = theme.Dim | cl.style&(theme.Bold|theme.Reverse)
	}
}

// Paste copies the canvas o onto c at x, y.
func (c *Canvas) Paste(x, y int, o *Canvas) {
	for j := 0; j < o.H; j++ {
		for i := 0; i < o.W; i++ {
			if x+i < c.W && y+j >= 0 && y+j < c.H {
				c.cells[(y+j)*c.W+x+i] = o.cells[j*o.W+i]
			}
		}
	}
}

// Lines returns the rows, with one escape sequence for each run of a style. A blank takes the style
// of the run around the blank unless it would show there.
func (c *Canvas) Lines() []string {
	out := make([]string, c.H)
	var b strings.Builder
	for y := range out {
		b.Reset()
		row := c.cells[y*c.W : (y+1)*c.W]
		for i := 0; i < len(row); {
			st, j := row[i].style, i+1
			for j < len(row) && joins(row[j], st) {
				j++
			}
			q := c.Theme.Sequence(st)
			b.WriteString(q.Before)
			for _, cl := range row[i:j] {
				b.WriteString(cl.text)
			}
			b.WriteString(q.After)
			i = j
		}
		out[y] = b.String()
	}
	return out
}

// joins reports whether cl can be written within a run of style st.
func joins(cl cell, st theme.Style) bool {
	return cl.style == st || cl.text == "" || (cl.text == " " && (cl.style|st)&theme.Reverse == 0)
}
