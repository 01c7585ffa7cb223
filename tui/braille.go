package tui

// brailleBase is the braille sign without dots; a cell has 2×4 of them.
const brailleBase = 0x2800

// dotBit is the bit of each dot of a cell, by its row and column.
var dotBit = [4][2]byte{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

// dots is a picture of braille dots with one style a cell: the one set last.
type dots struct {
	w, h   int // in cells
	bits   []byte
	styles []style
}

func newDots(w, h int) *dots {
	return &dots{w: w, h: h, bits: make([]byte, w*h), styles: make([]style, w*h)}
}

// set lights the dot at x, y, counted in dots.
func (d *dots) set(x, y int, st style) {
	if x < 0 || y < 0 || x >= d.w*2 || y >= d.h*4 {
		return
	}
	i := y/4*d.w + x/2
	d.bits[i] |= dotBit[y%4][x%2]
	d.styles[i] = st
}

// drawOn puts the lit cells onto c, whose other cells stay.
func (d *dots) drawOn(c *canvas) {
	for i, b := range d.bits {
		switch {
		case b == 0:
		case c.th.ascii:
			c.set(i%d.w, i/d.w, d.styles[i], ".")
		default:
			c.set(i%d.w, i/d.w, d.styles[i], brailleCells[b])
		}
	}
}

var brailleCells = func() (out [256]string) {
	for i := range out {
		out[i] = string(rune(brailleBase + i))
	}
	return out
}()
