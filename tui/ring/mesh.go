package ring

import (
	"math"
	"slices"
	"strings"

	"ringside/engine/fault"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// Up to so many nodes, the mesh shows the following.
const (
	fullMesh  = 7  // every link; beyond, only those between neighbours
	namedMesh = 12 // every name
	glyphMesh = 48 // a sign for each node; beyond, the sides of the network
)

// meshName returns a node's name for a place around the dot x, y, with the node's label before it
// if the name does not tell the label. If the ring leaves no room for the name, it returns the
// label.
func (p *plot) meshName(node string, x, y int) string {
	name, label := state.Name(node), p.label[node]
	if !strings.HasSuffix(name, label) {
		name = label + " " + name
	}
	dx, dy := math.Abs(float64(x)-p.cx), float64(y)-p.cy
	edge := math.Sqrt(max(p.inner*p.inner-dy*dy, 0)) // in dots, of which two are a column
	if room := int(edge - dx); p.Width(name) > room {
		return label
	}
	return name
}

// drawMesh draws the network inside the ring.
func (p *plot) drawMesh() {
	nodes := p.state.View.Nodes
	if len(nodes) > glyphMesh {
		p.drawSides()
		return
	}
	radius := p.inner * 0.56
	if len(nodes) > fullMesh {
		radius = p.inner * 0.64
	}
	slots := p.slots()
	at := func(i int) (x, y int) {
		if len(nodes) == 1 {
			return p.dot(0, 0)
		}
		return p.dot(radius, float64(slots[i])/float64(len(nodes)))
	}
	p.drawLinks(at, slots)
	if len(nodes) > fullMesh {
		p.drawWrite(at)
	}
	for i, n := range nodes {
		x, y := at(i)
		text := p.state.Sign(p.Theme, n)
		if p.state.IsMarked(n.Name) {
			text += p.Theme.Mark
		}
		st := theme.Node(i) | theme.Bold
		selected := i == p.state.Selected()
		switch {
		case len(nodes) <= namedMesh:
			text += p.meshName(n.Name, x, y)
		case slices.Contains(p.homes, n.Name) || n.Status != view.Up || selected:
			lx, ly := p.dot(radius-7, float64(slots[i])/float64(len(nodes)))
			if label := p.meshName(n.Name, lx, ly); p.Blank(lx/2-2, ly/4, p.Width(label)+2) {
				p.Put(lx/2-1, ly/4, st, label)
			}
		}
		if n.Status != view.Up {
			st = theme.Bad | theme.Bold
		}
		if selected && p.selecting {
			st |= theme.Reverse
		}
		p.Put(max(x/2-p.Width(text)/2, 0), y/4, st, text)
	}
}

// network returns the state of every link as far as the view knows the faults.
func (p *plot) network() *fault.Net {
	v := p.state.View
	names := make([]string, len(v.Nodes)) // Settings may be older than the latest join or leave
	for i, n := range v.Nodes {
		names[i] = n.Name
	}
	n := fault.NewNet(names)
	// A cluster has accepted these faults. Faults that are invalid come from a forged recording,
	// and are not drawn.
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

// A linkSign is a sign on a link, in columns and rows.
type linkSign struct {
	x, y int
	st   theme.Style
	text string
}

// drawLinks draws the links between nodes. at returns the dot of the i-th node, and slots the order
// of the nodes around the mesh.
func (p *plot) drawLinks(at func(int) (int, int), slots []int) {
	nodes, network := p.state.View.Nodes, p.network()
	d := canvas.NewDots(p.W, p.H)
	var signs []linkSign
	for i := range nodes {
		for j := i + 1; j < len(nodes); j++ {
			apart := max(slots[i], slots[j]) - min(slots[i], slots[j])
			neighbours := apart == 1 || apart == len(nodes)-1
			if len(nodes) > fullMesh && !neighbours || nodes[i].Status == view.Down || nodes[j].Status == view.Down {
				continue
			}
			x0, y0 := at(i)
			x1, y1 := at(j)
			st, every, text := p.link(network, nodes[i].Name, nodes[j].Name)
			d.Line(canvas.Point{X: x0, Y: y0}, canvas.Point{X: x1, Y: y1}, st, every)
			if text != "" {
				signs = append(signs, linkSign{(x0 + x1) / 4, (y0 + y1) / 8, st | theme.Bold, text})
			}
		}
	}
	signs = append(signs, p.drawTraffic(d, at)...)
	signs = append(signs, p.drawFlights(at)...)
	d.DrawOn(p.Canvas)
	for _, s := range signs {
		p.Set(s.x, s.y, s.st, s.text)
	}
}

// link returns how the link between two nodes is drawn: its style, one dot of how many, and a sign.
func (p *plot) link(network *fault.Net, a, b string) (style theme.Style, every int, sign string) {
	x, y := network.Condition(fault.Link{From: a, To: b}), network.Condition(fault.Link{From: b, To: a})
	switch {
	case x.Cut || y.Cut:
		return theme.Bad, 4, p.Theme.Cut
	case x.Percent > 0 || y.Percent > 0:
		return theme.Warn, 2, p.Theme.Loss
	case x.Delay > 0 || y.Delay > 0:
		return theme.Warn, 2, p.Theme.Slow
	}
	return theme.Dim, 1, ""
}
