package fork

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/sim"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// Numbers of events around the first difference that a Fork keeps.
const (
	// Before is the number of events that both futures have right before they part.
	Before = 4
	// After is the number of events of each future from the first difference on.
	After = 16
)

// A Fork is one run in two futures: as it is, and changed.
type Fork struct {
	At     time.Duration // since the start of the run; nothing before differs
	Change Change
	Plan   plan.Plan // of the changed run
	Same   int       // number of events with which both futures begin

	Before  []event.Event // the last events that are the same
	AsItIs  Future
	Changed Future
	Differences
}

// Future is one of the two runs.
type Future struct {
	sim.Result
	Told  int           // number of events that a watcher of the run receives
	After []event.Event // those from the first difference on, at most After; empty if nothing differs
}

// Loses reports whether last write wins loses an acknowledged write.
func (f *Future) Loses(write uint64) bool { return slices.Contains(f.Lost, write) }

// Equal reports whether the change changed nothing.
func (f *Fork) Equal() bool { return len(f.AsItIs.After)+len(f.Changed.After) == 0 }

// A BadChange is the error of a change that a run cannot have.
type BadChange struct {
	Change Change
	Err    error
}

func (e *BadChange) Error() string { return fmt.Sprintf("change %q: %v", e.Change, e.Err) }

func (e *BadChange) Unwrap() error { return e.Err }

// Play plays a plan as it is and with a change from a time on. It returns false if the player gave
// up. The player's Watch is not called. The error is a *BadChange if the plan cannot have the
// change. Any other error is a bug: the change altered what happened before it.
func Play(pl sim.Player, p plan.Plan, at time.Duration, c Change) (f Fork, ended bool, err error) {
	base, trace, ended := traced(pl, p)
	if !ended {
		return f, false, nil
	}
	changed, err := c.apply(p, at, base)
	if err != nil {
		return f, true, &BadChange{c, err}
	}
	f = Fork{At: at, Change: c, Plan: changed, AsItIs: Future{Result: base, Told: len(trace)}}
	if !f.follow(pl, trace) {
		return f, false, nil
	}
	for _, e := range [][]event.Event{f.AsItIs.After, f.Changed.After} {
		if len(e) > 0 && e[0].Time < kernel.Origin+at {
			return f, true, fmt.Errorf("fork seed %d at %v: %q changed event %d, at %v", p.Seed, at, c, f.Same+1,
				e[0].Time-kernel.Origin)
		}
	}
	return f, true, nil
}

// Compare plays two plans, which need not have anything in common. The Fork that it returns has no
// Change; a is the run as it is, and b the changed one. It returns false if the player gave up. The
// player's Watch is not called.
func Compare(pl sim.Player, a, b plan.Plan) (f Fork, ended bool) {
	base, trace, ended := traced(pl, a)
	if !ended {
		return f, false
	}
	f = Fork{Plan: b, AsItIs: Future{Result: base, Told: len(trace)}}
	return f, f.follow(pl, trace)
}

// traced plays a plan, and returns the digests of its events.
func traced(pl sim.Player, p plan.Plan) (r sim.Result, trace []uint64, ended bool) {
	pl.Watch = func(e event.Event) { trace = append(trace, digest(e)) }
	r, ended = pl.Play(p)
	return r, trace, ended
}

// follow plays the changed run and compares it with the run as it is, which has that trace. It
// returns false if the player gave up.
func (f *Fork) follow(pl sim.Player, trace []uint64) (ended bool) {
	base := f.AsItIs.Result
	other := &comparison{trace: trace, same: -1}
	pl.Watch = other.take
	if f.Changed.Result, ended = pl.Play(f.Plan); !ended {
		return false
	}
	if f.Changed.Told = other.told; other.same < 0 {
		other.same = other.told
	}
	f.Same, f.Changed.After = other.same, other.after
	if f.Same < max(len(trace), other.told) {
		// The events of the first run were not kept, because a long run has too many of them.
		first := &window{from: f.Same - Before, to: f.Same + After}
		pl.Watch = first.take
		if _, ended = pl.Play(base.Plan); !ended {
			return false
		}
		k := min(Before, f.Same)
		f.Before, f.AsItIs.After = first.events[:k], first.events[k:]
	}
	f.Differences = compare(&base.Plan, base, f.Changed.Result)
	return true
}

// digest returns a hash of all that an event says.
func digest(e event.Event) uint64 {
	b, err := event.AppendJSON(nil, &e)
	if err != nil {
		panic(fmt.Sprintf("fork: %v", err)) // the simulator makes no such event
	}
	return rng.Hash(b)
}

// comparison compares the events of a run with the digests of another one, as they come.
type comparison struct {
	trace []uint64
	told  int
	same  int // number of events before the first difference; -1: there was none yet
	after []event.Event
}

func (c *comparison) take(e event.Event) {
	if c.same < 0 && (c.told >= len(c.trace) || digest(e) != c.trace[c.told]) {
		c.same = c.told
	}
	c.told++
	if c.same >= 0 && len(c.after) < After {
		e.Seq = uint64(c.told)
		c.after = append(c.after, e)
	}
}

// window keeps the events of a run whose index is at least from and below to.
type window struct {
	from, to, told int
	events         []event.Event
}

func (w *window) take(e event.Event) {
	w.told++
	if i := w.told - 1; i >= w.from && i < w.to {
		e.Seq = uint64(w.told)
		w.events = append(w.events, e)
	}
}
