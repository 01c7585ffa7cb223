package recording

import (
	"context"
	"errors"
	"testing"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/tui"
)

// A fakeCluster remembers events, and heals when it is asked to.
type fakeCluster struct {
	verbs.Cluster
	events   []event.Event
	snapshot []event.Event
	healed   bool
	read     func() // called while the events are read; nil: nothing happens
}

func (f *fakeCluster) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	if f.read != nil {
		f.read()
	}
	if err := fn(f.events); err != nil || !q.Follow {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *fakeCluster) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	return f.snapshot, nil
}

func (f *fakeCluster) Fault(context.Context, fault.Fault) error {
	f.healed = true
	return nil
}

func fakeEvents() []event.Event {
	s := settings.Cluster{Nodes: []string{"n1"}, N: 1, R: 1, W: 1, Mode: settings.ModeSiblings, Strategy: 3, Q: 8, T: 8}
	put := event.Event{Kind: event.Stored, Node: "n1", Op: "put", Key: []byte("a"), Versions: vclock.Siblings{{}}}
	out := []event.Event{{Kind: event.Cluster, Settings: &s}, {Kind: event.NodeUp, Node: "n1"}, put, put, put}
	for i := range out {
		out[i].Seq, out[i].Time = uint64(i+1), 1000
	}
	return out
}

// A cluster whose past is shown goes on, and its stream ends at each change of the time.
func TestLiveGoesToThePastAndBack(t *testing.T) {
	f := &fakeCluster{events: fakeEvents()}
	l := NewLive(f)
	follow := func(change func()) {
		t.Helper()
		done := make(chan error)
		begun := make(chan struct{}, 8)
		go func() {
			done <- l.Events(t.Context(), event.Query{Follow: true}, func([]event.Event) error {
				begun <- struct{}{}
				return nil
			})
		}()
		<-begun
		change()
		if err := <-done; !errors.Is(err, tui.ErrRewound) {
			t.Errorf("the stream ended with %v", err)
		}
	}
	heal := func() error { return l.Fault(t.Context(), fault.Fault{Kind: fault.Heal}) }
	follow(func() {
		p, err := l.Rewind(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Progress(); !got.Paused || got.At != got.Length {
			t.Errorf("the past begins with %+v", got)
		}
		p.Step(-2, all)
	})
	if err := heal(); exit.As(err).Exit != exit.Usage || f.healed {
		t.Errorf("the past was changed: %v", err)
	}
	count := 0
	if err := l.Events(t.Context(), event.Query{}, func(e []event.Event) error { count += len(e); return nil }); err != nil ||
		count != len(f.events)-2 {
		t.Errorf("two steps back there are %d events: %v", count, err)
	}
	follow(l.Present)
	if err := heal(); err != nil || !f.healed {
		t.Errorf("the present cannot be changed: %v", err)
	}
}

// A cluster that takes the place while the past of another one is read is shown, and not that past.
// It also ends a past that is shown.
func TestAnotherClusterEndsThePast(t *testing.T) {
	lesson := &fakeCluster{events: fakeEvents()[:2]}
	f := &fakeCluster{events: fakeEvents()}
	l := NewLive(f)
	shown := func() (events int) {
		_ = l.Events(t.Context(), event.Query{}, func(e []event.Event) error { events += len(e); return nil })
		return events
	}
	f.read = func() { l.Use(lesson) }
	if p, err := l.Rewind(t.Context()); !errors.Is(err, errReplaced) || p != nil || l.Past() != nil || shown() != 2 {
		t.Errorf("the past of the cluster before is shown, with %d events (%v)", shown(), err)
	}
	before := l.Generation()
	p, err := l.Rewind(t.Context())
	if err != nil || l.Past() != p {
		t.Fatalf("the past is %v: %v", l.Past(), err)
	}
	f.read = nil
	if l.Use(nil); l.Past() != nil || shown() != len(f.events) || l.Generation() == before {
		t.Errorf("the past stays, with %d events", shown())
	}
	if err := l.Fault(t.Context(), fault.Fault{Kind: fault.Heal}); err != nil || !f.healed {
		t.Errorf("the cluster cannot be changed: %v", err)
	}
}

// A cluster that has forgotten its beginning shows the past with the settings of now, and tells how
// much is missing.
func TestLiveWithoutItsBeginning(t *testing.T) {
	all := fakeEvents()
	f := &fakeCluster{
		events:   append([]event.Event{{Kind: event.Gap, Seq: 2, Time: 1000, Count: 2}}, all[2:]...),
		snapshot: []event.Event{{Kind: event.Cluster, Settings: all[0].Settings, Count: 9}, {Kind: event.NodeUp, Node: "n1"}},
	}
	p, err := NewLive(f).Rewind(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := p.Snapshot(t.Context(), []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	v := view.From(events)
	if v.Node("n1").Status != view.Up || len(v.Key([]byte("a")).Held["n1"][""]) != 1 {
		t.Errorf("the past shows %+v", v.Node("n1"))
	}
	missed := view.New()
	_ = p.Events(t.Context(), event.Query{}, func(e []event.Event) error { missed.ApplyAll(e); return nil })
	if missed.Missed != 2 {
		t.Errorf("%d events are missing, want 2", missed.Missed)
	}
}
