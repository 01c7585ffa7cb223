package ring

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// slots returns the place of each node around the mesh. In a split of many nodes, those of one side
// stand together, so that the cut is seen.
func (p *plot) slots() []int {
	nodes := p.state.View.Nodes
	order := make([]int, len(nodes))
	for i := range order {
		order[i] = i
	}
	if len(nodes) > fullMesh {
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Compare(p.state.View.Side(nodes[a].Name), p.state.View.Side(nodes[b].Name))
		})
	}
	slots := make([]int, len(nodes))
	for slot, i := range order {
		slots[i] = slot
	}
	return slots
}

// drawWrite draws lines from the coordinator of the key's latest write to the nodes that took it.
// at returns the dot of the i-th node.
func (p *plot) drawWrite(at func(int) (int, int)) {
	e, ok := p.state.LastWrite()
	from := p.state.Index(e.Node)
	if !ok || from < 0 {
		return
	}
	d := canvas.NewDots(p.W, p.H)
	x0, y0 := at(from)
	for _, n := range e.Nodes {
		if to := p.state.Index(n); to >= 0 && to != from {
			x1, y1 := at(to)
			d.Line(canvas.Point{X: x0, Y: y0}, canvas.Point{X: x1, Y: y1}, theme.Node(from), 2)
		}
	}
	d.DrawOn(p.Canvas)
}

// A line is one row of the middle of the ring.
type line struct {
	st   theme.Style
	text string
}

// drawSides writes the sides of the network, the latest write of the key, the repairs that are at
// work, and the homes of the key, for a cluster too large for a mesh.
func (p *plot) drawSides() {
	lines := p.sides()
	if e, ok := p.state.LastWrite(); ok { // in the middle, where there is the most room
		lines = append(lines, p.write(e))
	}
	lines = append(lines, p.trafficLines()...)
	for i, n := range p.homes {
		text := render.Ordinal(i+1) + " " + state.Name(n)
		if node := p.state.View.Node(n); node != nil {
			text = render.Ordinal(i+1) + " " + p.state.Sign(p.Theme, node) + " " + state.Name(n)
		}
		if side := render.Side(p.state.View.Side(n)); side != "" {
			text += "  " + side
		}
		lines = append(lines, line{theme.Node(p.state.Index(n)) | theme.Bold, text})
	}
	top := max(p.H/2-len(lines)/2, 0)
	for i, l := range lines {
		y := top + i
		dy := float64(4*y+2) - p.cy
		room := int(math.Sqrt(max(p.inner*p.inner-dy*dy, 0))) - 1 // columns, of two dots each
		w := min(p.Width(l.text), room)
		x := (p.W - w) / 2
		p.PutMax(x, y, x+w, l.st, l.text)
	}
}

// sides returns a line for each side of the network, with the number of its nodes by status.
func (p *plot) sides() (lines []line) {
	v := p.state.View
	if p.state.Unreachable {
		return []line{{theme.Dim, fmt.Sprintf("%s %d unknown", p.Theme.Suspect, len(v.Nodes))}}
	}
	counts := map[int]map[view.Status]int{}
	last := 0
	for _, n := range v.Nodes {
		side := v.Side(n.Name)
		if counts[side] == nil {
			counts[side] = map[view.Status]int{}
		}
		counts[side][n.Status]++
		last = max(last, side)
	}
	for side := range last + 1 {
		if counts[side] == nil {
			continue
		}
		if len(lines) > 0 {
			lines = append(lines, line{theme.Bad | theme.Bold, p.Theme.Cut + " " + p.Theme.Cut + " " + p.Theme.Cut})
		}
		lines = append(lines, p.side(render.Side(side), counts[side]))
	}
	return lines
}

// side returns the line of one side. name is "" in a whole network.
func (p *plot) side(name string, count map[view.Status]int) line {
	var parts []string
	if name != "" {
		parts = []string{name}
	}
	st := theme.Good
	for _, s := range []struct {
		sign   string
		status view.Status
		st     theme.Style
	}{
		{p.Theme.Up, view.Up, theme.Good}, {p.Theme.Paused, view.Paused, theme.Warn},
		{p.Theme.Down, view.Down, theme.Bad},
	} {
		if n := count[s.status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d %s", s.sign, n, s.status))
			st = s.st
		}
	}
	return line{st | theme.Bold, strings.Join(parts, "  ")}
}

// write returns the line of a write: its coordinator, and the nodes that took it.
func (p *plot) write(e event.Event) line {
	took := make([]string, len(e.Nodes))
	for i, n := range e.Nodes {
		took[i] = state.Name(n)
		for _, h := range e.Hinted {
			if h.Holder == n {
				took[i] += p.Theme.Hint + state.Name(h.For)
			}
		}
	}
	text := strings.ToUpper(e.Op) + " " + state.Name(e.Node) + " " + p.Theme.Next + " " + strings.Join(took, " ")
	return line{theme.Tone(render.ToneOf(e)), text}
}
