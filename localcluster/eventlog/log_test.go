package eventlog

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
)

func fill(l *Log, n int) {
	for range n {
		l.Publish(event.Event{Kind: event.Ack})
	}
}

func TestReadResumes(t *testing.T) {
	var l Log
	fill(&l, 10)
	var got []uint64
	collect := func(batch []event.Event) error {
		for _, e := range batch {
			got = append(got, e.Seq)
		}
		return nil
	}
	if err := l.Read(t.Context(), event.Query{After: 7}, collect); err != nil || len(got) != 3 || got[0] != 8 || got[2] != 10 {
		t.Errorf("%v, %v", got, err)
	}
	got = nil
	if err := l.Read(t.Context(), event.Query{After: 10}, collect); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReaderThatFellBehindGetsAGap(t *testing.T) {
	var l Log
	fill(&l, MaxEvents+100)
	var all []event.Event
	if err := l.Read(t.Context(), event.Query{After: 40}, func(batch []event.Event) error {
		all = append(all, batch...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if g := all[0]; g.Kind != event.Gap || g.Count != 60 || g.Seq != 100 {
		t.Errorf("first is %+v", g)
	}
	if g := all[0]; g.Message != "60 events were not delivered" {
		t.Errorf("the gap says %q", g.Message)
	}
	if len(all) != MaxEvents+1 || all[1].Seq != 101 || all[len(all)-1].Seq != MaxEvents+100 {
		t.Errorf("%d events, %d to %d", len(all), all[1].Seq, all[len(all)-1].Seq)
	}
}

// What happened before the log's oldest event is not a loss of a reader that begins at the start.
func TestGapAtTheBeginning(t *testing.T) {
	for _, q := range []event.Query{{}, {Filter: event.Filter{Node: "n1"}}, {Screen: true}} {
		var l Log
		fill(&l, MaxEvents+100)
		var first *event.Event
		if err := l.Read(t.Context(), q, func(batch []event.Event) error {
			if first == nil {
				e := batch[0]
				first = &e
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if first.Kind != event.Gap || first.Count != 100 || first.Seq != 100 ||
			first.Message != "100 earlier events are no longer remembered" {
			t.Errorf("%+v: got %+v", q, first)
		}
	}
}

// A gap does not claim that a reader wanted all events that it counts.
func TestGapOfAFilteredReader(t *testing.T) {
	for _, filter := range []event.Filter{{Kinds: []event.Kind{event.Coordinate}}, {Node: "n1"}, {Key: []byte("k")}} {
		var l Log
		fill(&l, MaxEvents+100)
		var all []event.Event
		if err := l.Read(t.Context(), event.Query{After: 40, Filter: filter}, func(batch []event.Event) error {
			all = append(all, batch...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || all[0].Message != "up to 60 events were not delivered" {
			t.Errorf("%+v: got %+v", filter, all)
		}
	}
}

func TestNumberOfAnEarlierRun(t *testing.T) {
	var l Log
	fill(&l, 3)
	var kinds []event.Kind
	if err := l.Read(t.Context(), event.Query{After: 1000}, func(batch []event.Event) error {
		for _, e := range batch {
			kinds = append(kinds, e.Kind)
		}
		return nil
	}); err != nil || len(kinds) != 4 || kinds[0] != event.Gap {
		t.Errorf("%v, %v", kinds, err)
	}
}

// Publishers do not wait for a reader whose function does not return. The reader later gets a gap.
func TestSlowReaderDelaysNoPublisher(t *testing.T) {
	var l Log
	fill(&l, 1)
	entered, release := make(chan bool), make(chan bool)
	var once sync.Once
	gap := 0
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = l.Read(ctx, event.Query{Follow: true}, func(batch []event.Event) error {
			once.Do(func() { close(entered); <-release })
			for _, e := range batch {
				if e.Kind == event.Gap {
					gap = e.Count
				}
				if e.Seq == 3*MaxEvents {
					cancel()
				}
			}
			return nil
		})
	})
	<-entered
	began := time.Now()
	fill(&l, 3*MaxEvents-1)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("publishing took %v", took)
	}
	close(release)
	wg.Wait()
	if gap != 2*MaxEvents-1+MaxEvents/2 { // it goes on in the middle of what is remembered
		t.Errorf("gap of %d events", gap)
	}
}

func TestFollow(t *testing.T) {
	var l Log
	seen := make(chan uint64, 100)
	done := make(chan error)
	go func() {
		done <- l.Read(t.Context(), event.Query{Follow: true}, func(batch []event.Event) error {
			for _, e := range batch {
				seen <- e.Seq
			}
			return nil
		})
	}()
	for want := range uint64(50) {
		fill(&l, 1)
		if got := <-seen; got != want+1 {
			t.Fatalf("got %d, want %d", got, want+1)
		}
	}
	l.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	stop := errors.New("enough")
	if err := l.Read(t.Context(), event.Query{Follow: true}, func([]event.Event) error { return stop }); err != stop {
		t.Error(err)
	}
}

// A follower receives the past at once, new events at its rate, and what is left of a closed log at
// once.
func TestFollowerHasARate(t *testing.T) {
	var l Log
	fill(&l, MaxEvents)
	const rate, later = 100, 20
	began := time.Now()
	var past, live time.Duration // when the last event of the past came, and the last one before the end
	err := l.Read(t.Context(), event.Query{Follow: true, Rate: rate}, func(batch []event.Event) error {
		switch last := batch[len(batch)-1].Seq; {
		case last < MaxEvents:
		case last == MaxEvents:
			past = time.Since(began)
			fill(&l, 1)
		case last < MaxEvents+later:
			live = time.Since(began)
			fill(&l, 1)
		case last == MaxEvents+later:
			fill(&l, MaxEvents/2)
			l.Close()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pastTime := time.Second * MaxEvents / rate; past > pastTime/2 || time.Since(began) > pastTime/2 {
		t.Errorf("the past came after %v, and all after %v", past, time.Since(began))
	}
	if least := (later - 2) * time.Second / rate; live-past < least {
		t.Errorf("%d events came in %v, want at least %v", later, live-past, least)
	}
}

func TestPublishCutsValues(t *testing.T) {
	var l Log
	l.Publish(event.Event{Kind: event.Stored, Versions: vclock.Siblings{{Value: []byte(strings.Repeat("x", 1<<20))}}})
	kept := 0
	if err := l.Read(t.Context(), event.Query{}, func(batch []event.Event) error {
		kept = len(batch[0].Versions[0].Value)
		return nil
	}); err != nil || kept < event.PreviewLen || kept > event.PreviewLen+3 {
		t.Errorf("an event keeps %d bytes of a value, %v", kept, err)
	}
}

func BenchmarkPublish(b *testing.B) {
	var l Log
	events := make([]event.Event, 8)
	b.ReportAllocs()
	for b.Loop() {
		l.Publish(events...)
	}
}

// Count delivers each selected event once, also far beyond the rate of a follower.
func TestCountDeliversAll(t *testing.T) {
	var l Log
	const rounds, each = 8, MaxEvents / 2
	counted, seen := make(chan int), 0
	go func() {
		defer close(counted)
		_ = l.Count(context.Background(), event.Filter{Kinds: []event.Kind{event.Replied}}, func(batch []event.Event) error {
			for _, e := range batch {
				if e.Kind != event.Replied {
					t.Errorf("event of kind %s", e.Kind)
				}
			}
			seen += len(batch)
			counted <- seen
			return nil
		})
	}()
	events := make([]event.Event, each)
	for i := range events {
		if events[i].Kind = event.Ack; i%2 == 0 {
			events[i].Kind = event.Replied
		}
	}
	for round := range rounds {
		l.Publish(events...)
		for n := range counted {
			if n == (round+1)*each/2 {
				break
			}
		}
	}
	l.Close()
	if n, more := <-counted; more || seen != rounds*each/2 {
		t.Errorf("%d, %v: counted %d events of %d", n, more, seen, rounds*each/2)
	}
}
