package ring

import (
	"fmt"
	"strconv"
	"strings"

	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A Model is the ring pane. It keeps nothing of its own.
type Model struct{ state *state.State }

// New returns the pane that draws the ring of s.
func New(s *state.State) *Model { return &Model{s} }

// Signature returns a text that changes when the picture does, for a pane of w×h. selecting says
// that the user selects among nodes.
func (m *Model) Signature(w, h int, selecting bool) string {
	var b strings.Builder
	v := m.state.View
	fmt.Fprintf(&b, "%d %d %+v %q %v %v %v %v %d %v %v %v", w, h, v.Settings, m.state.Key(),
		v.Groups, v.OneWay, v.Slow, v.Loss, m.state.Selected(), selecting, m.state.Unreachable, m.state.Marked())
	if len(v.Nodes) > fullMesh { // the mesh shows it
		e, _ := m.state.LastWrite()
		fmt.Fprint(&b, " ", e.Op, e.Node, e.Nodes, e.Hinted, e.Err)
	}
	suspected := m.state.SuspectedNodes()
	for _, n := range v.Nodes {
		b.WriteString(" " + string(n.Status))
		if suspected[n.Name] {
			b.WriteByte('?')
		}
	}
	b.WriteString(trafficSignature(m.state))
	b.WriteString(flightSignature(m.state))
	return b.String()
}

// noteFrom is the width from which the pane has room for a note in its border.
const noteFrom = 50

// Draw draws the pane. selecting says that the user selects among nodes.
func (m *Model) Draw(c *canvas.Canvas, selecting bool) {
	v := m.state.View
	if v.Ring == nil {
		c.Box("Ring", "", false)
		c.Put(2, 2, theme.Dim, "waiting for the cluster")
		return
	}
	note := "digit = owner"
	if c.W < noteFrom {
		note = ""
	}
	c.Box("Ring · "+title(v.Settings, len(v.Ring.Ranges())), note, false)
	if len(repairsOf(m.state)) > 0 {
		drawTrafficLegend(c)
	} else {
		m.drawLegend(c)
	}
	in := canvas.New(c.Theme, c.W-2, c.H-2)
	p := newPlot(in, m.state)
	p.selecting = selecting
	p.drawArcs()
	p.drawMesh()
	p.drawLabels()
	p.drawMarks()
	if m.state.Unreachable {
		in.Fade()
	}
	c.Paste(1, 1, in)
}

// drawLegend writes what the signs mean into the lower border, as many as there is room for.
func (m *Model) drawLegend(c *canvas.Canvas) {
	if m.state.Unreachable { // no node counts as up
		return
	}
	g, legend := &c.Theme.Glyphs, ""
	for _, part := range []string{g.Key + " key", g.Up + " up", g.Down + " down", g.Cut + " cut", g.Suspect + " suspect",
		g.Paused + " paused", g.Slow + " slow", g.Loss + " loss"} {
		if next := strings.TrimSpace(legend + "  " + part); c.Width(next)+6 <= c.W {
			legend = next
		}
	}
	c.Put(2, c.H-1, theme.Dim, " "+legend+" ")
}

func title(s settings.Cluster, ranges int) string {
	if ring.Strategy(s.Strategy) == ring.TokensRandom {
		return fmt.Sprintf("%d tokens each, %d ranges", s.T, ranges)
	}
	return fmt.Sprintf("Q=%d partitions", ranges)
}

// labels returns a label of one or two columns for every node: the number that the node's name ends
// in, if that tells all nodes apart, else the node's place in the order of joining.
func labels(nodes []string) map[string]string {
	out, seen := make(map[string]string, len(nodes)), map[string]bool{}
	for _, n := range nodes {
		l := strings.TrimLeft(n[len(strings.TrimRight(n, "0123456789")):], "0")
		if l == "" || len(l) > 2 || seen[l] {
			return placeLabels(nodes)
		}
		out[n], seen[l] = l, true
	}
	return out
}

func placeLabels(nodes []string) map[string]string {
	out := make(map[string]string, len(nodes))
	for i, n := range nodes {
		out[n] = strconv.Itoa(i + 1)
	}
	return out
}
