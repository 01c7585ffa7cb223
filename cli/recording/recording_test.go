package recording

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"ringside/cli/exit"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/tui"
)

// played returns the recording of a simulated run.
func played(t *testing.T, p plan.Plan) *Recording {
	t.Helper()
	var events []event.Event
	player := sim.Player{Watch: func(e event.Event) {
		e.Versions = event.Preview(e.Versions)
		events = append(events, e)
	}}
	player.Play(p)
	r, err := New(events, "this recording")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// all shows every event.
func all(event.Event) bool { return true }

// The snapshot of a recording at its end is the result of the run.
func TestPlayback(t *testing.T) {
	b := played(t, plan.New(plan.Options{Seed: 4, Ops: 40, Nodes: 5, N: 3, Faults: []string{"crash", "partition"}}))
	b.TogglePause()
	b.Step(+1, all)
	b.Step(+1, all)
	count := func() int {
		n := 0
		if err := b.Events(t.Context(), event.Query{}, func(e []event.Event) error { n += len(e); return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	if b.Step(+1, all); count() != before+1 || !b.Progress().Paused {
		t.Errorf("a step went from %d to %d events", before, count())
	}
	b.Step(len(b.events), all)
	key := []byte("key0")
	events, err := b.Snapshot(t.Context(), key)
	if err != nil || count() != len(b.events) || b.Progress().At != b.Progress().Length {
		t.Fatalf("%v: %d of %d events, %+v", err, count(), len(b.events), b.Progress())
	}
	v := view.From(events)
	if v.Hints() != 0 || len(v.Groups) > 0 || !v.Converged(key) || len(v.Nodes) != 5 {
		t.Errorf("at its end: %d hints, split %v, %s", v.Hints(), v.Groups, v.Blocking(key))
	}
	for _, err := range []error{b.Fault(t.Context(), fault.Fault{Kind: fault.Heal}), b.Down(t.Context())} {
		if exit.As(err).Exit != exit.Usage {
			t.Errorf("a recording was changed: %v", err)
		}
	}
	if _, err := b.Do(t.Context(), "n1", wire.GetRequest{}); exit.As(err).Exit != exit.Usage {
		t.Errorf("a recording took a request: %v", err)
	}
}

// A recording that goes back shows the same as before, and a follower learns of it.
func TestPlaybackGoesBack(t *testing.T) {
	b := played(t, plan.New(plan.Options{Seed: 4, Ops: 40, Nodes: 5, N: 3, Faults: []string{"crash", "partition"}}))
	if b.TogglePause(); b.Progress().Paused != true {
		t.Fatalf("%+v", b.Progress())
	}
	b.Skip(b.Progress().Length / 2)
	b.Step(0, all) // at the time of an event
	shown := func() (int, string) {
		events, err := b.Snapshot(t.Context(), []byte("key0"))
		text, _ := json.Marshal(events)
		if err != nil {
			t.Fatal(err)
		}
		return b.shown, string(text)
	}
	n, then := shown()
	if b.Step(+30, all); n < 10 {
		t.Fatalf("%d of %d events half way", n, len(b.events))
	}
	seen := 0
	err := b.Events(t.Context(), event.Query{Follow: true}, func(e []event.Event) error {
		if seen += len(e); seen == n+30 {
			b.Step(-30, all)
		}
		return nil
	})
	if back, now := shown(); !errors.Is(err, tui.ErrRewound) || seen != n+30 || back != n || now != then {
		t.Errorf("error %v after %d events; %d are shown, want %d:\n%s\nwant\n%s", err, seen, back, n, now, then)
	}
	// A step goes from one event to the next that is shown, and back the same way.
	crashed := func(e event.Event) bool { return e.Kind == event.NodeDown }
	b.Step(+2, crashed)
	if last := b.events[b.shown-1]; !crashed(last) || b.shown == len(b.events) {
		t.Errorf("a step to a crash went to %s, event %d", last.Kind, b.shown)
	}
	if b.Step(-1, crashed); !crashed(b.events[b.shown]) {
		t.Errorf("a step back from a crash went behind %s", b.events[b.shown].Kind)
	}
	b.Skip(-time.Hour)
	if b.Step(-5, all); b.shown < 1 || b.Progress().At != 0 {
		t.Errorf("before its beginning: %d events, %+v", b.shown, b.Progress())
	}
	b.Skip(time.Hour)
	if p := b.Progress(); p.At != p.Length || p.Over == "" || b.shown != len(b.events) {
		t.Errorf("after its end: %d events, %+v", b.shown, p)
	}
	if b.TogglePause(); b.Progress().Paused || b.Progress().At > b.Progress().Length/2 {
		t.Errorf("space at the end: %+v", b.Progress())
	}
}

// Time runs at the chosen speed, and a change of speed loses nothing.
func TestPlaybackSpeed(t *testing.T) {
	b := played(t, plan.New(plan.Options{Seed: 4, Ops: 20, Nodes: 3, Faults: []string{}}))
	b.Speed(+100)
	if got := b.Progress().Speed; got != fastest {
		t.Errorf("speed %v", got)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	next := uint64(1)
	_ = b.Events(ctx, event.Query{Follow: true}, func(events []event.Event) error {
		for _, e := range events {
			if e.Seq != next {
				t.Errorf("event %d came for %d", e.Seq, next)
			}
			next = e.Seq + 1
		}
		if int(next) > len(b.events) {
			stop()
		}
		return nil
	})
	if int(next) != len(b.events)+1 {
		t.Errorf("%d of %d events in a minute", next-1, len(b.events))
	}
}

// A snapshot of any moment of a run gives a new view the state of that moment.
func TestSnapshotIsTheState(t *testing.T) {
	r := played(t, plan.New(plan.Options{Seed: 11, Ops: 120, Nodes: 5, N: 3, Keys: 3,
		Faults: []string{"crash", "partition", "pause", "join", "leave", "slow-links"}}))
	v := view.New()
	for i, e := range r.events {
		v.Apply(e)
		if i%97 != 0 && i != len(r.events)-1 {
			continue
		}
		var keys [][]byte
		for _, k := range v.Keys() {
			keys = append(keys, k.Key)
		}
		got := view.From(v.Snapshot(e.Time, keys...))
		if a, b := stateText(got), stateText(v); a != b {
			t.Fatalf("after event %d the snapshot gives\n%s\nnot\n%s", i, a, b)
		}
	}
}

// stateText returns what a snapshot has of a view.
func stateText(v *view.Cluster) string {
	held := map[string]map[string]map[string]string{}
	for _, k := range v.Keys() {
		for node, roles := range k.Held {
			for role, versions := range roles {
				if len(versions) == 0 || v.Node(node) == nil {
					continue
				}
				if held[string(k.Key)] == nil {
					held[string(k.Key)] = map[string]map[string]string{}
				}
				if held[string(k.Key)][node] == nil {
					held[string(k.Key)][node] = map[string]string{}
				}
				held[string(k.Key)][node][role] = versions.String()
			}
		}
	}
	var nodes []view.Node
	for _, n := range v.Nodes {
		c := *n
		c.Load, c.Roots = view.Rate{}, nil
		if len(c.Oversized) == 0 {
			c.Oversized = nil
		}
		nodes = append(nodes, c)
	}
	faults := v.Faults
	if faults.Groups == nil {
		faults.SplitAt = 0 // of a split that is over
	}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%v", v.Settings, nodes, faults, held)
}

func TestNewRefusesEventsWithoutABeginning(t *testing.T) {
	for _, events := range [][]event.Event{nil, {{Kind: event.Gap, Count: 3}}, {{Kind: event.Cluster}}} {
		if _, err := New(events, "it"); exit.As(err).Exit != exit.Usage {
			t.Errorf("%v: %v", events, err)
		}
	}
}
