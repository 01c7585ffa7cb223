package canvas

import "ringside/tui/theme"

// brailleBase is the braille sign without dots. A cell has 2×4 dots.
const brailleBase = 0x2800

// dotBit is the bit of each dot of a cell, by row and column.
var dotBit = [4][2]byte{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

var brailleCells = func() (out [256]string) {
	for i := range out {
		out[i] = string(rune(brailleBase + i))
	}
	return out
}()

// Dots is a picture of dots. All dots of a cell have one style: that of the dot that was set last.
type Dots struct {
	w, h   int // in cells
	bits   []byte
	styles []theme.Style
}

// NewDots returns an empty picture of w×h cells.
func NewDots(w, h int) *Dots {
	return &Dots{w: w, h: h, bits: make([]byte, w*h), styles: make([]theme.Style, w*h)}
}

// Set lights the dot at x, y, which count dots. A dot outside the picture is ignored.
func (d *Dots) Set(x, y int, st theme.Style) {
	if x < 0 || y < 0 || x >= d.w*2 || y >= d.h*4 {
		return
	}
	i := y/4*d.w + x/2
	d.bits[i] |= dotBit[y%4][x%2]
	d.styles[i] = st
}

// A Point is the place of a dot.
type Point struct{ X, Y int }

// Line sets the dots from one point to another, one of every so many.
func (d *Dots) Line(from, to Point, st theme.Style, every int) {
	dx, dy := to.X-from.X, to.Y-from.Y
	steps := max(abs(dx), abs(dy), 1)
	for i := 0; i <= steps; i += every {
		d.Set(from.X+dx*i/steps, from.Y+dy*i/steps, st)
	}
}

func abs(n int) int { return max(n, -n) }

// Cells calls fn for each cell that has a dot, with the cell's place and style.
func (d *Dots) Cells(fn func(x, y int, st theme.Style)) {
	for i, b := range d.bits {
		if b != 0 {
			fn(i%d.w, i/d.w, d.styles[i])
		}
	}
}

// DrawOn draws the cells that have a dot onto c, and leaves the other cells of c alone.
func (d *Dots) DrawOn(c *Canvas) {
	d.Cells(func(x, y int, st theme.Style) {
		sign := "."
		if !c.Theme.ASCII {
			sign = brailleCells[d.bits[y*d.w+x]]
		}
		c.Set(x, y, st, sign)
	})
}
