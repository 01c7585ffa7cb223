package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muesli/termenv"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/tui/theme"
)

// A fakeCluster is a Source with given events.
type fakeCluster struct {
	mu     sync.Mutex
	events []event.Event
	broken bool // calls of Events with follow fail
}

func (f *fakeCluster) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	s := settings.Cluster{Name: "fake", Nodes: []string{"n4", "n5", "n2"}, N: 3, R: 2, W: 2, Strategy: 3, Q: 60}
	return []event.Event{
		{Time: time.Hour, Kind: event.Cluster, Settings: &s}, {Time: time.Hour, Kind: event.NodeUp, Node: "n4"},
	}, nil
}

func (f *fakeCluster) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	f.mu.Lock()
	var out []event.Event
	for _, e := range f.events {
		if e.Seq > q.After {
			out = append(out, e)
		}
	}
	broken := q.Follow && f.broken
	f.mu.Unlock()
	if err := fn(out); err != nil || !q.Follow {
		return err
	}
	if broken {
		return errors.New("read: broken pipe")
	}
	<-ctx.Done()
	return ctx.Err()
}

// repair lets the calls of Events from now on succeed.
func (f *fakeCluster) repair() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = false
}

// An output is a writer that can be read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

// waitFor waits until the output has a text.
func (o *output) waitFor(t *testing.T, want string) {
	t.Helper()
	for range 3000 { // 30 s, because a busy machine draws late
		o.mu.Lock()
		ok := strings.Contains(o.b.String(), want)
		o.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %q on the screen", want)
}

func TestRunStartsAndQuits(t *testing.T) {
	in, keys := io.Pipe()
	out := &output{}
	done := make(chan error)
	up := event.Event{Seq: 1, Time: time.Hour, Kind: event.NodeUp, Node: "n4", Addr: "127.0.0.1:1"}
	exec := func(context.Context, string) (string, int) { return "done it", 0 }
	cluster := &fakeCluster{events: []event.Event{up}, broken: true}
	o := Options{Cluster: cluster, Exec: exec, Key: "cart"}
	go func() { done <- Run(t.Context(), in, out, o) }()
	out.waitFor(t, "ringside ▸ fake")
	out.waitFor(t, "does not answer") // the stream breaks until a frame has said so
	cluster.repair()
	_, _ = io.WriteString(keys, "heal\r")
	out.waitFor(t, "done it")
	_, _ = io.WriteString(keys, "\x03")
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("quitting gave %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("ctrl+c does not quit")
	}
	s := out.b.String()
	if cursor := strings.LastIndex(s, "\x1b[?25"); !strings.Contains(s, "\x1b[?1049l") || s[cursor:cursor+6] != "\x1b[?25h" {
		t.Error("the terminal is not restored")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{}
	done := make(chan error)
	in, _ := io.Pipe()
	go func() { done <- Run(ctx, in, out, Options{Cluster: &fakeCluster{}}) }()
	out.waitFor(t, "ringside ▸ fake")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestRunSurvivesAPanic(t *testing.T) {
	in, _ := io.Pipe()
	err := Run(t.Context(), in, &output{}, Options{Cluster: &panicky{}})
	if err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("ended with %v", err)
	}
}

type panicky struct{ fakeCluster }

func (*panicky) Events(context.Context, event.Query, func([]event.Event) error) error {
	panic("oh no")
}

// One operation is one second of a busy cluster: 10,000 events in 30 frames, of which no cluster
// leaves out any. A frame with its events must take less than half of a frame's time.
func BenchmarkBusySecond(b *testing.B) {
	for _, nodes := range []int{5, 100} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) { busySecond(b, nodes) })
	}
}

func busySecond(b *testing.B, nodes int) {
	th := theme.New(io.Discard, false, false)
	th.SetProfile(termenv.TrueColor)
	s := startScene(nodes, Options{Key: "cart"}, th)
	s.resize(120, 36)
	s.View()
	const frames = 30
	var longest time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		events := busyEvents(nodes)
		b.StartTimer()
		for f := range frames {
			began := time.Now()
			part := events[f*len(events)/frames : (f+1)*len(events)/frames]
			s.add(part...)
			s.take()
			if s.View() == "" {
				b.Fatal("no frame")
			}
			longest = max(longest, time.Since(began))
		}
		s.Update(secondMsg{})
	}
	b.ReportMetric(float64(s.frames)/float64(b.N), "frames/op")
	b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
}

// busyEvents returns 10,000 events of puts at all nodes, of some keys.
func busyEvents(nodes int) []event.Event {
	events := make([]event.Event, 0, 10_000)
	for i := range cap(events) {
		put := i / 5
		at, peer, key := fmt.Sprintf("n%d", put%nodes+1), fmt.Sprintf("n%d", (put+1)%nodes+1), cart
		if put%10 > 0 {
			key = fmt.Appendf(nil, "key-%d", put)
		}
		v := vclock.Siblings{version(at, uint64(i+1), "value")}
		kinds := []event.Event{
			{Kind: event.Requested, Node: at, Key: key, Op: "put"},
			{Kind: event.Coordinate, Node: at, Key: key, Versions: v},
			{Kind: event.Stored, Node: peer, Key: key, Versions: v},
			{Kind: event.Ack, Node: at, Peer: peer, Key: key},
			{Kind: event.Replied, Node: at, Op: "put", Key: key, Versions: v, Elapsed: time.Millisecond},
		}
		e := kinds[i%len(kinds)]
		e.Request = uint64(put + 1)
		events = append(events, e)
	}
	return events
}

// One operation is one second in which nothing happens: times and rates on the screen move on.
func BenchmarkIdleSecond(b *testing.B) {
	for _, nodes := range []int{5, 100} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			th := theme.New(io.Discard, false, false)
			th.SetProfile(termenv.TrueColor)
			s := startScene(nodes, Options{Key: "cart"}, th)
			s.resize(120, 36)
			s.View()
			b.ReportAllocs()
			for b.Loop() {
				s.at += time.Second
				s.Update(secondMsg{})
				s.View()
			}
		})
	}
}

// The ring is the most expensive pane. It is drawn when nodes or faults change.
func BenchmarkRing(b *testing.B) {
	for _, nodes := range []int{5, 100} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			th := theme.New(io.Discard, false, false)
			th.SetProfile(termenv.TrueColor)
			s := startScene(nodes, Options{Key: "cart"}, th)
			s.resize(120, 36)
			s.View()
			for b.Loop() {
				s.signature = ""
				s.draw(ringPane, nil)
			}
		})
	}
}
