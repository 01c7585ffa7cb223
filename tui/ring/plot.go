package ring

import (
	"math"
	"slices"

	"ringside/engine/ring"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

const (
	arcSamples  = 4096 // points of the ring at which its owner is looked up: more than the ring has dots
	labelRunMax = 160  // with more arcs than this, none has a label
	labelRadius = 14   // dots; a smaller ring has no room for labels

	// An average arc of at least so many dots is parted from the next one by a gap. Without colours
	// the gap is needed earlier.
	gapFrom           = 8
	gapFromMonochrome = 3.5
)

// A plot is one drawing of the ring. Its coordinates count dots, unless they are columns and rows.
type plot struct {
	*canvas.Canvas
	state     *state.State
	ring      *ring.Ring
	label     map[string]string // of each node
	homes     []string          // of the shown key
	owners    []int             // index of the owner at each of arcSamples points
	selecting bool              // the user selects among nodes

	cx, cy, outer, inner float64
}

// newPlot lays the ring out on c.
func newPlot(c *canvas.Canvas, s *state.State) *plot {
	v := s.View
	p := &plot{Canvas: c, state: s, ring: v.Ring, homes: s.Homes()}
	index, names := map[string]int{}, make([]string, len(v.Nodes)) // Settings has the nodes of the beginning only
	for i, n := range v.Nodes {
		index[n.Name], names[i] = i, n.Name
	}
	p.label = labels(names)
	p.owners = make([]int, arcSamples)
	ranges := v.Ring.Ranges()
	i := 0
	for _, rg := range ranges { // clockwise, so a range begins where the one before ends
		end, owner := rg.End.Fraction(), index[rg.Homes[0]]
		for ; i < arcSamples && (float64(i)+0.5)/arcSamples <= end; i++ {
			p.owners[i] = owner
		}
	}
	for first := index[ranges[0].Homes[0]]; i < arcSamples; i++ { // the first range wraps around zero
		p.owners[i] = first
	}
	p.cx, p.cy = float64(c.W)-0.5, float64(c.H)*2-0.5
	marginV, marginH := 1.0, 12.0
	if c.H >= 16 {
		marginV = 5
	}
	p.outer = max(min(float64(c.H)*2-marginV, float64(c.W)-marginH), 4)
	p.inner = p.outer - max(2, math.Round(p.outer/9))
	return p
}

// fraction returns where the dot at dx, dy from the centre lies on the key space, from 0 up to 1.
func fraction(dx, dy float64) float64 {
	f := math.Atan2(dx, -dy) / (2 * math.Pi)
	if f < 0 {
		f++
	}
	return f
}

// owner returns the index of the node that owns the point f of the key space.
func (p *plot) owner(f float64) int {
	i := int(math.Floor(f*arcSamples)) % arcSamples
	return p.owners[(i+arcSamples)%arcSamples]
}

// dot returns the dot at radius r towards the point f of the key space.
func (p *plot) dot(r, f float64) (x, y int) {
	sin, cos := math.Sincos(f * 2 * math.Pi)
	return int(math.Round(p.cx + r*sin)), int(math.Round(p.cy - r*cos))
}

// A run is a stretch of the ring with one owner, in samples. to may pass arcSamples.
type run struct{ from, to, owner int }

// runs joins neighbouring ranges of one owner.
func (p *plot) runs() []run {
	first := 0
	for i := range p.owners {
		if p.owners[i] != p.owners[(i+arcSamples-1)%arcSamples] {
			first = i
			break
		}
	}
	var out []run
	for k := range p.owners {
		i := first + k
		o := p.owners[i%arcSamples]
		if n := len(out); n > 0 && out[n-1].owner == o {
			out[n-1].to = i + 1
			continue
		}
		out = append(out, run{i, i + 1, o})
	}
	return out
}

func (r run) middle() float64 { return float64(r.from+r.to) / 2 / arcSamples }

// drawArcs draws the ring itself. Arcs that are long enough have a gap between them, which shows
// without colours.
func (p *plot) drawArcs() {
	d := canvas.NewDots(p.W, p.H)
	owner := make([]int, p.W*p.H)
	gap, room := 0.0, 2*math.Pi*p.outer/float64(len(p.runs()))
	if room > gapFrom || p.Theme.Monochrome() && room > gapFromMonochrome {
		gap = 0.55 / (2 * math.Pi * p.outer)
	}
	r := int(p.outer) + 1
	for y := int(p.cy) - r; y <= int(p.cy)+r+1; y++ {
		for x := int(p.cx) - r; x <= int(p.cx)+r+1; x++ {
			dx, dy := float64(x)-p.cx, float64(y)-p.cy
			if dist := math.Hypot(dx, dy); dist > p.outer || dist < p.inner {
				continue
			}
			f := fraction(dx, dy)
			o := p.owner(f)
			if gap > 0 && (p.owner(f-gap) != o || p.owner(f+gap) != o) {
				continue
			}
			d.Set(x, y, theme.Node(o))
			if x >= 0 && y >= 0 && x < p.W*2 && y < p.H*4 {
				owner[y/4*p.W+x/2] = o
			}
		}
	}
	if !p.Theme.ASCII {
		d.DrawOn(p.Canvas)
		return
	}
	d.Cells(func(x, y int, st theme.Style) { // the ring is made of its owners' labels
		l := p.label[p.state.View.Nodes[owner[y*p.W+x]].Name]
		p.Set(x, y, st, l[len(l)-1:])
	})
}

// drawLabels writes the owner beside each arc, inside the ring, wherever there is room between the
// labels of the longer arcs.
func (p *plot) drawLabels() {
	runs := p.runs()
	if len(runs) > labelRunMax || p.Theme.ASCII || p.outer < labelRadius {
		return
	}
	slices.SortStableFunc(runs, func(a, b run) int { return (b.to - b.from) - (a.to - a.from) })
	for _, r := range runs {
		n := p.state.View.Nodes[r.owner].Name
		st := theme.Node(r.owner)
		if slices.Contains(p.homes, n) {
			st |= theme.Bold
		}
		l := p.label[n]
		x, y := p.dot(p.inner-3.5, r.middle())
		cx, cy := x/2-(len(l)-1)/2, y/4
		if p.Blank(cx-1, cy, len(l)+2) {
			p.Put(cx, cy, st, l)
		}
	}
}
