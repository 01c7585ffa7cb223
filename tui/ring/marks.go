package ring

import (
	"math"
	"slices"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/ring"
	"ringside/tui/theme"
)

// drawMarks marks the shown key on the ring, and the places where its preference list finds its homes.
func (p *plot) drawMarks() {
	if len(p.homes) == 0 {
		return
	}
	key := p.state.Key()
	f := ring.Of(key).Fraction()
	x, y := p.dot((p.outer+p.inner)/2, f)
	p.Set(x/2, y/4, theme.Plain|theme.Bold, p.Theme.Key)
	p.beside(f, theme.Plain|theme.Bold, p.Theme.Key+" "+escape.TerminalShort(key, 8))
	for i, f := range p.walk() {
		st := theme.Node(p.state.Index(p.homes[i])) | theme.Bold
		p.beside(f, st, render.Ordinal(i+1))
	}
}

// walk returns the points of the ring where the homes of the key hold the tokens that made them its
// homes (§4.3).
func (p *plot) walk() []float64 {
	tokens, ranges := p.ring.Tokens(), p.ring.Ranges()
	end := ranges[p.ring.Index(ring.Of(p.state.Key()))].End
	i, _ := slices.BinarySearchFunc(tokens, end, func(t ring.Token, e ring.Position) int { return t.At.Compare(e) })
	var out []float64
	seen := map[string]bool{}
	for k := 0; k < len(tokens) && len(out) < len(p.homes); k++ {
		t := tokens[(i+k)%len(tokens)]
		if seen[t.Node] {
			continue
		}
		seen[t.Node] = true
		r := ranges[p.ring.Index(t.At)]
		f := r.End.Fraction() - r.Size()/2
		out = append(out, f-math.Floor(f))
	}
	return out
}

// beside writes text outside the ring near the point f of the key space, if there is room.
func (p *plot) beside(f float64, st theme.Style, text string) {
	sin := math.Sin(f * 2 * math.Pi)
	w := p.Width(text)
	for _, try := range []struct {
		r  float64
		dy int
	}{{4, 0}, {4, 1}, {4, -1}, {8, 0}, {8, 1}, {8, -1}, {12, 0}, {6, 2}, {6, -2}} {
		dx, dy := p.dot(p.outer+try.r, f)
		x, y := dx/2, dy/4+try.dy
		switch {
		case sin < -0.35:
			x -= w - 1
		case sin < 0.35:
			x -= w / 2
		}
		if p.Blank(x, y, w) && p.apart(x, y, w) {
			p.Put(x, y, st, text)
			return
		}
	}
}

// apart reports whether the cells before and after the w cells from x are blank or outside.
func (p *plot) apart(x, y, w int) bool {
	return (x == 0 || p.Blank(x-1, y, 1)) && (x+w == p.W || p.Blank(x+w, y, 1))
}
