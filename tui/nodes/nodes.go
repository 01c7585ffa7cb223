package nodes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/render"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A Model is the nodes pane.
type Model struct {
	state *state.State
	rows  int // height inside the border, at the latest drawing
}

// New returns the pane that shows the nodes of s.
func New(s *state.State) *Model { return &Model{state: s} }

// Move selects the node that is by rows further down.
func (m *Model) Move(by int) {
	order, _ := m.order()
	if at := slices.Index(order, m.state.Selected()) + by; len(order) > 0 {
		m.state.Select(order[max(0, min(at, len(order)-1))])
	}
}

// Click selects the node in a row inside the border, counted from 0.
func (m *Model) Click(row int) {
	if shown := m.shown(); row >= m.header() && row-m.header() < len(shown.rows) {
		m.state.Select(shown.rows[row-m.header()])
	}
}

// header returns 1 if the headings of the table have a row of their own, else 0. They are then part
// of the border.
func (m *Model) header() int {
	if m.rows > len(m.state.View.Nodes) || m.rows >= 6 {
		return 1
	}
	return 0
}

// room returns the number of rows for nodes.
func (m *Model) room() int { return max(m.rows-m.header(), 0) }

// order returns the indexes of all nodes in the order of the table. If there is no room for all
// nodes, the table begins with the homes of the shown key in rank order, which are pinned: they
// stay in sight. At least one row is for the other nodes.
func (m *Model) order() (order []int, pinned int) {
	all := m.state.View.Nodes
	if len(all) > m.room() {
		for _, h := range m.state.Homes() {
			i := slices.IndexFunc(all, func(n *view.Node) bool { return n.Name == h })
			if i >= 0 && len(order) < m.room()-1 {
				order = append(order, i)
			}
		}
	}
	pinned = len(order)
	for i := range all {
		if !slices.Contains(order[:pinned], i) {
			order = append(order, i)
		}
	}
	return order, pinned
}

// A sight says which nodes are in sight: those that are pinned, and of the rest those from top on.
type sight struct {
	rows              []int // indexes of nodes, in the order of the table
	pinned, top, rest int
}

// shown returns the nodes in sight. The selected node is always among them.
func (m *Model) shown() sight {
	order, pinned := m.order()
	s := sight{rows: order[:pinned:pinned], pinned: pinned, rest: len(order) - pinned}
	room, at := m.room()-pinned, slices.Index(order, m.state.Selected())-pinned
	s.top = max(0, min(at-room/2, s.rest-room))
	s.rows = append(s.rows, order[pinned+s.top:pinned+min(s.top+room, s.rest)]...)
	return s
}

// columns are the places of the table's columns, 0 for those without room.
type columns struct{ rank, sign, name, side, keys, sees, hints, load, loadWidth int }

// rankWidth is the width of a rank among the homes: 1st.
const rankWidth = 3

// newColumns fits the table into w columns, with room for names of so many. The sparkline gives way
// first, then what a node sees, then its number of keys.
func newColumns(w, names int) columns {
	c := columns{rank: 1, sign: 1 + rankWidth + 1}
	c.name = c.sign + 2
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

// drawHeadings draws the headings in row y, from column x on.
func (col columns) drawHeadings(c *canvas.Canvas, x, y int) {
	for _, h := range []struct {
		at   int
		text string
	}{
		{col.name, "node"}, {col.side, "side"}, {col.keys, "keys"}, {col.sees, "sees"}, {col.hints, "hints"},
		{col.load, "load"},
	} {
		if h.at > 0 {
			c.Put(x+h.at-1, y, theme.Dim, " "+h.text+" ")
		}
	}
}

// Draw draws the pane.
func (m *Model) Draw(c *canvas.Canvas, focused bool) {
	nodes := m.state.View.Nodes
	longest := 4
	for _, n := range nodes {
		longest = max(longest, c.Width(state.Name(n.Name)))
	}
	in := canvas.New(c.Theme, c.W-2, c.H-2)
	m.rows = in.H
	col := newColumns(in.W, longest)
	y, shown := m.header(), m.shown()
	foot := shown.note()
	if y > 0 {
		c.Box("Nodes", m.census(), focused)
		col.drawHeadings(in, 0, 0)
	} else {
		c.Box("", "", focused)
		col.drawHeadings(c, 1, 0)
		census := m.census()
		if c.Width(census) > c.W-4 {
			census = m.shortCensus()
		}
		foot = append(foot, census)
	}
	if text := strings.Join(foot, " · "); text != "" {
		if shown.pinned > 0 && c.Width(pinnedNote+text) <= c.W-4 {
			text = pinnedNote + text
		}
		c.Foot(text)
	}
	homes, busiest := m.state.Homes(), m.busiest(col.loadWidth)
	for _, i := range shown.rows {
		rank := slices.Index(homes, nodes[i].Name) + 1
		m.drawNode(in, y, col, row{index: i, rank: rank, busiest: busiest, focused: focused})
		y++
	}
	if m.state.Unreachable {
		in.Fade()
	}
	c.Paste(1, 1, in)
}

// note says which nodes are in sight that are not pinned, nothing if all nodes are.
func (s sight) note() []string {
	others := len(s.rows) - s.pinned
	if others == s.rest {
		return nil
	}
	return []string{fmt.Sprintf("%d–%d of %d", s.top+1, s.top+others, s.rest)}
}

// pinnedNote says, where there is room, that homes are pinned above the others.
const pinnedNote = "homes, then "

// census returns the number of nodes by status: "3 up · 1 paused · 1 down". No node counts as up if
// the cluster does not answer.
func (m *Model) census() string {
	if m.state.Unreachable {
		return fmt.Sprintf("0 up · %d unknown", len(m.state.View.Nodes))
	}
	count := map[view.Status]int{}
	for _, n := range m.state.View.Nodes {
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

// shortCensus returns how many nodes are up: "3 of 5 up".
func (m *Model) shortCensus() string {
	up := 0
	for _, n := range m.state.View.Nodes {
		if n.Status == view.Up && !m.state.Unreachable {
			up++
		}
	}
	return fmt.Sprintf("%d of %d up", up, len(m.state.View.Nodes))
}

// busiest returns the highest load of any node, so that all sparklines have one scale.
func (m *Model) busiest(seconds int) int {
	top := 0
	for _, n := range m.state.View.Nodes {
		top = max(top, slices.Max(append(n.Load.Last(m.state.Now(), seconds), 0)))
	}
	return top
}

// A row is what drawNode needs to know of a node beside its state.
type row struct {
	index   int // in View.Nodes
	rank    int // among the homes of the shown key, 0 if it is not a home
	busiest int // the load of a full bar
	focused bool
}

// drawNode draws the row of one node.
func (m *Model) drawNode(c *canvas.Canvas, y int, col columns, r row) {
	n := m.state.View.Nodes[r.index]
	st, status := theme.Node(r.index), theme.Good
	switch {
	case n.Status == view.Down:
		status, st = theme.Bad, theme.Bad
	case n.Status == view.Paused || m.state.Suspected(n.Name):
		status = theme.Warn
	}
	if r.rank > 0 {
		c.PutMax(col.rank, y, col.sign, theme.Plain|theme.Bold, render.Ordinal(r.rank))
	}
	selected := r.index == m.state.Selected()
	if selected { // also without the focus, because keys such as K act on this node
		c.Put(0, y, theme.Accent|theme.Bold, c.Theme.Next)
	}
	c.Put(col.sign, y, status|theme.Bold, m.state.Sign(c.Theme, n))
	if m.state.IsMarked(n.Name) {
		c.Put(col.name-1, y, theme.Accent|theme.Bold, c.Theme.Mark)
	}
	c.Put(col.name, y, st|theme.Bold, state.Name(n.Name))
	c.Put(col.side, y, theme.Plain, side(m.state.View.Side(n.Name)))
	switch {
	case n.Status == view.Up:
		m.drawCounts(c, y, col, n)
		m.drawWork(c, y, col, n)
	case col.keys > 0:
		c.Put(col.keys, y, status, string(n.Status))
		m.drawWork(c, y, col, n)
	default:
		c.Put(col.hints, y, status, string(n.Status))
	}
	if col.load > 0 && n.Status != view.Down {
		c.Put(col.load, y, st, c.Theme.Sparkline(n.Load.Last(m.state.Now(), col.loadWidth), r.busiest))
	}
	if selected && r.focused {
		c.Highlight(0, y, c.W)
	}
}

// drawCounts draws the number of a node's keys, and of the nodes that it believes to be up, itself
// among them.
func (m *Model) drawCounts(c *canvas.Canvas, y int, col columns, n *view.Node) {
	if col.keys > 0 {
		c.PutRight(col.keys+5, y, theme.Plain, strconv.Itoa(n.Keys))
	}
	if col.sees > 0 {
		sees, all, st := m.state.View.Sees(n), len(m.state.View.Nodes), theme.Dim
		if sees < all {
			st = theme.Warn
		}
		c.Put(col.sees, y, st, fmt.Sprintf("%d/%d", sees, all))
	}
}

// drawWork draws for which nodes a node keeps hints, then what happens to its place on the ring.
func (m *Model) drawWork(c *canvas.Canvas, y int, col columns, n *view.Node) {
	x, end := col.hints, c.W
	if col.load > 0 {
		end = col.load - 1
	}
	if text := m.hints(c.Theme, n); text != "" {
		c.PutMax(x, y, end, theme.Hint, text)
		x += c.Width(text) + 1
	}
	if x < end {
		c.PutMax(x, y, end, theme.Accent, m.moving(n))
	}
}

// hints returns for which nodes n keeps hints, and how many: "⚑▸n3×2".
func (m *Model) hints(th *theme.Theme, n *view.Node) string {
	var out []string
	for _, o := range m.state.View.Nodes {
		if h, ok := n.Hints[o.Name]; ok {
			s := th.Hint + th.Next + state.Name(o.Name)
			if h.Keys > 1 {
				s += "×" + strconv.Itoa(h.Keys)
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// moving returns what is under way about a node's place in the ring (§4.9), "" if nothing is.
func (m *Model) moving(n *view.Node) string {
	switch {
	case m.state.View.Ring != nil && !m.state.View.Ring.Has(n.Name):
		return "leaving"
	case n.Pending > 0:
		return "gets " + render.Count(n.Pending, "range")
	}
	return ""
}

// side returns the letter of a side of a split, "·" without a split.
func side(i int) string {
	if s := render.Side(i); s != "" {
		return s
	}
	return "·"
}
