package account

import (
	"slices"
	"strings"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A history is what events say of one key.
type history struct {
	key      []byte
	events   []int    // of the key, in the order of the stream
	writes   []*write // of which an event told, in the order of the first such event
	byDot    map[vclock.Dot]*write
	replicas map[place]*replica // what nodes hold now
}

// A place is where a replica is: at a home if home is "", otherwise with a fallback that keeps it
// for home.
type place struct{ node, home string }

// A replica is what is at one place.
type replica struct {
	versions vclock.Siblings
	stored   time.Duration // since 1970
	since    int           // the event that told of the replica
	lazy     bool          // that event does not say whether it is only in the node's object buffer (§6.1)
	doubtful bool          // something happened to the node since, and no event told what it holds now
}

// A write is one version and what events say of it. Indexes of events are -1 if there was none.
type write struct {
	version     vclock.Version
	first       int      // the first event that told of the version
	coordinated int      // Coordinate
	replied     int      // Replied, without an error
	nodes       []string // that stored the version at some time, in the order of the events
	collected   int      // TombstoneCollected
	lost        int      // LWWLost
	winner      string   // notation of the version that it was lost to
}

func newHistory(key []byte) *history {
	return &history{key: key, byDot: map[vclock.Dot]*write{}, replicas: map[place]*replica{}}
}

// apply takes in event number i, which is about the key.
func (h *history) apply(a *Account, i int, e *event.Event) {
	h.events = append(h.events, i)
	switch e.Kind {
	case event.Coordinate:
		for _, v := range e.Versions {
			h.write(v, i).coordinated = i
		}
	case event.Replied:
		if e.Op != "get" && e.Err == wire.OK {
			for _, v := range e.Versions {
				h.write(v, i).replied = i
			}
		}
	case event.Stored:
		h.store(place{node: e.Node}, e.Versions, i, e.Time, a.lazy(e))
	case event.HintStored:
		h.store(place{e.Node, e.For}, e.Versions, i, e.Time, a.lazy(e))
	case event.HintDelivered, event.HintRehomed, event.HintLost:
		delete(h.replicas, place{e.Node, e.For})
	case event.TombstoneCollected:
		for _, v := range e.Versions {
			h.write(v, i).collected = i
		}
		delete(h.replicas, place{node: e.Node})
	case event.LWWLost:
		for _, v := range e.Versions {
			w := h.write(v, i)
			w.lost, w.winner = i, e.Message
		}
	case event.Damaged:
		for at, r := range h.replicas {
			if at.node == e.Node {
				r.doubtful = true
			}
		}
	case event.Replicas:
		h.setReplicas(a, e, i, a.view.Settings.Buffer > 0 && e.Seq == 0)
	case event.BufferLost:
		h.setReplicas(a, e, i, false)
	}
}

// lazy reports whether a replica that was just stored may be in the node's object buffer only. The
// events of a write that must be durable leave after the flush, so only the replicas of puts, and a
// node's own repair, may be in the buffer.
func (a *Account) lazy(e *event.Event) bool {
	return a.view.Settings.Buffer > 0 && (e.Op == wire.Replicate.String() || e.Peer == e.Node)
}

// write returns the write of a version, which it adds if it is new. i is the event that tells of
// the version.
func (h *history) write(v vclock.Version, i int) *write {
	w := h.byDot[v.Dot]
	if w == nil {
		w = &write{version: v, first: i, coordinated: -1, replied: -1, collected: -1, lost: -1}
		h.byDot[v.Dot] = w
		h.writes = append(h.writes, w)
	}
	if w.version.Value == nil && v.Value != nil {
		w.version.Value = v.Value
	}
	return w
}

// store takes in all that a place holds now.
func (h *history) store(at place, s vclock.Siblings, i int, now time.Duration, lazy bool) {
	for _, v := range s {
		w := h.write(v, i)
		if !slices.Contains(w.nodes, at.node) {
			w.nodes = append(w.nodes, at.node)
		}
	}
	if len(s) == 0 {
		delete(h.replicas, at)
		return
	}
	h.replicas[at] = &replica{versions: s, stored: now, since: i, lazy: lazy}
}

// setReplicas takes in all that a node holds. maybeLazy says that it may be in the node's object
// buffer only, as far as this event tells.
func (h *history) setReplicas(a *Account, e *event.Event, i int, maybeLazy bool) {
	before := map[string]*replica{}
	for at, r := range h.replicas {
		if at.node == e.Node {
			before[at.home] = r
			delete(h.replicas, at)
		}
	}
	for _, r := range e.Replicas {
		at, old := place{e.Node, r.For}, before[r.For]
		lazy := maybeLazy && old != nil && !(a.flushes.isDurable(at, old) && old.versions.Equal(r.Versions))
		h.store(at, event.Preview(r.Versions), i, e.Time, lazy)
		if lazy && old.versions.Equal(r.Versions) {
			h.replicas[at].stored = old.stored
		}
	}
	for _, v := range e.Versions { // last write wins lost them
		if w := h.write(v, i); w.lost < 0 {
			w.lost = i
		}
	}
}

// places lists the places with a version that satisfies f, sorted.
func (h *history) places(f func(*replica) bool) []place {
	var out []place
	for at, r := range h.replicas {
		if f(r) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, func(x, y place) int {
		if c := strings.Compare(x.node, y.node); c != 0 {
			return c
		}
		return strings.Compare(x.home, y.home)
	})
	return out
}

// holders lists the places that hold a version, sorted.
func (h *history) holders(d vclock.Dot) []place {
	return h.places(func(r *replica) bool { return r.versions.Has(d) })
}

// merged returns what all replicas that satisfy f together hold, without superseded versions.
func (h *history) merged(f func(*replica) bool) vclock.Siblings {
	var out vclock.Siblings
	for _, at := range h.places(f) {
		out = out.Merge(h.replicas[at].versions)
	}
	return out
}

func isCertain(r *replica) bool { return !r.doubtful }

func isAny(*replica) bool { return true }

// isLWW reports whether last write wins decides between versions.
func (a *Account) isLWW() bool { return a.view.Settings.Mode == settings.ModeLWW }

// timeOf returns the time of a write since 1970: that of its coordination, or its version's.
func (a *Account) timeOf(w *write) time.Duration {
	if w.coordinated >= 0 {
		return a.events[w.coordinated].Time
	}
	return time.Duration(w.version.Time)
}
