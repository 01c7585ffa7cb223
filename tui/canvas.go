package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// maxCluster is how many bytes of one character are drawn: a letter with a few
// marks. A tower of combining marks would reach into its neighbours' rows.
const maxCluster = 24

// A cell is one column of one row; the second column of a wide character is empty.
type cell struct {
	s  string
	st style
}

// A canvas is a grid of cells. It holds printable text only.
type canvas struct {
	w, h  int
	cells []cell
	th    *theme
}

func newCanvas(th *theme, w, h int) *canvas {
	w, h = max(w, 0), max(h, 0)
	c := &canvas{w: w, h: h, cells: make([]cell, w*h), th: th}
	for i := range c.cells {
		c.cells[i].s = " "
	}
	return c
}

// put writes s from column x of row y, cut at the canvas's edge, and returns
// the column after it.
func (c *canvas) put(x, y int, st style, s string) int { return c.putMax(x, y, c.w, st, s) }

// putMax is put that ends before column end, with a sign that more was cut.
func (c *canvas) putMax(x, y, end int, st style, s string) int {
	if y < 0 || y >= c.h {
		return x
	}
	end = min(end, c.w)
	for len(s) > 0 {
		ch, w, n := c.character(s)
		s = s[n:]
		if x+w > end {
			c.cut(end, y, st)
			return end
		}
		if w == 0 {
			continue
		}
		for i := range ch {
			if c.th.ascii && x >= 0 && x < end {
				c.set(x, y, st, ch[i:i+1])
				x++
			}
		}
		if !c.th.ascii {
			if x >= 0 {
				c.set(x, y, st, ch)
				for i := 1; i < w; i++ {
					c.cells[y*c.w+x+i] = cell{"", st}
				}
			}
			x += w
		}
	}
	return x
}

// cut puts the sign for "more" before column end.
func (c *canvas) cut(end, y int, st style) {
	if end <= 0 {
		return
	}
	sign := "…"
	if c.th.ascii {
		sign = "~"
	}
	c.set(end-1, y, st, sign)
}

// set writes one character, mending the other half of a wide one that it hits.
func (c *canvas) set(x, y int, st style, s string) {
	if x < 0 || x >= c.w || y < 0 || y >= c.h {
		return
	}
	i := y*c.w + x
	if c.cells[i].s == "" && x > 0 {
		c.cells[i-1].s = " "
	}
	if x+1 < c.w && c.cells[i+1].s == "" {
		c.cells[i+1].s = " "
	}
	c.cells[i] = cell{s, st}
}

// at returns the cell at x, y, a blank outside.
func (c *canvas) at(x, y int) cell {
	if x < 0 || x >= c.w || y < 0 || y >= c.h {
		return cell{s: " "}
	}
	return c.cells[y*c.w+x]
}

// character returns the first character of s as it is drawn, its width, and
// how many bytes of s it took. What is not printable becomes a question mark:
// callers escape it in a readable way before; this is the last line of defence.
func (c *canvas) character(s string) (ch string, width, n int) {
	if b := s[0]; b >= ' ' && b < 0x7f && (len(s) == 1 || s[1] < 0x80) {
		return s[:1], 1, 1
	}
	ch, width = ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	n = len(ch)
	for _, r := range ch {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return "?", 1, n
		}
	}
	if n > maxCluster || n == 0 {
		return "?", 1, max(n, 1)
	}
	if c.th.ascii && !(n == 1 && ch[0] < 0x7f) {
		if a, ok := asciiOf[ch]; ok {
			return a, len(a), n
		}
		if r := []rune(ch)[0]; r >= brailleBase && r < brailleBase+256 {
			return "#", 1, n
		}
		return "?", 1, n
	}
	return ch, width, n
}

// width is how many columns s takes.
func (c *canvas) width(s string) int {
	total := 0
	for len(s) > 0 {
		_, w, n := c.character(s)
		total += w
		s = s[n:]
	}
	return total
}

// putRight writes s so that it ends before column end, and returns where it begins.
func (c *canvas) putRight(end, y int, st style, s string) int {
	x := max(end-c.width(s), 0)
	c.putMax(x, y, end, st, s)
	return x
}

// highlight shows n cells of row y from column x as selected.
func (c *canvas) highlight(x, y, n int) {
	for i := max(x, 0); i < min(x+n, c.w); i++ {
		cl := &c.cells[y*c.w+i]
		cl.st = cl.st&bold | reverse
	}
}

// lines renders each row, one escape sequence for each run of a style. Blanks
// take the style of the run they are in unless they would show it.
func (c *canvas) lines() []string {
	out := make([]string, c.h)
	var b strings.Builder
	for y := range out {
		b.Reset()
		row := c.cells[y*c.w : (y+1)*c.w]
		for i := 0; i < len(row); {
			st, j := row[i].st, i+1
			for j < len(row) && joins(row[j], st) {
				j++
			}
			q := c.th.sequence(st)
			b.WriteString(q.before)
			for _, cl := range row[i:j] {
				b.WriteString(cl.s)
			}
			b.WriteString(q.after)
			i = j
		}
		out[y] = b.String()
	}
	return out
}

// joins says whether cl can be written within a run of style st.
func joins(cl cell, st style) bool {
	return cl.st == st || cl.s == "" || (cl.s == " " && (cl.st|st)&reverse == 0)
}

// box draws a border with a title at the left and notes at the right, and
// returns the canvas inside it.
func (c *canvas) box(title, note string, focused bool) {
	g, st := c.th.glyphs, dim
	if focused {
		st = accent | bold
	}
	if c.w < 2 || c.h < 2 {
		return
	}
	for x := 1; x < c.w-1; x++ {
		c.set(x, 0, st, g.h)
		c.set(x, c.h-1, st, g.h)
	}
	for y := 1; y < c.h-1; y++ {
		c.set(0, y, st, g.v)
		c.set(c.w-1, y, st, g.v)
	}
	c.set(0, 0, st, g.tl)
	c.set(c.w-1, 0, st, g.tr)
	c.set(0, c.h-1, st, g.bl)
	c.set(c.w-1, c.h-1, st, g.br)
	x := 2
	if focused && c.th.plain() { // no colour: the focus needs a sign
		title = g.cursor + " " + title
	}
	x = c.putMax(x, 0, c.w-2, st, " ")
	x = c.putMax(x, 0, c.w-3, plain|bold, title)
	x = c.putMax(x, 0, c.w-2, st, " ")
	if w := c.width(note); note != "" && x+w+4 <= c.w {
		c.putRight(c.w-2, 0, dim, " "+note+" ")
	}
}

// paste copies the canvas o onto c at x, y.
func (c *canvas) paste(x, y int, o *canvas) {
	for j := 0; j < o.h; j++ {
		for i := 0; i < o.w; i++ {
			if x+i < c.w && y+j >= 0 && y+j < c.h {
				c.cells[(y+j)*c.w+x+i] = o.cells[j*o.w+i]
			}
		}
	}
}
