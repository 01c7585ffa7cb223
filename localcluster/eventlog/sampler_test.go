package eventlog

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/event"
)

// request returns the events of one put at a time.
func request(id uint64, at time.Duration) []event.Event {
	e := event.Event{Time: at, Node: "n1", Request: id, Key: []byte("k")}
	out := make([]event.Event, 0, 5)
	for _, kind := range []event.Kind{event.Requested, event.Coordinate, event.Stored, event.Ack, event.Replied} {
		e.Kind, e.Count = kind, 0
		if kind == event.Stored {
			e.Count = 1
		}
		out = append(out, e)
	}
	return out
}

// read returns what a query reads of a log.
func read(t rapid.TB, l *Log, q event.Query) (out []event.Event) {
	if err := l.Read(context.Background(), q, func(batch []event.Event) error {
		out = append(out, batch...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// sample follows a log with the query of a screen, and closes the log when all was published.
func sample(t rapid.TB, events []event.Event) (out []event.Event) {
	var l Log
	l.Publish(events...)
	l.Close()
	return read(t, &l, event.Query{Follow: true, Screen: true})
}

// The stream of a screen has each event, or counts the event in a Summary. The numbers go up, and
// events of kinds that are not frequent all come.
func TestScreenCountsWhatItLeavesOut(t *testing.T) {
	kinds := []event.Kind{
		event.Requested, event.Stored, event.HintStored, event.HintDelivered, event.Replied, event.Dropped,
		event.NodeUp, event.NodeDown, event.Suspect, event.State, event.Heal, event.LWWLost,
	}
	rapid.Check(t, func(t *rapid.T) {
		n, step := rapid.IntRange(0, 3000).Draw(t, "events"), rapid.IntRange(1, 4000).Draw(t, "µs between events")
		rng := rapid.Uint64().Draw(t, "seed")
		events := make([]event.Event, n)
		rare := 0
		for i := range events {
			rng = rng*6364136223846793005 + 1442695040888963407
			e := event.Event{Time: time.Hour + time.Duration(i*step)*time.Microsecond, Kind: kinds[rng>>33%uint64(len(kinds))],
				Node: fmt.Sprintf("n%d", rng>>40%3), Request: rng >> 50 % 100, Count: int(rng >> 60 % 2)}
			if !e.Kind.Frequent() {
				rare++
			}
			events[i] = e
		}
		covered, last := 0, uint64(0)
		for _, e := range sample(t, events) {
			if e.Seq <= last {
				t.Fatalf("event %d after %d", e.Seq, last)
			}
			last = e.Seq
			switch {
			case e.Kind == event.Summary:
				sum := 0
				for _, tally := range e.LeftOut {
					sum += tally.Count
				}
				if sum != e.Count || e.Count == 0 {
					t.Fatalf("%d events were left out, and %d are counted", e.Count, sum)
				}
				covered += e.Count
				continue
			case !e.Kind.Frequent():
				rare--
			}
			covered++
		}
		if covered != n || rare != 0 {
			t.Fatalf("%d of %d events are covered; %d rare ones are missing", covered, n, rare)
		}
	})
}

// Nothing is left out at the pace of people's own commands. At full load, requests are shown whole
// or not at all, within the rate.
func TestScreenShowsWholeRequests(t *testing.T) {
	for _, tt := range []struct {
		every time.Duration // between two requests
		whole bool
	}{{100 * time.Millisecond, true}, {12 * time.Millisecond, true}, {100 * time.Microsecond, false}} {
		var events []event.Event
		const requests = 2000
		for id := range uint64(requests) {
			events = append(events, request(id+1, time.Hour+time.Duration(id)*tt.every)...)
		}
		shown := map[uint64]int{}
		kept := 0
		for _, e := range sample(t, events) {
			if e.Kind != event.Summary {
				shown[e.Request]++
				kept++
			}
		}
		if tt.whole && len(shown) != requests {
			t.Errorf("every %v: %d of %d requests are shown", tt.every, len(shown), requests)
		}
		limit := screenBurst + ScreenRate*requests*int(tt.every)/int(time.Second) + 10
		if !tt.whole && (kept > limit || kept < limit/2) {
			t.Errorf("every %v: %d events are shown, want about %d", tt.every, kept, limit)
		}
		for id, n := range shown {
			if n != 5 {
				t.Errorf("every %v: request %d is shown with %d events of 5", tt.every, id, n)
				break
			}
		}
	}
}

// A screen that opens receives the newest events whole and counts the older ones.
func TestScreenOpensWithTheNewest(t *testing.T) {
	var l Log
	for id := range uint64(1000) {
		l.Publish(request(id+1, time.Hour)...)
	}
	out := read(t, &l, event.Query{Screen: true})
	if len(out) != screenPast+1 || out[0].Kind != event.Summary || out[0].Count != 5*1000-screenPast {
		t.Errorf("%d events, the first is %+v", len(out), out[0])
	}
}

// A query reads only the events that it selects, and each gap.
func TestReadFilters(t *testing.T) {
	var l Log
	fill(&l, MaxEvents)
	for id := range uint64(3) {
		l.Publish(request(id+1, time.Hour)...)
	}
	for name, tt := range map[string]struct {
		filter event.Filter
		want   int
	}{
		"kinds":   {event.Filter{Kinds: []event.Kind{event.Stored, event.Replied}}, 6},
		"node":    {event.Filter{Node: "n1"}, 15},
		"key":     {event.Filter{Key: []byte("k"), Kinds: []event.Kind{event.Ack}}, 3},
		"request": {event.Filter{Request: 2}, 5},
		"none":    {event.Filter{Node: "n9"}, 0},
	} {
		out := read(t, &l, event.Query{Filter: tt.filter})
		if out[0].Kind != event.Gap || out[0].Count != 15 || len(out) != tt.want+1 {
			t.Errorf("%s: %d events and first %+v, want %d after a gap of 15", name, len(out)-1, out[0], tt.want)
		}
	}
}

// BenchmarkRead reads the newest events at full load: all, a few kinds, and as a screen does.
func BenchmarkRead(b *testing.B) {
	var l Log
	for id := range uint64(MaxEvents / 5) {
		l.Publish(request(id+1, time.Hour+time.Duration(id)*50*time.Microsecond)...)
	}
	l.Close()
	for name, q := range map[string]event.Query{
		"all":    {},
		"kind":   {Filter: event.Filter{Kinds: []event.Kind{event.NodeDown}}},
		"screen": {Follow: true, Screen: true},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Read(b.Context(), q, func([]event.Event) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/MaxEvents, "ns/event")
		})
	}
}
