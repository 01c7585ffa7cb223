package inspect

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/tui/canvas"
	"ringside/tui/panes"
	"ringside/tui/replicas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A replicaRow is a replica of the key, or a hint that was delivered.
type replicaRow struct {
	node string
	home string // of a hint; "": the node holds the key itself
	rank int    // of a home, from 1 on; 0: the node is not a home
	held vclock.Siblings
	gone *event.Event // the delivery of the hint; nil: it is there
}

const (
	maxVersions  = 4 // versions of a replica in sight
	maxDelivered = 4 // delivered hints in sight
	maxLabels    = 3 // versions that a state names
)

// replicaRows returns the replicas: homes by rank, other nodes that hold the key, hints, and the
// latest delivered hints.
func (x *sight) replicaRows() []replicaRow {
	var own, hints []replicaRow
	k := x.state.View.Key(x.Key)
	for i, n := range slices.Concat(x.Homes, x.Fallbacks) {
		var held map[string]vclock.Siblings
		if k != nil {
			held = k.Held[n]
		}
		switch {
		case i < len(x.Homes):
			own = append(own, replicaRow{node: n, rank: i + 1, held: held[""]})
		case len(held[""]) > 0:
			own = append(own, replicaRow{node: n, held: held[""]})
		}
		for _, home := range slices.Sorted(maps.Keys(held)) {
			if home != "" && len(held[home]) > 0 {
				hints = append(hints, replicaRow{node: n, home: home, held: held[home]})
			}
		}
	}
	return slices.Concat(own, hints, x.delivered(hints))
}

// delivered returns hints of the key that the log knows to have been delivered, the latest first.
func (x *sight) delivered(hints []replicaRow) []replicaRow {
	var out []replicaRow
	for i := len(x.state.View.Log) - 1; i >= 0 && len(out) < maxDelivered; i-- {
		e := &x.state.View.Log[i]
		if e.Kind != event.HintDelivered || !bytes.Equal(e.Key, x.Key) {
			continue
		}
		same := func(r replicaRow) bool { return r.node == e.Node && r.home == e.For }
		if !slices.ContainsFunc(hints, same) && !slices.ContainsFunc(out, same) {
			out = append(out, replicaRow{node: e.Node, home: e.For, gone: e})
		}
	}
	return out
}

// noHome is the role of a node that holds a key without being its home.
const noHome = "no home"

// stateWidth is the width of the column that says how a replica stands.
const stateWidth = 14

// columns of the table of replicas.
type columns struct{ name, role, versions, state, end int }

func (f *frame) columns(w int, rows []replicaRow) columns {
	name, role := 2, 4
	probe := canvas.New(f.th, 0, 0)
	for _, r := range rows {
		name = max(name, probe.Width(f.nodeName(r.node)))
		switch {
		case r.home != "":
			role = max(role, probe.Width(f.th.Hint+state.Name(r.home)))
		case r.rank == 0:
			role = max(role, len(noHome))
		}
	}
	k := columns{name: 4, end: w}
	k.role = k.name + name + 1
	k.versions = k.role + role + 1
	k.state = w - stateWidth
	return k
}

// nodeName returns a node's name, with a sign if the node does not run.
func (f *frame) nodeName(n string) string { return state.Name(n) + f.state.SignUnlessUp(f.th, n) }

// drawReplicas draws which node holds which versions, and how those that lack some get them.
func (f *frame) drawReplicas(c *canvas.Canvas, focused bool) {
	s := f.state.View.Settings
	c.Box("Replicas of "+f.title(), fmt.Sprintf("N=%d R=%d W=%d", s.N, s.R, s.W), focused)
	rows := f.replicaRows()
	at := max(0, min(f.m.replica, len(rows)-1))
	k := f.columns(c.W-4, rows)
	var lines []panes.Row
	for i := range rows {
		lines = append(lines, f.replicaLines(&rows[i], i, k, focused && i == at)...)
	}
	for _, text := range []string{f.census(rows), f.blocking()} {
		if text != "" {
			lines = append(lines, panes.Text(len(rows), theme.Dim, text))
		}
	}
	panes.List(c, panes.Space{}, lines, at)
}

// census counts what the table shows.
func (f *frame) census(rows []replicaRow) string {
	lacking, hints := 0, 0
	for _, r := range rows {
		switch {
		case r.rank > 0 && len(f.repairs[r.node].Lacks) > 0:
			lacking++
		case r.home != "" && r.gone == nil:
			hints++
		}
	}
	out := fmt.Sprintf("stale %d/%d   versions %d   hints %d", lacking, len(f.Homes), len(f.Heads), hints)
	if all, shown := f.state.View.Sampled.Last(f.state.Now()); all > shown {
		out += "   a sample: as of the latest snapshot"
	}
	return out
}

// blocking says whether the key has converged.
func (f *frame) blocking() string {
	if f.Blocking == "" {
		return "converged: all homes hold the same"
	}
	return "not converged: " + escape.TerminalShort([]byte(f.Blocking), maxBlocking)
}

// maxBlocking bounds the reason why a key has not converged.
const maxBlocking = 200

// replicaLines returns the lines of one replica.
func (f *frame) replicaLines(r *replicaRow, i int, k columns, selected bool) []panes.Row {
	out := []panes.Row{{Item: i, Draw: func(c *canvas.Canvas, y int) {
		f.drawReplica(c, y, r, k)
		if selected {
			c.Highlight(0, y, c.W)
		}
	}}}
	for at := 1; at < len(r.held) && at < maxVersions; at++ {
		out = append(out, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) { f.drawHeld(c, y, k, r.held[at]) }})
	}
	if more := len(r.held) - maxVersions; more > 0 {
		out = append(out, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) {
			c.Put(k.versions, y, theme.Dim, fmt.Sprintf("and %d more", more))
		}})
	}
	if r.rank == 0 {
		return out
	}
	st, text := f.mend(r.node)
	if text == "" {
		return out
	}
	probe := canvas.New(f.th, k.end, 0)
	return append(out, panes.Wrapped(probe, i, st, probe.Pad("", k.role)+"└ ", text)...)
}

// drawReplica draws the first line of a replica.
func (f *frame) drawReplica(c *canvas.Canvas, y int, r *replicaRow, k columns) {
	st := theme.Node(f.state.Index(r.node)) | theme.Bold
	if r.rank > 0 {
		c.PutMax(0, y, k.name-1, theme.Plain|theme.Bold, render.Ordinal(r.rank))
	} else {
		c.Put(0, y, theme.Dim, "-")
	}
	c.PutMax(k.name, y, k.role-1, st, f.nodeName(r.node))
	switch {
	case r.home != "":
		c.PutMax(k.role, y, k.versions-1, theme.Hint, f.th.Hint+state.Name(r.home))
	case r.rank > 0:
		c.Put(k.role, y, theme.Plain, "home")
	default:
		c.Put(k.role, y, theme.Dim, noHome)
	}
	switch {
	case r.gone != nil:
		at := clock(r.gone.Time, f.state)
		c.PutMax(k.versions, y, k.end, theme.Dim, "delivered to "+state.Name(r.gone.For)+" "+at+", then dropped")
		return
	case len(r.held) == 0:
		c.Put(k.versions, y, theme.Dim, "nothing")
	default:
		f.drawHeld(c, y, k, r.held[0])
	}
	st, text := f.stateOf(r)
	c.PutMax(k.state, y, k.end, st, text)
}

// drawHeld draws a version that a replica holds.
func (f *frame) drawHeld(c *canvas.Canvas, y int, k columns, v vclock.Version) {
	at := f.find(v.Dot)
	if at < 0 {
		return
	}
	st, end := f.styleOf(&f.versions[at]), k.state-1
	x := c.PutMax(k.versions, y, end, st|theme.Bold, f.versions[at].label()) + 1
	x = c.PutMax(x, y, end, st, render.Clock(v)) + 1
	c.PutMax(x, y, end, st, render.Value(v, max(end-x, 1)))
}

// stateOf says in a few words how a replica stands.
func (f *frame) stateOf(r *replicaRow) (theme.Style, string) {
	switch {
	case r.home != "":
		return theme.Hint, f.th.Hint + " for " + state.Name(r.home)
	case r.rank == 0:
		return theme.Dim, "gives it away"
	case len(f.Heads) == 0:
		return theme.Dim, ""
	}
	lacks := f.repairs[r.node].Lacks
	switch {
	case len(lacks) == 0:
		return theme.Good, f.th.Yes + " current"
	case len(lacks) > maxLabels:
		return theme.Warn, fmt.Sprintf("%s lacks %d", f.th.No, len(lacks))
	}
	return theme.Warn, f.th.No + " lacks " + f.labels(lacks)
}

// mend says which mechanism brings a home what it lacks, and what that waits for.
func (f *frame) mend(home string) (theme.Style, string) {
	r, name := f.repairs[home], state.Name(home)
	n := f.state.View.Node(home)
	if len(r.Lacks) == 0 {
		if n != nil && n.Status != view.Up {
			return theme.Dim, fmt.Sprintf("%s is %s: this is what it held", name, n.Status)
		}
		return theme.Dim, ""
	}
	if r.Hint.Node != "" {
		return f.hintWaits(r, name)
	}
	by := "read repair (§5) or Merkle (§4.7)"
	if !r.Merkle {
		by = "read repair (§5) alone, because anti-entropy is off"
	}
	from := state.Name(r.Source.Node)
	switch {
	case r.Down:
		return theme.Bad, name + " is not up, and no hint waits: after a restart, " + by
	case from == "":
		return theme.Warn, "no hint, and no other home has it yet: once one has, " + by
	case r.Source.Way == replicas.Cut:
		return theme.Bad, "no hint, and cut off from " + from + ": after heal, " + by
	case r.Source.Way == replicas.Off:
		return theme.Bad, "no hint, and " + from + " is not up: after its restart, " + by
	}
	return theme.Warn, "no hint: mended by " + by
}

// hintWaits says what a hint waits for.
func (f *frame) hintWaits(r replicas.Repair, home string) (theme.Style, string) {
	waits := "hint waits on " + state.Name(r.Hint.Node)
	switch {
	case r.Down:
		return theme.Hint, waits + " until " + home + " runs (§4.6)"
	case r.Hint.Way == replicas.Cut:
		return theme.Hint, waits + " until the split heals (§4.6)"
	case r.Hint.Way == replicas.Off && r.Source.Way == replicas.Open && r.Source.Node != "":
		return theme.Warn, waits + ", which does not run: read repair or Merkle"
	case r.Hint.Way == replicas.Off:
		return theme.Bad, waits + ", which does not run"
	}
	return theme.Hint, waits + " and goes to " + home + " by itself (§4.6)"
}
