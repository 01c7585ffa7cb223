package tui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/fault"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/view"
)

// The outer ring is the key space, its arcs by owner, zero at the top and
// clockwise; the inner mesh is the network. A node owns many arcs, so it has no
// one place on the ring.

const (
	arcSamples  = 4096 // points around the ring at which its owner is asked: more than it has dots
	fullMesh    = 7    // nodes with every link drawn; beyond, neighbours only
	namedMesh   = 12   // nodes with their names in the mesh
	glyphMesh   = 48   // nodes with a sign in the mesh; beyond, counts
	labelRunMax = 160  // arcs that get a label at all

	gapFrom      = 8   // dots of an average arc from which arcs are parted by a gap
	gapFromPlain = 3.5 // the same where there are no colours to part them
)

// signature tells apart what the ring shows, so that it is drawn again only then.
func (m *model) signature(r rect) string {
	var b strings.Builder
	v := m.view
	fmt.Fprintf(&b, "%v %+v %q %v %v %v %v %d", r, v.Settings, m.key, v.Groups, v.OneWay, v.Slow, v.Loss, m.node)
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, " %s %v", n.Status, m.suspected(n.Name))
	}
	return b.String()
}

// A plot is the ring while it is drawn.
type plot struct {
	*canvas
	m      *model
	ring   *ring.Ring
	index  map[string]int    // node → its place in the order of joining
	label  map[string]string // node → its label
	homes  []string          // of the chosen key
	owners []int             // at each of arcSamples points

	cx, cy, outer, inner float64 // in dots
}

func (m *model) drawRing(c *canvas) {
	v := m.view
	if v.Ring == nil {
		c.box("Ring", "", false)
		c.put(2, 2, dim, "waiting for the cluster")
		return
	}
	q := len(v.Ring.Ranges())
	note := "digit = owner"
	if c.w < 50 {
		note = ""
	}
	c.box("Ring · "+ringTitle(v.Settings, q), note, false)
	in := newCanvas(c.th, c.w-2, c.h-2)
	p := m.newPlot(in)
	p.drawArcs()
	p.drawMesh()
	p.drawLabels()
	p.drawMarks()
	c.paste(1, 1, in)
}

func ringTitle(s settings.Cluster, ranges int) string {
	if ring.Strategy(s.Strategy) == ring.TokensRandom {
		return fmt.Sprintf("%d tokens each, %d ranges", s.T, ranges)
	}
	return fmt.Sprintf("Q=%d partitions", ranges)
}

func (m *model) newPlot(c *canvas) *plot {
	v := m.view
	p := &plot{canvas: c, m: m, ring: v.Ring, index: map[string]int{}}
	names := make([]string, len(v.Nodes)) // Settings has those of the beginning
	for i, n := range v.Nodes {
		p.index[n.Name], names[i] = i, n.Name
	}
	p.label = labels(names)
	if len(m.key) > 0 {
		p.homes = v.Ring.Homes(m.key)
	}
	p.owners = make([]int, arcSamples)
	ranges := v.Ring.Ranges()
	at := 0
	for i := range p.owners {
		for f := (float64(i) + 0.5) / arcSamples; at < len(ranges)-1 && ranges[at].End.Fraction() < f; {
			at++
		}
		owner := ranges[at]
		if last := ranges[len(ranges)-1]; (float64(i)+0.5)/arcSamples > last.End.Fraction() {
			owner = ranges[0] // the first range wraps around zero
		}
		p.owners[i] = p.index[owner.Homes[0]]
	}
	p.cx, p.cy = float64(c.w)-0.5, float64(c.h)*2-0.5
	marginV, marginH := 1.0, 12.0
	if c.h >= 16 {
		marginV = 5
	}
	p.outer = max(min(float64(c.h)*2-marginV, float64(c.w)-marginH), 4)
	p.inner = p.outer - max(2, math.Round(p.outer/9))
	return p
}

// fraction is where the dot at dx, dy from the centre lies on the key space.
func fraction(dx, dy float64) float64 {
	f := math.Atan2(dx, -dy) / (2 * math.Pi)
	if f < 0 {
		f++
	}
	return f
}

func (p *plot) owner(f float64) int {
	i := int(math.Floor(f*arcSamples)) % arcSamples
	return p.owners[(i+arcSamples)%arcSamples]
}

// dot returns the dot at radius r towards the point f of the key space.
func (p *plot) dot(r, f float64) (x, y int) {
	sin, cos := math.Sincos(f * 2 * math.Pi)
	return int(math.Round(p.cx + r*sin)), int(math.Round(p.cy - r*cos))
}

// A run is a stretch of the ring with one owner.
type run struct{ from, to, owner int } // samples; to may pass arcSamples

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

// drawArcs draws the ring itself. Arcs that are long enough get a gap between
// them, which shows without colours.
func (p *plot) drawArcs() {
	d := newDots(p.w, p.h)
	owner := make([]int, p.w*p.h)
	gap, room := 0.0, 2*math.Pi*p.outer/float64(len(p.runs())) // in dots
	if room > gapFrom || p.th.plain() && room > gapFromPlain {
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
			d.set(x, y, nodeStyle(o))
			if x >= 0 && y >= 0 && x < p.w*2 && y < p.h*4 {
				owner[y/4*p.w+x/2] = o
			}
		}
	}
	if !p.th.ascii {
		d.drawOn(p.canvas)
		return
	}
	for i, b := range d.bits {
		if b != 0 {
			l := p.label[p.m.view.Nodes[owner[i]].Name]
			p.set(i%p.w, i/p.w, d.styles[i], l[len(l)-1:])
		}
	}
}

// drawLabels writes the owner beside each arc, inside the ring, wherever one
// does not run into the next.
func (p *plot) drawLabels() {
	runs := p.runs()
	if len(runs) > labelRunMax || p.th.ascii || p.outer < 14 {
		return
	}
	slices.SortStableFunc(runs, func(a, b run) int { return (b.to - b.from) - (a.to - a.from) })
	for _, r := range runs {
		n := p.m.view.Nodes[r.owner].Name
		st := nodeStyle(r.owner)
		if slices.Contains(p.homes, n) {
			st |= bold
		}
		l := p.label[n]
		x, y := p.dot(p.inner-3.5, r.middle())
		cx, cy := x/2-(len(l)-1)/2, y/4
		if p.blank(cx-1, cy, len(l)+2) {
			p.put(cx, cy, st, l)
		}
	}
}

// blank says whether n cells from x are free; cells outside are not.
func (p *plot) blank(x, y, n int) bool {
	for i := range n {
		if x+i < 0 || x+i >= p.w || y < 0 || y >= p.h || p.at(x+i, y).s != " " {
			return false
		}
	}
	return true
}

// drawMarks marks the chosen key on the ring, and where its preference list walks.
func (p *plot) drawMarks() {
	if len(p.homes) == 0 {
		return
	}
	f := ring.Of(p.m.key).Fraction()
	x, y := p.dot((p.outer+p.inner)/2, f)
	p.set(x/2, y/4, plain|bold, p.th.key)
	p.beside(f, plain|bold, p.th.key+" "+escape.TerminalShort(p.m.key, 8))
	for i, f := range p.walk() {
		st := nodeStyle(p.index[p.homes[i]]) | bold
		p.beside(f, st, ordinal(i+1))
	}
}

// walk returns the points of the ring where the homes of the key hold the
// tokens that made them its homes (§4.3).
func (p *plot) walk() []float64 {
	tokens, ranges := p.ring.Tokens(), p.ring.Ranges()
	end := ranges[p.ring.Index(ring.Of(p.m.key))].End
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

// beside writes text outside the ring near the point f, where there is room.
func (p *plot) beside(f float64, st style, text string) {
	sin := math.Sin(f * 2 * math.Pi)
	w := p.width(text)
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
		if x >= 0 && x+w <= p.w && p.blank(x, y, w) && p.apart(x, y, w) {
			p.put(x, y, st, text)
			return
		}
	}
}

// apart says whether the cells before and after are free, or the edge.
func (p *plot) apart(x, y, w int) bool {
	return p.at(x-1, y).s == " " && p.at(x+w, y).s == " "
}

// drawMesh draws the network inside the ring.
func (p *plot) drawMesh() {
	nodes := p.m.view.Nodes
	if len(nodes) > glyphMesh {
		p.drawCounts()
		return
	}
	radius := p.inner * 0.56
	if len(nodes) > fullMesh {
		radius = p.inner * 0.64
	}
	at := func(i int) (x, y int) {
		if len(nodes) == 1 {
			return p.dot(0, 0)
		}
		return p.dot(radius, float64(i)/float64(len(nodes)))
	}
	p.drawLinks(at)
	for i, n := range nodes {
		x, y := at(i)
		text := p.m.glyph(n)
		st := nodeStyle(i) | bold
		home := slices.Contains(p.homes, n.Name)
		switch {
		case len(nodes) <= namedMesh && p.outer >= 14:
			text += escape.TerminalShort([]byte(n.Name), 6)
		case len(nodes) <= namedMesh:
			text += p.label[n.Name]
		case home || n.Status != view.Up || i == p.m.node:
			lx, ly := p.dot(radius-7, float64(i)/float64(len(nodes)))
			if label := escape.TerminalShort([]byte(n.Name), 6); p.blank(lx/2-2, ly/4, p.width(label)+2) {
				p.put(lx/2-1, ly/4, st, label)
			}
		}
		cx := x/2 - p.width(text)/2
		if n.Status != view.Up {
			st = bad | bold
		}
		if i == p.m.node && p.m.focus == nodesPane {
			st |= reverse
		}
		p.put(max(cx, 0), y/4, st, text)
	}
}

// drawCounts stands for the mesh of a cluster too large for one.
func (p *plot) drawCounts() {
	count := map[view.Status]int{}
	for _, n := range p.m.view.Nodes {
		count[n.Status]++
	}
	y := p.h/2 - 1
	for _, s := range []struct {
		sign   string
		status view.Status
		st     style
	}{{p.th.up, view.Up, good}, {p.th.paused, view.Paused, warn}, {p.th.down, view.Down, bad}} {
		if n := count[s.status]; n > 0 {
			text := s.sign + " " + strconv.Itoa(n) + " " + string(s.status)
			p.put(p.w/2-p.width(text)/2, y, s.st|bold, text)
			y++
		}
	}
}

// net rebuilds the state of every link from what the view knows of faults.
func (m *model) net() *fault.Net {
	v := m.view
	n := fault.NewNet(nodeNames(v)) // Settings may be older than the latest join or leave
	// The view's faults come from a cluster that accepted them; one from a
	// forged file that makes no sense is not drawn.
	if len(v.Groups) > 0 {
		_ = n.Apply(fault.Fault{Kind: fault.Split, Groups: v.Groups, OneWay: v.OneWay})
	}
	for l, d := range v.Slow {
		_ = n.Apply(fault.Fault{Kind: fault.Slow, Link: l, Delay: d})
	}
	for l, pc := range v.Loss {
		_ = n.Apply(fault.Fault{Kind: fault.Loss, Link: l, Percent: pc})
	}
	return n
}

func nodeNames(v *view.Cluster) []string {
	out := make([]string, len(v.Nodes))
	for i, n := range v.Nodes {
		out[i] = n.Name
	}
	return out
}

// drawLinks draws the links between nodes: whole, cut, slow or lossy.
func (p *plot) drawLinks(at func(int) (int, int)) {
	nodes, net := p.m.view.Nodes, p.m.net()
	d := newDots(p.w, p.h)
	type sign struct {
		x, y int
		st   style
		s    string
	}
	var signs []sign
	for i := range nodes {
		for j := i + 1; j < len(nodes); j++ {
			ring := j == i+1 || i == 0 && j == len(nodes)-1
			if len(nodes) > fullMesh && !ring || nodes[i].Status == view.Down || nodes[j].Status == view.Down {
				continue
			}
			x0, y0 := at(i)
			x1, y1 := at(j)
			st, every, s := p.link(net, nodes[i].Name, nodes[j].Name)
			line(d, x0, y0, x1, y1, st, every)
			if s != "" {
				signs = append(signs, sign{(x0 + x1) / 4, (y0 + y1) / 8, st | bold, s})
			}
		}
	}
	d.drawOn(p.canvas)
	for _, s := range signs {
		p.set(s.x, s.y, s.st, s.s)
	}
}

// link says how the link between two nodes looks: its colour, one dot in how
// many, and its sign.
func (p *plot) link(net *fault.Net, a, b string) (style, int, string) {
	x, y := net.Condition(fault.Link{From: a, To: b}), net.Condition(fault.Link{From: b, To: a})
	switch {
	case x.Cut || y.Cut:
		return bad, 4, p.th.cut
	case x.Percent > 0 || y.Percent > 0:
		return warn, 2, p.th.loss
	case x.Delay > 0 || y.Delay > 0:
		return warn, 2, p.th.slow
	}
	return dim, 1, ""
}

// line draws dots from one point to another, one in every.
func line(d *dots, x0, y0, x1, y1 int, st style, every int) {
	steps := max(abs(x1-x0), abs(y1-y0), 1)
	for i := 0; i <= steps; i += every {
		d.set(x0+(x1-x0)*i/steps, y0+(y1-y0)*i/steps, st)
	}
}

func abs(n int) int { return max(n, -n) }
