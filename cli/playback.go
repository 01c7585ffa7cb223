package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/sim"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/tui"
)

// A playback is a recorded run that is shown as if it happened now, at a speed of
// the viewer's choice. To those who look it is a cluster.
type playback struct {
	events []event.Event // in the order of their times

	mu     sync.Mutex
	turned chan struct{} // closed and replaced when speed, pause or place changes
	shown  int           // events so far, while paused
	at     time.Duration // of the recording, at anchor
	anchor time.Time
	speed  float64
	paused bool
	result sim.Result
	view   *view.Cluster // after seen events
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
	b := &playback{turned: make(chan struct{}), anchor: time.Now(), speed: 1, view: view.New()}
	b.result = sim.Play(p, func(e event.Event) {
		e.Seq = uint64(len(b.events) + 1)
		e.Versions = event.Preview(e.Versions)
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
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated", Message: fmt.Sprintf("seed %d fails, %s: %s", v[0].Seed, v[0].Property, v[0].Detail)}
	}
	return nil
}

// position is the recording's time now; the lock is held.
func (b *playback) position() time.Duration {
	if b.paused {
		return b.at
	}
	return min(b.at+time.Duration(float64(time.Since(b.anchor))*b.speed), b.end())
}

func (b *playback) start() time.Duration { return b.events[0].Time }
func (b *playback) end() time.Duration   { return b.events[len(b.events)-1].Time }

// happened is how many events there were so far; the lock is held.
func (b *playback) happened() int {
	if b.paused {
		return b.shown
	}
	return b.until(b.position())
}

// until is how many events there are up to t.
func (b *playback) until(t time.Duration) int {
	return sort.Search(len(b.events), func(i int) bool { return b.events[i].Time > t })
}

// turn changes how time runs, from where it is.
func (b *playback) turn(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown, b.at, b.anchor = b.happened(), b.position(), time.Now()
	change()
	close(b.turned)
	b.turned = make(chan struct{})
}

// TogglePause implements tui.Playback. What is over begins again.
func (b *playback) TogglePause() {
	b.turn(func() {
		if b.shown == len(b.events) {
			b.at, b.paused = b.start(), false
			return
		}
		b.paused = !b.paused
	})
}

// Step implements tui.Playback.
func (b *playback) Step(by int, shows func(event.Event) bool) {
	b.mu.Lock()
	n := b.happened()
	b.mu.Unlock()
	for ; by > 0; by-- {
		for n < len(b.events) && !shows(b.events[n]) {
			n++
		}
		n = min(n+1, len(b.events))
	}
	for ; by < 0 && n > 1; by++ {
		for n--; n > 1 && !shows(b.events[n]); n-- {
		}
	}
	b.turn(func() { b.paused, b.shown, b.at = true, n, b.events[n-1].Time })
}

// Skip implements tui.Playback.
func (b *playback) Skip(by time.Duration) {
	b.turn(func() {
		b.at = min(max(b.at+by, b.start()), b.end())
		b.shown = b.until(b.at)
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
	t := b.position()
	p := tui.Progress{Now: t, At: t - b.start(), Length: b.end() - b.start(), Speed: b.speed, Paused: b.paused}
	if b.happened() == len(b.events) {
		over := b.events[len(b.events)-1]
		p.Over, p.Failed = over.Message, over.Count > 0
	}
	return p
}

// Events implements verbs.Cluster.
func (b *playback) Events(ctx context.Context, after uint64, follow bool, fn func([]event.Event) error) error {
	tick := time.NewTicker(playbackTick)
	defer tick.Stop()
	for {
		b.mu.Lock()
		n, turned := b.happened(), b.turned
		b.mu.Unlock()
		if uint64(n) < after && follow {
			return tui.ErrRewound
		}
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
func (b *playback) Snapshot(_ context.Context, keys ...[]byte) ([]event.Event, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.happened()
	if b.seen > n {
		b.view, b.seen = view.New(), 0
	}
	for ; b.seen < n; b.seen++ {
		b.view.Apply(b.events[b.seen])
	}
	v, now := b.view, b.position()
	out := []event.Event{{Time: now, Kind: event.Cluster, Settings: &v.Settings}}
	for _, n := range v.Nodes {
		kind := map[view.Status]event.Kind{view.Up: event.NodeUp, view.Down: event.NodeDown, view.Paused: event.NodePaused}[n.Status]
		out = append(out, event.Event{Time: now, Kind: kind, Node: n.Name, Message: n.Reason},
			event.Event{Time: now, Kind: event.State, Node: n.Name, State: stateOf(n, v.Nodes)})
		for _, k := range keys {
			out = append(out, event.Event{Time: now, Kind: event.Replicas, Node: n.Name, Key: k, Replicas: replicasOf(v, n.Name, k)})
		}
	}
	if v.Groups != nil {
		out = append(out, event.Event{Time: v.SplitAt, Kind: event.Split, Groups: v.Groups, OneWay: v.OneWay,
			Delay: v.SplitFor})
	}
	return out, nil
}

func stateOf(n *view.Node, all []*view.Node) *event.NodeState {
	s := &event.NodeState{Keys: n.Keys}
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

func replicasOf(v *view.Cluster, node string, key []byte) []event.Replica {
	k := v.Key(key)
	if k == nil {
		return nil
	}
	var out []event.Replica
	add := func(home string, s vclock.Siblings) {
		if len(s) > 0 {
			out = append(out, event.Replica{For: home, Versions: s})
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
	return nil, &usage.Error{Err: errRecording}
}

// Fault implements verbs.Cluster.
func (b *playback) Fault(context.Context, fault.Fault) error {
	return &usage.Error{Err: errRecording}
}

// Member implements verbs.Cluster.
func (b *playback) Member(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, &usage.Error{Err: errRecording}
}

// CheckMember implements verbs.Cluster.
func (b *playback) CheckMember(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, &usage.Error{Err: errRecording}
}

// Compare implements verbs.Cluster.
func (b *playback) Compare(context.Context, bool, ...event.Span) ([]event.Event, error) {
	return nil, &usage.Error{Err: errRecording}
}

// Down implements verbs.Cluster.
func (b *playback) Down(context.Context) error { return &usage.Error{Err: errRecording} }
