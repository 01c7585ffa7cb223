package feed

import (
	"context"
	"errors"
	"sync"
	"testing"

	"ringside/engine/event"
)

// A memory is a Source that remembers events.
type memory struct {
	mu     sync.Mutex
	events []event.Event
}

func (*memory) Snapshot(context.Context, ...[]byte) ([]event.Event, error) { return nil, nil }

func (f *memory) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	f.mu.Lock()
	var out []event.Event
	for _, e := range f.events {
		if e.Seq > q.After {
			out = append(out, e)
		}
	}
	f.mu.Unlock()
	if err := fn(out); err != nil || !q.Follow {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestFeedDropsTheOldest(t *testing.T) {
	f := New(nil)
	batchOf := func(from uint64, n int) []event.Event {
		out := make([]event.Event, n)
		for i := range out {
			out[i].Seq = from + uint64(i)
		}
		return out
	}
	_ = f.Add(batchOf(1, maxWaiting))
	_ = f.Add(batchOf(maxWaiting+1, 10))
	b := f.Take()
	if len(b.Events) != maxWaiting || b.Dropped != 10 || b.Events[0].Seq != 11 {
		t.Errorf("%d events from %d, %d dropped", len(b.Events), b.Events[0].Seq, b.Dropped)
	}
}

func TestFeedNoticesAnotherCluster(t *testing.T) {
	f := New(&memory{events: []event.Event{{Seq: 3}}})
	f.after = 100
	if err := f.history(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := f.Take(); !b.Reset || len(b.Events) != 1 || f.position() != 3 {
		t.Errorf("reset %v, %d events, position %d", b.Reset, len(b.Events), f.position())
	}
}

// What the cluster had forgotten before the feed began is not missed. What it forgot while the feed
// had no link is missed.
func TestFeedMissesWhatCameAfterItsBeginning(t *testing.T) {
	for after, want := range map[uint64]int{0: 0, 30: 70} {
		f := New(&memory{events: []event.Event{{Seq: 100, Kind: event.Gap, Count: 100}, {Seq: 101}}})
		f.after = after
		if err := f.history(t.Context()); err != nil {
			t.Fatal(err)
		}
		missed, b := 0, f.Take()
		for _, e := range b.Events {
			missed += e.Count
		}
		if missed != want || b.Reset || f.position() != 101 || b.Events[len(b.Events)-1].Seq != 101 {
			t.Errorf("after %d: %d missed, want %d; %+v at %d", after, missed, want, b, f.position())
		}
	}
	f := New(&memory{events: []event.Event{{Seq: 100, Kind: event.Gap, Count: 100}}})
	if err := f.history(t.Context()); err != nil || f.position() != 100 || f.Pending() != 0 {
		t.Errorf("%v, %d wait, at %d", err, f.Pending(), f.position())
	}
}

// A rewinding Source takes its last two events back once they were read.
type rewinding struct{ memory }

func (r *rewinding) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	if q.Follow && q.After == 3 {
		r.events = r.events[:1]
		return ErrRewound
	}
	return r.memory.Events(ctx, q, fn)
}

// Where a recording is taken back the screens begin anew, and no link was lost.
func TestFeedGoesBack(t *testing.T) {
	r := &rewinding{memory{events: []event.Event{{Seq: 1}, {Seq: 2}, {Seq: 3}}}}
	f := New(r)
	if err := f.follow(t.Context()); !errors.Is(err, ErrRewound) || f.position() != 3 {
		t.Fatalf("error %v at %d", err, f.position())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { f.Run(ctx); close(done) }()
	for b := (Batch{}); !b.Reset; {
		<-f.notify
		if b = f.Take(); b.Link == Lost {
			t.Errorf("lost: %v", b.Err)
		}
	}
	cancel()
	<-done
	if f.position() != 1 {
		t.Errorf("at %d", f.position())
	}
}
