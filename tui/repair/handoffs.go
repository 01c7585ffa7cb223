package repair

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/panes"
	"ringside/tui/replicas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A handoffRow is the hints of one holder for one home.
type handoffRow struct {
	view.HintPair
	left   int           // hints that the holder keeps
	oldest time.Duration // time since 1970 at which the first of them was stored
	view.Handoff
}

// maxDone is how many pairs without hints are in sight.
const maxDone = 8

// handoffs returns the pairs with hints in the order of the nodes, then those that have none now,
// the latest first.
func (m *Model) handoffs() []handoffRow {
	s := m.desk.State
	var out, done []handoffRow
	for _, n := range s.View.Nodes {
		for _, h := range n.Hints {
			pair := view.HintPair{Holder: n.Name, For: h.For}
			out = append(out, handoffRow{pair, h.Keys, h.Oldest, s.View.Handoffs[pair]})
		}
	}
	place := map[string]int{}
	for i, n := range s.View.Nodes {
		place[n.Name] = i
	}
	slices.SortFunc(out, func(a, b handoffRow) int {
		return cmp.Or(cmp.Compare(place[a.Holder], place[b.Holder]), cmp.Compare(place[a.For], place[b.For]),
			cmp.Compare(a.For, b.For))
	})
	for pair, h := range s.View.Handoffs {
		if n := s.View.Node(pair.Holder); n == nil || n.Hints[pair.For].Keys == 0 {
			done = append(done, handoffRow{HintPair: pair, Handoff: h})
		}
	}
	slices.SortFunc(done, func(a, b handoffRow) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Holder, b.Holder), cmp.Compare(a.For, b.For))
	})
	return append(out, done[:min(len(done), maxDone)]...)
}

// clock returns a time since 1970 as the time of day to the second.
func clock(t time.Duration, s *state.State) string {
	return time.Unix(0, int64(t)).In(s.Zone).Format("15:04:05")
}

// handoffColumns are the places of the columns of the table.
type handoffColumns struct{ left, sent, oldest, state int }

func newHandoffColumns(c *canvas.Canvas, rows []handoffRow) handoffColumns {
	pair := len("holder for")
	for _, r := range rows {
		pair = max(pair, c.Width(pairName(c.Theme, r.HintPair)))
	}
	return handoffColumns{left: pair + 5, sent: pair + 11, oldest: pair + 13, state: pair + 22}
}

func pairName(th *theme.Theme, p view.HintPair) string {
	return state.Name(p.Holder) + " " + th.Hint + th.Next + state.Name(p.For)
}

// drawHandoffs draws which hints wait, for how long, and what for.
func (m *Model) drawHandoffs(c *canvas.Canvas, focused bool) {
	v := m.desk.State.View
	c.Box("Hinted handoff", sums, focused)
	rows := m.handoffs()
	k := newHandoffColumns(c, rows)
	head := canvas.New(c.Theme, c.W-4, 1)
	head.Put(0, 0, theme.Dim, "holder for")
	head.PutRight(k.left, 0, theme.Dim, "left")
	head.PutRight(k.sent, 0, theme.Dim, "sent")
	head.Put(k.oldest, 0, theme.Dim, "oldest")
	head.Put(k.state, 0, theme.Dim, "state")
	c.Paste(2, 1, head)
	at := max(0, min(m.handoff, len(rows)-1))
	var lines []panes.Row
	for i := range rows {
		lines = append(lines, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) {
			m.drawHandoff(c, y, &rows[i], k)
			if focused && i == at {
				c.Highlight(0, y, c.W)
			}
		}})
	}
	if len(rows) == 0 {
		lines = append(lines, panes.Text(0, theme.Dim, "no hint now, and none since this screen began"))
	}
	foot(c, fmt.Sprintf("delivered %d · dropped %d · refused %d", v.Handed.Delivered, v.Handed.Dropped,
		v.Handed.Refused))
	for _, n := range v.Nodes {
		if !n.Current() {
			text := state.Name(n.Name) + " does not answer: its hints are as it last told"
			lines = append(lines, panes.Text(len(rows), theme.Warn, text))
		}
	}
	panes.List(c, panes.Space{Head: 1, Foot: 1}, lines, at)
}

// sums says since when the sums of a pane count.
const sums = "sums since this screen began"

// foot writes a sum into the last row of a pane.
func foot(c *canvas.Canvas, text string) { c.PutMax(2, c.H-2, c.W-2, theme.Dim, text) }

// drawHandoff draws one pair.
func (m *Model) drawHandoff(c *canvas.Canvas, y int, r *handoffRow, k handoffColumns) {
	s := m.desk.State
	x := c.Put(0, y, theme.Node(s.Index(r.Holder))|theme.Bold, state.Name(r.Holder)) + 1
	x = c.Put(x, y, theme.Hint, c.Theme.Hint+c.Theme.Next)
	c.Put(x, y, theme.Node(s.Index(r.For))|theme.Bold, state.Name(r.For))
	c.PutRight(k.left, y, theme.Plain, strconv.Itoa(r.left))
	c.PutRight(k.sent, y, theme.Plain, strconv.Itoa(r.Delivered))
	st, text := m.handoffState(c.Theme, r)
	at := k.oldest
	if r.left > 0 {
		c.Put(k.oldest, y, theme.Dim, clock(r.oldest, s))
		at = k.state
	}
	c.PutMax(at, y, c.W, st, text)
}

// barCells is the length of the bar that shows how far a handoff is.
const barCells = 8

// handoffState says what the hints of a pair wait for, or what became of them.
func (m *Model) handoffState(th *theme.Theme, r *handoffRow) (theme.Style, string) {
	v := m.desk.State.View
	home, holder := v.Node(r.For), v.Node(r.Holder)
	switch {
	case r.left == 0 && r.Delivered == 0 && r.Refused > 0:
		return theme.Bad, fmt.Sprintf("refused %d: no room", r.Refused)
	case r.left == 0 && r.Dropped > 0:
		return theme.Warn, fmt.Sprintf("dropped %d, the rest delivered %s", r.Dropped, clock(r.At, m.desk.State))
	case r.left == 0:
		return theme.Good, th.Yes + " all delivered " + clock(r.At, m.desk.State)
	case home == nil:
		return theme.Warn, state.Name(r.For) + " left the ring: goes to the homes of now"
	case home.Status != view.Up:
		return theme.Hint, fmt.Sprintf("waits: %s is %s", state.Name(r.For), home.Status)
	case holder == nil || holder.Status != view.Up:
		return theme.Bad, state.Name(r.Holder) + " is not up"
	case replicas.WayTo(v, r.Holder, r.For) == replicas.Cut:
		return theme.Hint, "waits for heal: cut off"
	case holder.Suspects[r.For]:
		return theme.Hint, "waits until " + state.Name(r.Holder) + " hears " + state.Name(r.For)
	case r.Delivered == 0:
		return theme.Accent, th.Next + " on its way"
	}
	share := r.Delivered * 100 / (r.Delivered + r.left)
	return theme.Accent, th.Next + " " + bar(th, share) + fmt.Sprintf(" %d%%", share)
}

// bar returns a bar for a percentage.
func bar(th *theme.Theme, percent int) string {
	full, out := percent*barCells/100, ""
	for i := range barCells {
		if i < full {
			out += th.Spark[len(th.Spark)-1]
			continue
		}
		out += th.Spark[0]
	}
	return out
}
