package keycard

import (
	"fmt"
	"strings"

	"ringside/cli/render"
	"ringside/tui/canvas"
	"ringside/tui/letters"
	"ringside/tui/replicas"
	"ringside/tui/theme"
)

// DrawBig draws the card for a hall: the verdict in large letters, the network, and the fork of
// siblings. next are the commands that lead on, best first.
func (m *Model) DrawBig(c *canvas.Canvas, next []string) {
	sum, ok := replicas.Of(m.state.View, m.state.Key())
	if !ok {
		c.Box("", "", true)
		letters.Draw(c, 3, 2, theme.Dim|theme.Bold, "NO KEY")
		return
	}
	d := &card{sum, m.state, c.Theme, c.W - 4}
	c.Box(`Key "`+render.KeyIn(d.Key, max(c.W/4, 8))+`"`, d.network(), true)
	word, st := d.word()
	letters.Draw(c, 3, 2, st|theme.Bold, word)
	in := canvas.New(c.Theme, d.w, c.H-letters.Height-4)
	y := 0
	put := func(st theme.Style, line string) {
		if line != "" && y < in.H {
			in.Put(1, y, st, line)
			y++
		}
	}
	_, _, verdict := d.sign()
	if lines := d.verdict(); len(lines) > 0 {
		put(verdict|theme.Bold, lines[0])
	}
	put(theme.Bad|theme.Bold, d.lost())
	left := 0
	for _, r := range append(d.ancestry(), d.holdingRows(false)...) {
		if y == 1 && in.H > len(d.Heads)*2+4 {
			y++ // a blank row after the verdict
		}
		if y < in.H-1 {
			line := canvas.New(c.Theme, in.W-1, 1)
			r.draw(line, 0)
			in.Paste(1, y, line)
			y++
		} else {
			left++
		}
	}
	if left > 0 {
		c.Foot(fmt.Sprintf("+%d", left))
	}
	if len(next) > 0 {
		x := in.Put(1, in.H-1, theme.Dim, "next ")
		in.Put(x, in.H-1, theme.Accent|theme.Bold, next[0])
	}
	c.Paste(2, letters.Height+3, in)
}

// word returns the verdict as one word for large letters, and its style.
func (d *card) word() (string, theme.Style) {
	k := d.state.View.Key(d.Key)
	_, _, st := d.sign()
	switch {
	case len(d.Heads) == 0:
		return "EMPTY", st
	case d.Siblings() > 1:
		return "CONCURRENT", st
	case k != nil && len(k.Lost) > 0:
		return "LOST", theme.Bad
	case len(d.Stale) > 0:
		return "STALE", st
	case d.Blocking != "":
		return "NOT YET", st
	}
	return "CONVERGED", st
}

// network returns whether the network is whole, or the sides of its split.
func (d *card) network() string {
	v := d.state.View
	if len(v.Groups) == 0 {
		return "the network is whole"
	}
	var sides []string
	for i, g := range v.Groups {
		side := render.Side(i) + ": " + names(g)
		if len(g) > maxNamed {
			side = render.Side(i) + ": " + render.Count(len(g), "node")
		}
		sides = append(sides, side)
	}
	return d.th.Cut + " " + strings.Join(sides, " "+d.th.Border.V+" ")
}

// maxNamed is how many nodes of a side are named.
const maxNamed = 6
