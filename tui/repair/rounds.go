package repair

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/panes"
	"ringside/tui/state"
	"ringside/tui/theme"
)

const (
	maxRounds  = 100              // rounds in the table
	roundLasts = 10 * time.Second // a round that did not end in that time is not shown as running
)

// A roundRow is a round of anti-entropy that ended, or that runs.
type roundRow struct {
	view.LastRound
	running bool
}

// rounds returns the rounds that run, then those that found a difference, then the latest of the
// other pairs, each the newest first.
func (m *Model) rounds() []roundRow {
	v := m.desk.State.View
	out := m.running()
	shown := map[event.SyncPair]time.Duration{}
	for _, r := range slices.Backward(v.Differed) {
		out = append(out, roundRow{LastRound: r})
		shown[r.Pair()] = max(shown[r.Pair()], r.At)
	}
	var quiet []event.SyncPair
	for p, r := range v.Synced {
		if r.At != shown[p] {
			quiet = append(quiet, p)
		}
	}
	slices.SortFunc(quiet, func(a, b event.SyncPair) int {
		return cmp.Or(cmp.Compare(v.Synced[b].At, v.Synced[a].At), a.End.Compare(b.End), cmp.Compare(a.A, b.A),
			cmp.Compare(a.B, b.B))
	})
	for _, p := range quiet[:max(0, min(len(quiet), maxRounds-len(out)))] {
		out = append(out, roundRow{LastRound: v.Synced[p]})
	}
	return out
}

// running returns the rounds that the log knows to have begun and not to have ended.
func (m *Model) running() []roundRow {
	log, over := m.desk.State.View.Log, map[event.SyncPair]bool{}
	var out []roundRow
	for i := len(log) - 1; i >= 0 && log[i].Time > m.desk.State.Now()-roundLasts; i-- {
		e := &log[i]
		switch e.Kind {
		case event.SyncDone, event.SyncStarted, event.SyncCompared:
			for _, r := range e.Rounds {
				if p := r.Pair(); !over[p] {
					over[p] = true
					if e.Kind != event.SyncDone {
						out = append(out, roundRow{view.LastRound{SyncRound: r, At: e.Time}, true})
					}
				}
			}
		}
	}
	return out
}

// A roundID names a round of the table.
type roundID struct {
	pair event.SyncPair
	at   time.Duration
}

func (r *roundRow) id() roundID { return roundID{r.Pair(), r.At} }

// selected returns the place of the selected round, -1 if there is none. Unless the user selected
// one, it is the latest one that compared trees.
func (m *Model) selected(rows []roundRow) int {
	first := -1
	for i := range rows {
		switch {
		case rows[i].id() == m.round:
			return i
		case first < 0 && len(rows[i].Path) > 0:
			first = i
		}
	}
	if first < 0 && len(rows) > 0 {
		return 0
	}
	return first
}

// chosen returns the selected round, false if there is none.
func (m *Model) chosen() (roundRow, bool) {
	rows := m.rounds()
	i := m.selected(rows)
	if i < 0 {
		return roundRow{}, false
	}
	return rows[i], true
}

// roundColumns are the places of the columns of the table.
type roundColumns struct{ part, last, sent, bytes, full, state int }

// newRoundColumns places the columns from the one with the names of ranges on, which are of a
// width.
func newRoundColumns(part, width int) roundColumns {
	last := part + max(width, len("part")) + 1
	return roundColumns{part: part, last: last, sent: last + 18, bytes: last + 26, full: last + 34, state: last + 36}
}

// drawRounds draws which homes compared which ranges, and what that cost.
func (m *Model) drawRounds(c *canvas.Canvas, focused bool) {
	v := m.desk.State.View
	note := sums
	if v.Settings.NoAntiEntropy {
		note = "off: only sync compares"
	}
	c.Box("Anti-entropy", note, focused)
	rows := m.rounds()
	pair := len("homes")
	for i := range rows {
		pair = max(pair, c.Width(state.Name(rows[i].Left)+" "+c.Theme.Merkle+" "+state.Name(rows[i].Right)))
	}
	k := newRoundColumns(pair+1, len(event.RangeName(len(v.Ring.Ranges())-1)))
	head := canvas.New(c.Theme, c.W-4, 1)
	head.Put(0, 0, theme.Dim, "homes")
	head.Put(k.part, 0, theme.Dim, "part")
	head.Put(k.last, 0, theme.Dim, "last")
	head.PutRight(k.sent, 0, theme.Dim, "sent/keys")
	head.PutRight(k.bytes, 0, theme.Dim, "bytes")
	head.PutRight(k.full, 0, theme.Dim, "a copy")
	c.Paste(2, 1, head)
	at := m.selected(rows)
	var lines []panes.Row
	for i := range rows {
		lines = append(lines, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) {
			m.drawRound(c, y, &rows[i], k)
			if i == at {
				c.Put(k.part-1, y, theme.Accent|theme.Bold, c.Theme.Next)
			}
			if focused && i == at {
				c.Highlight(0, y, c.W)
			}
		}})
	}
	if len(rows) == 0 {
		lines = append(lines, panes.Text(0, theme.Dim, "no two homes compared since this screen began"))
	}
	sum := fmt.Sprintf("%s · %d mended · %s sent", render.Count(v.Sync.Rounds, "round"), v.Sync.Keys,
		render.Bytes(v.Sync.Bytes))
	if v.Sync.FullCopy > v.Sync.Bytes {
		sum += fmt.Sprintf(" for %s: saved %d%%", render.Bytes(v.Sync.FullCopy), 100-v.Sync.Bytes*100/v.Sync.FullCopy)
	}
	foot(c, sum)
	panes.List(c, panes.Space{Head: 1, Foot: 1}, lines, at)
}

// drawRound draws one round.
func (m *Model) drawRound(c *canvas.Canvas, y int, r *roundRow, k roundColumns) {
	s := m.desk.State
	x := c.Put(0, y, theme.Node(s.Index(r.Left))|theme.Bold, state.Name(r.Left)) + 1
	x = c.Put(x, y, theme.Accent, c.Theme.Merkle) + 1
	c.Put(x, y, theme.Node(s.Index(r.Right))|theme.Bold, state.Name(r.Right))
	c.PutMax(k.part, y, k.last-1, theme.Plain, m.rangeOf(r.SyncRound))
	c.Put(k.last, y, theme.Dim, clock(r.At, s))
	c.PutRight(k.sent, y, theme.Plain, fmt.Sprintf("%d/%d", r.Sent+r.Received, r.Keys))
	c.PutRight(k.bytes, y, theme.Plain, render.Bytes(r.Bytes))
	c.PutRight(k.full, y, theme.Dim, render.Bytes(r.FullCopy))
	switch {
	case r.running:
		c.Put(k.state, y, theme.Accent|theme.Bold, c.Theme.Next+" now")
	case r.Err != "":
		c.Put(k.state, y, theme.Warn, c.Theme.No+" ended early")
	case r.Count > 0 || r.Buckets > 0:
		c.Put(k.state, y, theme.Warn, fmt.Sprintf("≠ %d", r.Count))
	default:
		c.Put(k.state, y, theme.Good, c.Theme.Yes+" equal")
	}
}
