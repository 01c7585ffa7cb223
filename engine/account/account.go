package account

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/view"
)

// An Account is what the events of a cluster say of its writes.
type Account struct {
	timeline
	view     *view.Cluster // settings, ring, and which nodes run
	keys     map[string]*history
	requests map[uint64][]int // events by request
	flushes  disks            // of all nodes
	walked   int              // replicas that eachAt visited, which a test bounds
	known    Known
}

// Known says from which moment on an Account knows everything that happened.
type Known struct {
	Since   time.Duration // since 1970; 0: the Account has no events
	Missing int           // events before Since that the stream no longer had
	begun   bool
}

// New returns an Account without events.
func New() *Account {
	return &Account{
		view: view.New(), keys: map[string]*history{}, requests: map[uint64][]int{}, flushes: disks{},
	}
}

// ApplyAll applies events in their order.
func (a *Account) ApplyAll(events []event.Event) {
	for _, e := range events {
		a.Apply(e)
	}
}

// Apply takes in the next event of a stream or of a snapshot. A gap, and a Summary in the stream of
// a screen, make what happened before uncertain.
func (a *Account) Apply(e event.Event) {
	i := len(a.events)
	a.events = append(a.events, e)
	a.view.Apply(e)
	a.note(i, &e)
	switch e.Kind {
	case event.Gap, event.Summary:
		a.lose(&e)
	case event.NodeWiped, event.NodeLeft:
		a.eachAt(e.Node, func(h *history, at place, _ *replica) { delete(h.replicas, at) })
	case event.RolledBack:
		a.eachAt(e.Node, func(_ *history, _ place, r *replica) { r.doubtful = true })
	case event.NodeUp:
		if e.Seq > 0 { // what the node holds now comes from its disk; a snapshot tells only that it runs
			a.flushed(e.Node, i, e.Time)
		}
	case event.Buffered:
		if e.Count == 0 {
			a.flushed(e.Node, i, e.Time)
		}
	case event.State:
		if e.State != nil && !e.State.LastKnown && e.State.Buffered == 0 {
			a.flushed(e.Node, i, e.Time-meterLag)
		}
	case event.Ack:
		if e.Op != event.OpBuffered { // a node writes its objects in their order
			a.flushed(e.Peer, i, e.Time)
		}
	case event.RangeDropped:
		a.dropRange(&e)
	}
	if e.Kind == event.BufferLost && e.Key == nil {
		a.eachAt(e.Node, func(_ *history, at place, r *replica) { r.doubtful = r.doubtful || !a.flushes.isDurable(at, r) })
	}
	if e.Key != nil {
		a.history(e.Key).apply(a, i, &e)
	}
}

// note files an event under what it is about, and sets the beginning of what is known.
func (a *Account) note(i int, e *event.Event) {
	if !a.known.begun && e.Seq > 0 && e.Kind != event.Gap {
		a.known.begun, a.known.Since = true, e.Time
	}
	if e.Request != 0 {
		a.requests[e.Request] = append(a.requests[e.Request], i)
	}
	switch e.Kind {
	case event.NodeUp, event.NodeDown, event.NodePaused, event.NodeWiped, event.NodeLeft, event.Split, event.Heal,
		event.Slow, event.Loss, event.Skew, event.Suspect, event.Alive:
		if e.Seq > 0 || !a.repeats(e, i) {
			a.faults = append(a.faults, i)
		}
	}
}

// lose takes in a hole in the stream. What is known begins after it.
func (a *Account) lose(e *event.Event) {
	a.known.Missing += e.Count
	a.known.Since, a.known.begun = e.Time, true
	for _, h := range a.keys {
		for _, r := range h.replicas {
			r.doubtful = true
		}
	}
}

// Known says from which moment on the Account knows everything.
func (a *Account) Known() Known { return a.known }

// Keys lists the keys of which there were events, sorted.
func (a *Account) Keys() [][]byte {
	out := make([][]byte, 0, len(a.keys))
	for _, name := range slices.Sorted(maps.Keys(a.keys)) {
		out = append(out, a.keys[name].key)
	}
	return out
}

// history returns the history of a key, which it adds if there is none.
func (a *Account) history(key []byte) *history {
	h := a.keys[string(key)]
	if h == nil {
		h = newHistory(bytes.Clone(key))
		a.keys[string(key)] = h
	}
	return h
}

// eachAt calls f for each replica at a node. It walks the replicas of all keys, so only rare events
// may cause a call.
func (a *Account) eachAt(node string, f func(*history, place, *replica)) {
	for _, h := range a.keys {
		for at, r := range h.replicas {
			a.walked++
			if at.node == node {
				f(h, at, r)
			}
		}
	}
}

// meterLag is the time after which the State of a node counts an object that is in the node's
// memory only (§6.1). A driver updates that count at most every 50 ms.
const meterLag = 250 * time.Millisecond

// flushed notes that, by event number i, all that a node stored up to a time is on its disk.
func (a *Account) flushed(node string, i int, upTo time.Duration) {
	if a.view.Settings.Buffer == 0 {
		return
	}
	a.flushes.add(node, flush{event: i, upTo: upTo})
}

// dropRange takes in that a node deleted a key range, because all its homes hold it.
func (a *Account) dropRange(e *event.Event) {
	if e.Span == nil {
		return
	}
	rg := ring.Range{Start: e.Span.Start, End: e.Span.End}
	a.eachAt(e.Node, func(h *history, at place, _ *replica) {
		if at.home == "" && rg.Holds(ring.Of(h.key)) {
			delete(h.replicas, at)
		}
	})
}

// homes returns the present homes of a key, nil if no event told of a ring.
func (a *Account) homes(key []byte) []string {
	if a.view.Ring == nil || len(a.view.Ring.Members()) == 0 {
		return nil
	}
	return a.view.Ring.Homes(key)
}

func sameGroups(a, b [][]string) bool {
	return slices.EqualFunc(a, b, func(x, y []string) bool { return slices.Equal(x, y) })
}
