package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/sim"
	"ringside/engine/trace"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/tui"
)

// A playback is a recorded run that is shown as if it happened now, at a speed of
// the viewer's choice. To those who look it is a cluster.
type playback struct {
	events []trace.Event // in the order of their times

	mu     sync.Mutex
	turned chan struct{} // closed and replaced when speed, pause or place changes
	shown  int           // events that were stepped to while paused
	at     time.Duration // of the recording, at anchor
	anchor time.Time
	speed  float64
	paused bool
	result sim.Result
	view   *trace.View // after seen events
	seen   int
}

var (
	_ verbs.Cluster = (*playback)(nil)
	_ tui.Playback  = (*playback)(nil)
)

const (
	// playbackTick is how often time goes on.
	playbackTick = 30 * time.Millisecond
	// Bounds of the speed: one step of a message a second, and an hour a second.
	slowest, fastest = 1.0 / 4096, 4096.0
)

// errRecording is what commands get that would change a recording.
var errRecording = errors.New("this is a recording of a simulated run: it can be looked at, and not be changed")

// record plays a plan and keeps what happens.
func record(p sim.Plan) *playback {
	b := &playback{turned: make(chan struct{}), anchor: time.Now(), speed: 1, view: trace.NewView()}
	b.result = sim.Play(p, func(e trace.Event) {
		e.Seq = uint64(len(b.events) + 1)
		e.Versions = trace.Preview(e.Versions)
		b.events = append(b.events, e)
	})
	b.at = b.events[0].Time
	return b
}

// simScreens shows one run.
func (s *session) simScreens(c *verbs.Call, p sim.Plan) error {
	uses, busiest := map[string]int{}, ""
	for _, o := range p.Ops {
		if uses[o.Key]++; uses[o.Key] > uses[busiest] {
			busiest = o.Key
		}
	}
	b := record(p)
	if err := s.watch(c, b, tui.Options{Key: busiest}); err != nil {
		return err
	}
	if v := b.result.Violations; len(v) > 0 {
		return &verbs.Error{Exit: verbs.ExitExpectation, Code: "property_violated", Message: fmt.Sprintf("seed %d fails, %s: %s", v[0].Seed, v[0].Property, v[0].Detail)}
	}
	return nil
}

// position is the recording's time now; the lock is held.
func (b *playback) position() time.Duration {
	end := b.events[len(b.events)-1].Time
	if b.paused {
		return min(b.at, end)
	}
	return min(b.at+time.Duration(float64(time.Since(b.anchor))*b.speed), end)
}

// happened is how many events there were so far; the lock is held.
func (b *playback) happened() int {
	t := b.position()
	n := sort.Search(len(b.events), func(i int) bool { return b.events[i].Time > t })
	if b.paused {
		return max(b.shown, 0)
	}
	return n
}

// turn changes how time runs, from where it is.
func (b *playback) turn(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.happened()
	b.at, b.anchor = b.position(), time.Now()
	change()
	if b.paused && b.shown < n {
		b.shown = n
	}
	close(b.turned)
	b.turned = make(chan struct{})
}

// TogglePause implements tui.Playback.
func (b *playback) TogglePause() { b.turn(func() { b.paused = !b.paused }) }

// Step implements tui.Playback.
func (b *playback) Step() {
	b.turn(func() {
		n := b.shown
		if !b.paused {
			t := b.at
			n = sort.Search(len(b.events), func(i int) bool { return b.events[i].Time > t })
		}
		b.paused = true
		if b.shown = min(n+1, len(b.events)); b.shown > 0 {
			b.at = b.events[b.shown-1].Time
		}
	})
}

// Speed implements tui.Playback.
func (b *playback) Speed(by int) {
	b.turn(func() {
		for ; by > 0; by-- {
			b.speed = min(2*b.speed, fastest)
		}
		for ; by < 0; by++ {
			b.speed = max(b.speed/2, slowest)
		}
	})
}

// Progress implements tui.Playback.
func (b *playback) Progress() tui.Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	first, end := b.events[0].Time, b.events[len(b.events)-1]
	t := b.position()
	p := tui.Progress{Now: t, At: t - first, Length: end.Time - first, Speed: b.speed, Paused: b.paused}
	if b.happened() == len(b.events) {
		p.Over, p.Failed = end.Message, end.Count > 0
	}
	return p
}

// Events implements verbs.Cluster.
func (b *playback) Events(ctx context.Context, after uint64, follow bool, fn func([]trace.Event) error) error {
	tick := time.NewTicker(playbackTick)
	defer tick.Stop()
	for {
		b.mu.Lock()
		n, turned := b.happened(), b.turned
		b.mu.Unlock()
		if from := int(min(after, uint64(n))); from < n {
			if err := fn(slices.Clone(b.events[from:n])); err != nil {
				return err
			}
			after = uint64(n)
		}
		if !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-turned:
		case <-tick.C:
		}
	}
}

// Snapshot implements verbs.Cluster: what the events so far come to.
func (b *playback) Snapshot(_ context.Context, keys ...[]byte) ([]trace.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := b.happened(); b.seen < n; b.seen++ {
		b.view.Apply(b.events[b.seen])
	}
	v, now := b.view, b.position()
	out := []trace.Event{{Time: now, Kind: trace.Cluster, Settings: &v.Settings}}
	for _, n := range v.Nodes {
		kind := map[trace.NodeStatus]trace.Kind{trace.Up: trace.NodeUp, trace.Down: trace.NodeDown, trace.Paused: trace.NodePaused}[n.Status]
		out = append(out, trace.Event{Time: now, Kind: kind, Node: n.Name}, trace.Event{Time: now, Kind: trace.State, Node: n.Name, State: stateOf(n, v.Nodes)})
		for _, k := range keys {
			out = append(out, trace.Event{Time: now, Kind: trace.Replicas, Node: n.Name, Key: k, Replicas: replicasOf(v, n.Name, k)})
		}
	}
	if v.Groups != nil {
		out = append(out, trace.Event{Time: v.SplitAt, Kind: trace.Split, Groups: v.Groups, OneWay: v.OneWay})
	}
	return out, nil
}

func stateOf(n *trace.Node, all []*trace.Node) *trace.NodeState {
	s := &trace.NodeState{Keys: n.Keys}
	for _, o := range all {
		if h, ok := n.Hints[o.Name]; ok {
			s.Hints = append(s.Hints, h)
		}
		if n.Suspects[o.Name] {
			s.Suspects = append(s.Suspects, o.Name)
		}
	}
	return s
}

func replicasOf(v *trace.View, node string, key []byte) []trace.Replica {
	k := v.Key(key)
	if k == nil {
		return nil
	}
	var out []trace.Replica
	add := func(home string, s vclock.Siblings) {
		if len(s) > 0 {
			out = append(out, trace.Replica{For: home, Versions: s})
		}
	}
	add("", k.Held[node][""])
	for _, o := range v.Nodes {
		add(o.Name, k.Held[node][o.Name])
	}
	return out
}

// Do implements verbs.Cluster.
func (b *playback) Do(context.Context, string, wire.ClientRequest) (wire.ClientReply, error) {
	return nil, &verbs.UsageError{Err: errRecording}
}

// Fault implements verbs.Cluster.
func (b *playback) Fault(context.Context, fault.Fault) error {
	return &verbs.UsageError{Err: errRecording}
}

// Member implements verbs.Cluster.
func (b *playback) Member(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, &verbs.UsageError{Err: errRecording}
}

// Compare implements verbs.Cluster.
func (b *playback) Compare(context.Context, bool, ...trace.Span) ([]trace.Event, error) {
	return nil, &verbs.UsageError{Err: errRecording}
}

// Down implements verbs.Cluster.
func (b *playback) Down(context.Context) error { return &verbs.UsageError{Err: errRecording} }
