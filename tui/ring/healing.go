package ring

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

const (
	// trafficFor is how long a link shows that a repair used it. The screen is drawn each second,
	// so the sign goes at the next second after that.
	trafficFor = time.Second
	// maxTraffic bounds the latest events that are looked through.
	maxTraffic = 300
)

// A repairer is a mechanism that brings nodes what they lack.
type repairer int

// Repairers, in the order of the legend.
const (
	mending   repairer = iota // read repair (§5)
	handing                   // hinted handoff (§4.6)
	comparing                 // anti-entropy that found a difference (§4.7)
	repairers int      = iota
)

// A traffic is a repair between two nodes, which are indexes in the view. Anti-entropy goes both
// ways.
type traffic struct {
	from, to int
	by       repairer
}

// repairsOf returns the repairs of the last trafficFor, as far as the log has their events. Rounds
// of anti-entropy that find nothing are not among them: they go on for ever.
func repairsOf(s *state.State) []traffic {
	log, since := s.View.Log, s.Now()-trafficFor
	var out []traffic
	for i := len(log) - 1; i >= max(0, len(log)-maxTraffic); i-- {
		e := &log[i]
		by, ok := repairOf(e)
		if !ok || e.Time <= since || e.Node == e.Peer {
			continue
		}
		t := traffic{s.Index(e.Node), s.Index(e.Peer), by}
		if by == comparing {
			t.from, t.to = min(t.from, t.to), max(t.from, t.to)
		}
		if t.from >= 0 && t.to >= 0 && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b traffic) int { return int(a.by) - int(b.by) })
	return out
}

// repairOf returns the repairer that an event shows at work.
func repairOf(e *event.Event) (repairer, bool) {
	switch e.Kind {
	case event.ReadRepair:
		return mending, true
	case event.HintSent, event.HintDelivered:
		return handing, true
	case event.SyncStarted, event.SyncCompared:
		return comparing, true
	case event.SyncDone:
		return comparing, len(e.Rounds) == 1 && e.Rounds[0].Buckets > 0
	}
	return 0, false
}

// look returns the style, the sign and the name of a repairer.
func (r repairer) look(th *theme.Theme) (st theme.Style, sign, name string) {
	switch r {
	case mending:
		return theme.Good, th.Mend, "read repair"
	case handing:
		return theme.Hint, th.Hint, "handoff"
	}
	return theme.Accent, th.Merkle, "Merkle"
}

// place is where on a link the sign of a repairer stands, in hundredths of the way. Signs of one
// link stand beside each other, and none in the middle, where a fault has its sign.
func (r repairer) place() int { return [repairers]int{64, 78, 36}[r] }

// trafficSignature returns a text that changes when the repairs do.
func trafficSignature(s *state.State) string {
	var b strings.Builder
	for _, t := range repairsOf(s) {
		fmt.Fprintf(&b, " %d>%d %d", t.from, t.to, t.by)
	}
	return b.String()
}

// drawTraffic draws the links that repairs use, and returns their signs. at returns the dot of the
// i-th node.
func (p *plot) drawTraffic(d *canvas.Dots, at func(int) (int, int)) (signs []linkSign) {
	nodes := p.state.View.Nodes
	for _, t := range repairsOf(p.state) {
		if nodes[t.from].Status == view.Down || nodes[t.to].Status == view.Down {
			continue
		}
		st, sign, _ := t.by.look(p.Theme)
		x0, y0 := at(t.from)
		x1, y1 := at(t.to)
		d.Line(canvas.Point{X: x0, Y: y0}, canvas.Point{X: x1, Y: y1}, st, 1)
		way := t.by.place()
		signs = append(signs, linkSign{(x0 + (x1-x0)*way/100) / 2, (y0 + (y1-y0)*way/100) / 4, st | theme.Bold, sign})
	}
	return signs
}

// trafficLines returns how many links repairs use, for a cluster too large for a mesh.
func (p *plot) trafficLines() (out []line) {
	var links [repairers]int
	for _, t := range repairsOf(p.state) {
		links[t.by]++
	}
	for r := range repairer(repairers) {
		if links[r] > 0 {
			st, sign, name := r.look(p.Theme)
			out = append(out, line{st | theme.Bold, sign + " " + name + " on " + render.Count(links[r], "link")})
		}
	}
	return out
}

// drawTrafficLegend explains the signs of repairs while they are on the mesh, in the lower border.
func drawTrafficLegend(c *canvas.Canvas) {
	width := 1
	for r := range repairer(repairers) {
		_, sign, name := r.look(c.Theme)
		width += c.Width(sign) + 1 + c.Width(name) + 1
	}
	if width > c.W-2 {
		return
	}
	x := c.Put(c.W-1-width, c.H-1, theme.Plain, " ")
	for r := range repairer(repairers) {
		st, sign, name := r.look(c.Theme)
		x = c.Put(x, c.H-1, st|theme.Bold, sign)
		x = c.Put(x, c.H-1, theme.Dim, " "+name+" ")
	}
}
