package recording

import (
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
)

// parted returns a paused pair with three events in common, which parts at 3 ms.
func parted(t *testing.T) *Pair {
	t.Helper()
	s := settings.Cluster{Nodes: []string{"n1", "n2"}, N: 2, R: 1, W: 1, Mode: settings.ModeSiblings, Strategy: 3, Q: 8, T: 8}
	at := func(ms int, kind event.Kind, id uint64) event.Event {
		return event.Event{Time: time.Duration(ms) * time.Millisecond, Kind: kind, Node: "n1", Request: id}
	}
	begin := []event.Event{{Kind: event.Cluster, Settings: &s}, at(1, event.NodeUp, 0), at(1, event.Requested, 1)}
	p, err := NewPair(
		append(slices.Clone(begin), at(3, event.Replied, 1), at(5, event.Requested, 2), at(9, event.Replied, 2)),
		append(slices.Clone(begin), at(3, event.NodeDown, 0), at(4, event.NodeUp, 0), at(5, event.Requested, 2)), 3, "it")
	if err != nil {
		t.Fatal(err)
	}
	p.First.TogglePause()
	p.First.Skip(-time.Hour)
	return p
}

// seen returns the number of events that each recording shows.
func (p *Pair) seen(t *testing.T) (out [2]int) {
	t.Helper()
	for i, r := range []*Recording{p.First, p.Second} {
		if err := r.Events(t.Context(), event.Query{}, func(e []event.Event) error { out[i] += len(e); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Both recordings of a pair move together, whichever of them is moved: event by event, by time, and
// to where they part. The shorter one waits at its end.
func TestPairMovesTogether(t *testing.T) {
	p := parted(t)
	p.First.Step(-1, all)
	for i, want := range [][2]int{{1, 1}, {2, 2}, {3, 3}, {4, 4}, {4, 5}, {5, 6}, {6, 6}, {6, 6}} {
		if got := p.seen(t); got != want {
			t.Fatalf("after %d steps %v are shown, want %v", i, got, want)
		}
		p.Second.Step(+1, all)
	}
	if a, b := p.First.Progress(), p.Second.Progress(); a.At != 9*time.Millisecond || a.At != b.At || b.Over == "" {
		t.Errorf("at the end: %+v and %+v", a, b)
	}
	for _, want := range [][2]int{{5, 6}, {4, 5}, {4, 4}, {3, 3}} {
		if p.First.Step(-1, all); p.seen(t) != want {
			t.Errorf("a step back shows %v, want %v", p.seen(t), want)
		}
	}
	if p.First.Step(+1, event.Event.Fault); p.seen(t) != [2]int{4, 4} { // the crash is in the second one only
		t.Errorf("at the fault %v are shown", p.seen(t))
	}
	if p.Second.Skip(2 * time.Millisecond); p.seen(t) != [2]int{5, 6} {
		t.Errorf("2 ms later %v are shown", p.seen(t))
	}
	if p.Part(); p.seen(t) != [2]int{4, 4} || p.First.Progress().At != p.Parted() || !p.Second.Progress().Paused {
		t.Errorf("where they part %v are shown, %+v", p.seen(t), p.First.Progress())
	}
	if a, b := p.First.Progress().Faults, p.Second.Progress().Faults; !slices.Equal(a, b) || len(a) == 0 {
		t.Errorf("the faults of a pair are %v and %v", a, b)
	}
}
