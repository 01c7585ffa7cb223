package repair

import (
	"fmt"
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

const (
	seconds   = 60  // seconds of the chart, one column each
	maxPoints = 240 // points of the history
)

// A history is how much of the key space diverged, and when. It holds from one point to the next,
// because only events change the view.
type history struct {
	points []point // oldest first
	gap    bool    // events were missed, so what nodes hold of single keys may be out of date
	resets int     // of the state when the history began
}

// A point is what the view knew at a time since 1970.
type point struct {
	at time.Duration
	divergence
	split bool
}

// A divergence counts key ranges of which some node holds anything.
type divergence struct {
	differ  int // the Merkle trees of two homes differ
	same    int // all homes have the same tree
	unknown int // a home did not tell its tree
}

// sample notes what the view knows now.
func (h *history) sample(s *state.State) { h.add(s, divergenceOf(s.View)) }

// noteSplit notes that a split began or ended.
func (h *history) noteSplit(s *state.State) {
	h.follow(s)
	if k := len(h.points) - 1; k >= 0 && h.points[k].split != (len(s.View.Groups) > 0) {
		h.add(s, h.points[k].divergence)
	}
}

// follow begins the history again if a recording was taken back, or if another cluster answers.
func (h *history) follow(s *state.State) {
	if h.resets != s.Resets() {
		*h = history{resets: s.Resets()}
	}
}

func (h *history) add(s *state.State, d divergence) {
	h.follow(s)
	now := s.View.Now
	h.gap = h.gap || s.View.Missed > 0 || s.View.Sampled.LeftOut.Total > 0
	if s.View.Ring == nil {
		return
	}
	h.points = append(h.points, point{now, d, len(s.View.Groups) > 0})
	h.points = h.points[max(0, len(h.points)-maxPoints):]
}

// divergenceOf counts the ranges by what the nodes reported of their trees.
func divergenceOf(v *view.Cluster) (d divergence) {
	if v.Ring == nil {
		return d
	}
	nodes := map[string]*view.Node{}
	for _, n := range v.Nodes {
		nodes[n.Name] = n
	}
	for _, rg := range v.Ring.Ranges() {
		at := event.Span{Start: rg.Start, End: rg.End}
		var first uint64
		differ, unknown, holds := false, false, false
		for i, name := range rg.Homes {
			n := nodes[name]
			if n == nil || !n.Current() || n.Roots == nil {
				unknown = true
				continue
			}
			root := n.Roots[at].Root
			holds = holds || root != 0
			if i == 0 {
				first = root
			}
			differ = differ || root != first
		}
		switch {
		case unknown:
			d.unknown++
		case differ:
			d.differ++
		case holds:
			d.same++
		}
	}
	return d
}

// keysOf counts the keys of which the view knows what all homes hold, and those of them whose homes
// hold different versions.
func keysOf(v *view.Cluster) (known, differ int) {
	if v.Ring == nil {
		return 0, 0
	}
	for _, k := range v.Keys() {
		homes := v.Ring.Homes(k.Key)
		if slices.ContainsFunc(homes, func(h string) bool {
			n := v.Node(h)
			return len(k.Held[h][""]) == 0 || n == nil || !n.Current()
		}) {
			continue
		}
		known++
		if slices.ContainsFunc(homes, func(h string) bool { return !k.Held[h][""].Equal(k.Held[homes[0]][""]) }) {
			differ++
		}
	}
	return known, differ
}

// at returns the point that holds at a time, false if the history begins later.
func (h *history) at(t time.Duration) (point, bool) {
	i, _ := slices.BinarySearchFunc(h.points, t, func(p point, t time.Duration) int {
		if p.at <= t {
			return -1
		}
		return 1
	})
	if i == 0 {
		return point{}, false
	}
	return h.points[i-1], true
}

// drawDivergence draws the share of ranges that diverge, over the last minute.
func (m *Model) drawDivergence(c *canvas.Canvas, focused bool) {
	c.Box("Divergence: key ranges of which two homes hold different trees", "last 60 s", focused)
	in := canvas.New(c.Theme, c.W-4, c.H-2)
	now := m.desk.State.Now()
	last, ok := m.history.at(now)
	if !ok {
		in.Put(0, 0, theme.Dim, "not known yet: no snapshot came since this screen began")
		c.Paste(2, 1, in)
		return
	}
	width := min(seconds, in.W-labelWidth)
	in.Put(0, 0, theme.Dim, "share")
	in.Put(0, 1, theme.Dim, "network")
	m.drawChart(in, width, now)
	st, text := verdict(c.Theme, last.divergence)
	y := 2
	for _, s := range []sentence{{st, text}, m.keys(), {theme.Dim, "a range counts if all its homes told their tree " +
		"in the latest snapshot; ✂ split, h heal, ? not known"}} {
		for _, l := range in.Wrap(s.text, in.W) {
			in.Put(0, y, s.st, l)
			y++
		}
	}
	c.Paste(2, 1, in)
}

// labelWidth is the width of the names of the chart's rows.
const labelWidth = 9

// drawChart draws a column for each second, the present one at the right.
func (m *Model) drawChart(c *canvas.Canvas, width int, now time.Duration) {
	split, known := false, false
	for i := range width {
		x := labelWidth + i
		p, ok := m.history.at(now.Truncate(time.Second) - time.Duration(width-1-i)*time.Second + time.Second - 1)
		if !ok {
			c.Put(x, 0, theme.Dim, unknownPart)
			c.Put(x, 1, theme.Dim, unknownPart)
			continue
		}
		st, sign := column(c.Theme, p.divergence)
		c.Put(x, 0, st, sign)
		switch {
		case p.split && (!split || !known):
			c.Put(x, 1, theme.Bad|theme.Bold, "✂")
		case p.split:
			c.Put(x, 1, theme.Bad, "─")
		case known && split:
			c.Put(x, 1, theme.Good|theme.Bold, "h")
		default:
			c.Put(x, 1, theme.Dim, equalPart)
		}
		split, known = p.split, true
	}
}

// column returns the bar of a share. A range that diverges is never drawn as none.
func column(th *theme.Theme, d divergence) (theme.Style, string) {
	all := d.differ + d.same
	switch {
	case all == 0 && d.unknown > 0:
		return theme.Dim, unknownPart
	case d.differ == 0 && d.unknown > 0:
		return theme.Dim, th.Spark[0]
	case d.differ == 0:
		return theme.Good, th.Spark[0]
	}
	top := len(th.Spark) - 1
	return theme.Warn, th.Spark[max(1, min(d.differ*top/all, top))]
}

// verdict says how many ranges diverge.
func verdict(th *theme.Theme, d divergence) (theme.Style, string) {
	unknown := ""
	if d.unknown > 0 {
		unknown = fmt.Sprintf("; %s unknown: a home did not tell its tree", render.Count(d.unknown, "range"))
	}
	all := d.differ + d.same
	switch {
	case all == 0 && unknown == "":
		return theme.Dim, "no node held anything at the latest snapshot"
	case all == 0:
		return theme.Warn, unknown[2:]
	case d.differ == 0:
		return theme.Good, fmt.Sprintf("%s all %s that hold keys agree%s", th.Yes, render.Count(all, "range"), unknown)
	}
	return theme.Warn, fmt.Sprintf("%d of %s that hold keys diverge%s", d.differ, render.Count(all, "range"), unknown)
}

// keys says how many of the keys that the screen knows diverge.
func (m *Model) keys() sentence {
	if m.history.gap {
		return sentence{theme.Dim, "single keys: unknown, because this screen did not see all events"}
	}
	known, differ := keysOf(m.desk.State.View)
	if known == 0 {
		return sentence{theme.Dim, "single keys: unknown, none was seen at all of its homes"}
	}
	return sentence{theme.Dim, fmt.Sprintf("single keys: %d of the %s seen at all homes here %s", differ,
		render.Count(known, "key"), render.Verb(differ, "diverge"))}
}
