package ring

import (
	"math"
	"slices"

	"ringside/cli/render"
	"ringside/engine/ring"
	"ringside/tui/theme"
)

const (
	maxKey   = 16 // columns of the key beside the ring
	shortKey = 8  // the same where a longer one has no room nearby
	maxAway  = 12 // dots that count as nearby
)

// drawMarks marks the shown key on the ring, and the places where its preference list finds its
// homes.
func (p *plot) drawMarks() {
	if len(p.homes) == 0 {
		return
	}
	key := p.state.Key()
	f := ring.Of(key).Fraction()
	x, y := p.dot((p.outer+p.inner)/2, f)
	p.Set(x/2, y/4, theme.Plain|theme.Bold, p.Theme.Key)
	st := theme.Plain | theme.Bold
	if !p.beside(f, st, p.Theme.Key+" "+render.KeyIn(key, maxKey), maxAway) {
		p.beside(f, st, p.Theme.Key+" "+render.KeyIn(key, shortKey), math.Inf(1))
	}
	for i, f := range p.walk() {
		st := theme.Node(p.state.Index(p.homes[i])) | theme.Bold
		p.beside(f, st, render.Ordinal(i+1), math.Inf(1))
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

// besideBy is how far from the ring a mark stands if there is room, in dots.
const besideBy = 4

// beside writes text outside the ring, at the place with room that is nearest to the point f of the
// key space. It reports whether the place is at most maxAway dots from there; a farther one is not
// taken.
func (p *plot) beside(f float64, st theme.Style, text string, maxAway float64) bool {
	toX, toY := p.dot(p.outer+besideBy, f)
	w := p.Width(text)
	found, best, bestX, bestY := false, maxAway*maxAway, 0, 0 // best is a square of a distance
	for y := range p.H {
		dy := float64(4*y + 2 - toY)
		if dy*dy > best {
			continue
		}
		for x := range p.W - w + 1 {
			nearest := max(x, min(toX/2, x+w-1)) // the column of the text that is nearest
			dx := float64(2*nearest - toX)
			away := dx*dx + dy*dy
			closer := away < best || !found && away == best
			if closer && p.outside(x, y) && p.Blank(x, y, w) && p.apart(x, y, w) {
				found, best, bestX, bestY = true, away, x, y
			}
		}
	}
	if !found {
		return false
	}
	p.Put(bestX, bestY, st, text)
	return true
}

// outside reports whether the cell at x, y is outside the ring.
func (p *plot) outside(x, y int) bool {
	dx, dy := float64(2*x)-p.cx, float64(4*y+2)-p.cy
	return dx*dx+dy*dy > p.outer*p.outer
}

// apart reports whether the cells before and after the w cells from x are blank or outside.
func (p *plot) apart(x, y, w int) bool {
	return (x == 0 || p.Blank(x-1, y, 1)) && (x+w == p.W || p.Blank(x+w, y, 1))
}
