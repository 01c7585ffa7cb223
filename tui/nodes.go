package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/engine/view"
)

// glyph is the sign of a node's state.
func (m *model) glyph(n *view.Node) string {
	switch {
	case n.Status == view.Down:
		return m.th.down
	case n.Status == view.Paused:
		return m.th.paused
	case m.suspected(n.Name):
		return m.th.suspect
	}
	return m.th.up
}

// suspected says whether a running node of the same side believes that n
// failed. That the other side of a split does is no news.
func (m *model) suspected(n string) bool {
	side := m.view.Side(n)
	return slices.ContainsFunc(m.view.Nodes, func(o *view.Node) bool {
		return o.Status == view.Up && o.Suspects[n] && m.view.Side(o.Name) == side
	})
}

// nodesHeader is 1 if the table has a line of headings.
func (m *model) nodesHeader() int {
	if rows := m.places[nodesPane].h - 2; rows > len(m.view.Nodes) || rows >= 6 {
		return 1
	}
	return 0
}

// nodesTop is the first node shown: the selected one is always in sight.
func (m *model) nodesTop() int {
	rows := m.places[nodesPane].h - 2 - m.nodesHeader()
	return max(0, min(m.node-rows/2, len(m.view.Nodes)-rows))
}

// columns are the places of the nodes table, 0 for those without room.
type columns struct{ rank, glyph, name, side, keys, sees, hints, load, loadWidth int }

// tableColumns fits the table into w columns: the sparkline and what a node
// sees give way first.
func tableColumns(w, names int) columns {
	c := columns{rank: 1, glyph: 3, name: 5}
	x := c.name + names + 1
	take := func(n int) int { at := x; x += n; return at }
	c.side = take(5)
	if w >= 34 {
		c.keys = take(6)
	}
	if w >= 44 {
		c.sees = take(6)
	}
	c.hints = take(0)
	if w >= 50 {
		c.loadWidth = min(12, w-x-14)
		c.load = w - c.loadWidth - 1
	}
	return c
}

// drawNodes draws the table of nodes.
func (m *model) drawNodes(c *canvas) {
	v := m.view
	longest := 4
	for _, n := range v.Nodes {
		longest = max(longest, c.width(name(n.Name)))
	}
	c.box("Nodes", m.census(), m.focus == nodesPane)
	in := newCanvas(c.th, c.w-2, c.h-2)
	col := tableColumns(in.w, longest)
	y := m.nodesHeader()
	if y > 0 {
		col.heading(in)
	}
	var homes []string
	if v.Ring != nil && len(m.key) > 0 {
		homes = v.Ring.Homes(m.key)
	}
	top := m.nodesTop()
	m.busiest = m.topLoad(col.loadWidth)
	for i := top; i < len(v.Nodes) && y < in.h; i, y = i+1, y+1 {
		m.drawNode(in, y, col, i, slices.Index(homes, v.Nodes[i].Name)+1)
	}
	c.paste(1, 1, in)
	if shown := in.h - m.nodesHeader(); len(v.Nodes) > shown {
		c.putRight(c.w-2, c.h-1, dim, fmt.Sprintf(" %d–%d of %d ", top+1, min(top+shown, len(v.Nodes)), len(v.Nodes)))
	}
}

// census counts nodes by their state.
func (m *model) census() string {
	count := map[view.Status]int{}
	for _, n := range m.view.Nodes {
		count[n.Status]++
	}
	out := fmt.Sprintf("%d up", count[view.Up])
	for _, s := range []view.Status{view.Paused, view.Down} {
		if count[s] > 0 {
			out += fmt.Sprintf(" · %d %s", count[s], s)
		}
	}
	return out
}

func (col columns) heading(c *canvas) {
	put := func(x int, s string) {
		if x > 0 {
			c.put(x, 0, dim, s)
		}
	}
	put(col.name, "node")
	put(col.side, "side")
	put(col.keys, "keys")
	put(col.sees, "sees")
	put(col.hints, "hints")
	put(col.load, "load")
}

// drawNode draws one row. rank is the node's place among the chosen key's homes.
func (m *model) drawNode(c *canvas, y int, col columns, i, rank int) {
	n := m.view.Nodes[i]
	st := nodeStyle(i)
	state := good
	switch {
	case n.Status == view.Down:
		state, st = bad, bad
	case n.Status == view.Paused || m.suspected(n.Name):
		state = warn
	}
	if rank > 0 {
		c.put(col.rank, y, plain|bold, strconv.Itoa(rank))
	}
	if i == m.node { // always in sight: K, R and s are about it
		c.put(0, y, accent|bold, m.th.cursor)
	}
	c.put(col.glyph, y, state|bold, m.glyph(n))
	c.put(col.name, y, st|bold, name(n.Name))
	c.put(col.side, y, plain, sideName(m.view.Side(n.Name)))
	if n.Status != view.Up {
		x := col.keys
		if x == 0 {
			x = col.hints
		}
		c.put(x, y, state, string(n.Status))
	} else {
		if col.keys > 0 {
			c.putRight(col.keys+5, y, plain, strconv.Itoa(n.Keys))
		}
		if col.sees > 0 {
			m.drawSees(c, col.sees, y, n)
		}
	}
	if n.Status == view.Up || col.keys > 0 {
		end := c.w
		if col.load > 0 {
			end = col.load - 1
		}
		x := col.hints
		if text := m.hintTargets(n); text != "" {
			c.putMax(x, y, end, hint, text)
			x += c.width(text) + 1
		}
		if x < end {
			c.putMax(x, y, end, accent, m.moving(n))
		}
	}
	if col.load > 0 && n.Status != view.Down {
		c.put(col.load, y, st, m.th.sparkline(n.Load.Last(m.now(), col.loadWidth), m.busiest))
	}
	if i == m.node && m.focus == nodesPane {
		c.highlight(0, y, c.w)
	}
}

// drawSees shows how many nodes n believes to be there, itself among them.
func (m *model) drawSees(c *canvas, x, y int, n *view.Node) {
	all := len(m.view.Nodes)
	st := dim
	sees := m.view.Sees(n)
	if sees < all {
		st = warn
	}
	c.put(x, y, st, fmt.Sprintf("%d/%d", sees, all))
}

// hintTargets shows for whom n keeps hints, and how many: →n3 ×2.
func (m *model) hintTargets(n *view.Node) string {
	if len(n.Hints) == 0 {
		return ""
	}
	out := make([]string, 0, len(n.Hints))
	for _, o := range m.view.Nodes {
		if h, ok := n.Hints[o.Name]; ok {
			s := m.th.glyphs.hint + m.th.next + name(o.Name)
			if h.Keys > 1 {
				s += "×" + strconv.Itoa(h.Keys)
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// moving says what is under way about a node's place in the ring (§4.9).
func (m *model) moving(n *view.Node) string {
	switch {
	case m.view.Ring != nil && !m.view.Ring.Has(n.Name):
		return "leaving"
	case n.Pending > 0:
		return "gets " + plural(n.Pending, "range")
	}
	return ""
}

// topLoad is the highest load of any node, so that all bars have one scale.
func (m *model) topLoad(seconds int) int {
	top := 0
	for _, n := range m.view.Nodes {
		top = max(top, slices.Max(append(n.Load.Last(m.now(), seconds), 0)))
	}
	return top
}
