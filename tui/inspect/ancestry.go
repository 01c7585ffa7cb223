package inspect

import (
	"fmt"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/vclock"
	"ringside/tui/canvas"
	"ringside/tui/panes"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// Signs of versions in the ancestry.
const (
	held   = "◉"
	past   = "◦"
	coming = "◌"
)

const (
	minLane  = 4 // columns of a lane, at least and at most
	maxLane  = 8
	labelEnd = 6  // column after the names of versions
	textFrom = 34 // columns that the versions' text has at least; lanes beyond that are not drawn
)

// drawAncestry draws the known versions, ancestors above descendants, in lanes by coordinator.
func (f *frame) drawAncestry(c *canvas.Canvas, focused bool) {
	c.Box("Ancestry: a lane for each node that stamped a version", f.relation(), focused)
	if len(f.versions) == 0 {
		c.Put(2, 1, theme.Dim, "no version of this key is known yet")
		return
	}
	at := f.selected(f.m)
	g, width, ok := f.ancestry((c.W - 5 - labelEnd - textFrom) / minLane)
	x := labelEnd + width*len(g.lanes) + 1
	if !ok || textFrom > c.W-4-x {
		f.drawList(c, at, focused)
		return
	}
	heldBy := x + (c.W-4-x)*3/5
	head := canvas.New(f.th, c.W-4, 1)
	for i, n := range g.lanes {
		head.PutMax(labelEnd+i*width, 0, labelEnd+(i+1)*width-1, theme.Node(f.state.Index(n))|theme.Bold, state.Name(n))
	}
	head.Put(x, 0, theme.Dim, "clock and value")
	head.Put(heldBy, 0, theme.Dim, "held by")
	c.Paste(2, 1, head)
	var lines []panes.Row
	of := 0
	for _, r := range g.rows {
		if r.version >= 0 {
			of = r.version
		}
		lines = append(lines, panes.Row{Item: of, Draw: func(c *canvas.Canvas, y int) {
			f.drawLanes(c, y, g, r, width)
			switch {
			case r.version == len(f.versions):
				c.Put(x, y, theme.Accent, "next put with the context of a get: it descends from "+f.few(f.Heads))
			case r.version >= 0:
				f.drawVersion(c, y, r.version, x, heldBy)
				if focused && r.version == at {
					c.Highlight(0, y, c.W)
				}
			}
		}})
	}
	panes.List(c, panes.Space{Head: head.H}, lines, at)
}

// ancestry lays the versions out, with the put that would reconcile siblings, and returns how many
// columns a lane has. It returns false if there are more coordinators than lanes.
func (f *frame) ancestry(lanes int) (g graph, width int, ok bool) {
	var coordinators, order []string
	var parents [][]int
	for i := range f.versions {
		coordinators = append(coordinators, f.versions[i].Dot.Node)
		parents = append(parents, f.versions[i].parents)
	}
	if f.Siblings() > 1 && !f.lww() {
		var heads []int
		for i := range f.versions {
			if f.versions[i].head {
				heads = append(heads, i)
			}
		}
		coordinators, parents = append(coordinators, f.Homes[0]), append(parents, heads)
	}
	for _, n := range coordinators {
		if !slices.Contains(order, n) {
			order = append(order, n)
		}
	}
	if len(order) > lanes {
		return graph{}, 0, false
	}
	slices.SortStableFunc(order, func(a, b string) int { return f.state.Index(a) - f.state.Index(b) })
	width = minLane
	probe := canvas.New(f.th, 0, 0)
	for _, n := range order {
		width = min(max(width, probe.Width(state.Name(n))+1), maxLane)
	}
	return newGraph(coordinators, parents, order), width, true
}

// relation says in a few words how the heads relate, and whether a version was lost.
func (f *frame) relation() string {
	switch n := f.Siblings(); {
	case n > 1:
		return fmt.Sprintf("%s %d CONCURRENT", f.th.Concurrent, n)
	case len(f.lost) > 0:
		return fmt.Sprintf("%s %d LOST", f.th.No, len(f.lost))
	}
	return ""
}

// drawLanes draws the lines of a row, and the sign of its version.
func (f *frame) drawLanes(c *canvas.Canvas, y int, g graph, r graphRow, width int) {
	for lane, cl := range r.cells {
		x := labelEnd + lane*width
		st := theme.Dim
		if r.version >= 0 && lane == r.lane {
			f.drawSign(c, x, y, r.version)
			continue
		}
		if s := cl.sign(); s != "" {
			c.Put(x, y, st, s)
		}
		if r.gaps[lane] {
			c.Put(x+1, y, st, strings.Repeat("─", width-1))
		}
	}
}

// drawSign draws the sign of a version.
func (f *frame) drawSign(c *canvas.Canvas, x, y, i int) {
	if i == len(f.versions) {
		c.Put(x, y, theme.Accent|theme.Bold, coming)
		return
	}
	v := &f.versions[i]
	switch {
	case v.lost:
		c.Put(x, y, theme.Bad|theme.Bold, f.th.No[:signBytes(f.th.No)])
	case v.head:
		c.Put(x, y, f.styleOf(v)|theme.Bold, held)
	default:
		c.Put(x, y, theme.Dim, past)
	}
}

// signBytes returns the size of the first character of s.
func signBytes(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// drawVersion draws a version's name, clock, value and holders.
func (f *frame) drawVersion(c *canvas.Canvas, y, i, x, heldBy int) {
	v := &f.versions[i]
	st := f.styleOf(v)
	c.PutMax(0, y, labelEnd-1, st|theme.Bold, v.label())
	end := heldBy - 1
	x = c.PutMax(x, y, end, st|theme.Bold, render.Clock(v.Version)) + 1
	x = c.PutMax(x, y, end, st, render.Value(v.Version, max(end-x, 1))) + 1
	if f.older(i) {
		c.PutMax(x, y, end, theme.Dim, "(older ones: not known)")
	}
	hst, text := f.heldBy(v)
	c.PutMax(heldBy, y, c.W, hst, text)
}

// heldBy returns which nodes hold a version, or why none does.
func (f *frame) heldBy(v *version) (theme.Style, string) {
	switch {
	case len(v.holders) > 0:
		var out []string
		for _, h := range v.holders {
			s := f.nodeName(h.node)
			if h.home != "" {
				s += f.th.Hint + state.Name(h.home)
			}
			out = append(out, s)
		}
		return f.styleOf(v), strings.Join(out, " ")
	case v.lost:
		return theme.Bad | theme.Bold, "LOST to last write wins"
	case f.superseded(v):
		return theme.Dim, "superseded everywhere"
	}
	return theme.Warn, "no node that was asked"
}

// superseded reports whether a known version descends from v.
func (f *frame) superseded(v *version) bool {
	return slices.ContainsFunc(f.versions, func(o version) bool { return o.Compare(v.Version) == vclock.After })
}

// drawList draws the versions without lanes, for more coordinators than there is room for.
func (f *frame) drawList(c *canvas.Canvas, at int, focused bool) {
	c.Put(2, 1, theme.Dim, "more coordinators than lanes have room: each version names its parents")
	var lines []panes.Row
	for i := range f.versions {
		v := &f.versions[i]
		lines = append(lines, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) {
			f.drawSign(c, labelEnd, y, i)
			f.drawVersion(c, y, i, labelEnd+2, c.W*3/5)
			if len(v.parents) > 0 {
				var from []string
				for _, p := range v.parents[max(0, len(v.parents)-maxLabels):] {
					from = append(from, f.versions[p].label())
				}
				c.PutRight(c.W, y, theme.Dim, " from "+strings.Join(from, " "))
			}
			if focused && i == at {
				c.Highlight(0, y, c.W)
			}
		}})
	}
	panes.List(c, panes.Space{Head: 1}, lines, at)
}

// boxes are the lines by the directions in which they lead: up 1, down 2, left 4, right 8.
var boxes = [16]string{
	"", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼",
}

// sign returns the lines of a cell. A line that only passes goes in front of one that crosses it.
func (cl cell) sign() string {
	if cl.pass && !cl.up && !cl.down {
		return "│"
	}
	i := 0
	for bit, on := range []bool{cl.up || cl.pass, cl.down || cl.pass, cl.left, cl.right} {
		if on {
			i |= 1 << bit
		}
	}
	return boxes[i]
}
