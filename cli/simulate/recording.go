package simulate

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/tui"
)

// A recording is a run whose events are shown as if they happened now, at a speed that the viewer
// chooses. It is a verbs.Cluster that can be looked at and not changed.
type recording struct {
	events []event.Event // in the order of their times; the first one exists
	result sim.Result

	mu     sync.Mutex    // guards the rest
	turned chan struct{} // closed and replaced when the speed, the pause or the place changes
	shown  int           // events shown, while paused
	at     time.Duration // the time of the recording at anchor
	anchor time.Time
	speed  float64
	paused bool
	view   *view.Cluster // after the first seen events
	seen   int
}

var (
	_ verbs.Cluster = (*recording)(nil)
	_ tui.Playback  = (*recording)(nil)
)

const (
	// tick is the time between two looks at how far time has moved.
	tick = 30 * time.Millisecond
	// slowest and fastest bound the speed: one message a second, and an hour a second.
	slowest, fastest = 1.0 / 4096, 4096.0
)

// errRecording is the error of commands that would change a recording.
var errRecording = usage.Errorf("this is a recording of a simulated run: it can be looked at and not changed")

// record plays a plan and keeps its events.
func record(p plan.Plan) *recording {
	r := &recording{turned: make(chan struct{}), anchor: time.Now(), speed: 1, view: view.New()}
	player := sim.Player{Watch: func(e event.Event) {
		e.Seq = uint64(len(r.events) + 1)
		e.Versions = event.Preview(e.Versions)
		r.events = append(r.events, e)
	}}
	r.result, _ = player.Play(p)
	r.at = r.events[0].Time
	return r
}

// showOnScreens plays a plan and shows the recording. The busiest key is shown first.
func (r *runner) showOnScreens(p plan.Plan) error {
	uses, busiest := map[string]int{}, ""
	for _, o := range p.Ops {
		if uses[o.Key]++; uses[o.Key] > uses[busiest] {
			busiest = o.Key
		}
	}
	rec := record(p)
	if err := r.screens(rec, busiest); err != nil {
		return err
	}
	if v := rec.result.Violations; len(v) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated",
			Message: fmt.Sprintf("seed %d fails, %s: %s", v[0].Seed, v[0].Property, v[0].Detail)}
	}
	return nil
}

// position returns the time of the recording. The caller holds mu.
func (r *recording) position() time.Duration {
	if r.paused {
		return r.at
	}
	return min(r.at+time.Duration(float64(time.Since(r.anchor))*r.speed), r.end())
}

// start and end return the times of the first and the last event.
func (r *recording) start() time.Duration { return r.events[0].Time }
func (r *recording) end() time.Duration   { return r.events[len(r.events)-1].Time }

// happened returns the number of events shown so far. The caller holds mu.
func (r *recording) happened() int {
	if r.paused {
		return r.shown
	}
	return r.until(r.position())
}

// until returns the number of events up to t.
func (r *recording) until(t time.Duration) int {
	return sort.Search(len(r.events), func(i int) bool { return r.events[i].Time > t })
}

// turn changes the speed, the pause or the place, from the present one.
func (r *recording) turn(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown, r.at, r.anchor = r.happened(), r.position(), time.Now()
	change()
	close(r.turned)
	r.turned = make(chan struct{})
}

// TogglePause implements tui.Playback. A recording that has ended begins again.
func (r *recording) TogglePause() {
	r.turn(func() {
		if r.shown == len(r.events) {
			r.at, r.paused = r.start(), false
			return
		}
		r.paused = !r.paused
	})
}

// Step implements tui.Playback.
func (r *recording) Step(by int, shows func(event.Event) bool) {
	r.mu.Lock()
	n := r.happened()
	r.mu.Unlock()
	for ; by > 0; by-- {
		for n < len(r.events) && !shows(r.events[n]) {
			n++
		}
		n = min(n+1, len(r.events))
	}
	for ; by < 0 && n > 1; by++ {
		for n--; n > 1 && !shows(r.events[n]); n-- {
		}
	}
	r.turn(func() { r.paused, r.shown, r.at = true, n, r.events[n-1].Time })
}

// Skip implements tui.Playback.
func (r *recording) Skip(by time.Duration) {
	r.turn(func() {
		r.at = min(max(r.at+by, r.start()), r.end())
		r.shown = r.until(r.at)
	})
}

// Speed implements tui.Playback.
func (r *recording) Speed(by int) {
	r.turn(func() {
		for ; by > 0; by-- {
			r.speed = min(2*r.speed, fastest)
		}
		for ; by < 0; by++ {
			r.speed = max(r.speed/2, slowest)
		}
	})
}

// Progress implements tui.Playback.
func (r *recording) Progress() tui.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.position()
	p := tui.Progress{Now: t, At: t - r.start(), Length: r.end() - r.start(), Speed: r.speed, Paused: r.paused}
	if r.happened() == len(r.events) {
		over := r.events[len(r.events)-1]
		p.Over, p.Failed = over.Message, over.Count > 0
	}
	return p
}

// Events implements verbs.Cluster. A recording leaves out nothing for a screen.
func (r *recording) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	after := q.After
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		r.mu.Lock()
		n, turned := r.happened(), r.turned
		r.mu.Unlock()
		if uint64(n) < after && q.Follow {
			return tui.ErrRewound
		}
		if from := int(min(after, uint64(n))); from < n {
			if batch := q.Of(r.events[from:n]); len(batch) > 0 {
				if err := fn(batch); err != nil {
					return err
				}
			}
			after = uint64(n)
		}
		if !q.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-turned:
		case <-ticker.C:
		}
	}
}

// Snapshot implements verbs.Cluster: it returns the state that the events so far result in.
func (r *recording) Snapshot(_ context.Context, keys ...[]byte) ([]event.Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.happened()
	if r.seen > n {
		r.view, r.seen = view.New(), 0
	}
	for ; r.seen < n; r.seen++ {
		r.view.Apply(r.events[r.seen])
	}
	v, now := r.view, r.position()
	out := []event.Event{{Time: now, Kind: event.Cluster, Settings: &v.Settings}}
	for _, n := range v.Nodes {
		kind := map[view.Status]event.Kind{view.Up: event.NodeUp, view.Down: event.NodeDown,
			view.Paused: event.NodePaused}[n.Status]
		out = append(out, event.Event{Time: now, Kind: kind, Node: n.Name, Message: n.Reason},
			event.Event{Time: now, Kind: event.State, Node: n.Name, State: stateOf(n, v.Nodes)})
		for _, k := range keys {
			out = append(out, event.Event{Time: now, Kind: event.Replicas, Node: n.Name, Key: k, Replicas: replicasOf(v,
				n.Name, k)})
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
func (r *recording) Do(context.Context, string, wire.ClientRequest) (wire.ClientReply, error) {
	return nil, errRecording
}

// Fault implements verbs.Cluster.
func (r *recording) Fault(context.Context, fault.Fault) error {
	return errRecording
}

// Member implements verbs.Cluster.
func (r *recording) Member(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, errRecording
}

// CheckMember implements verbs.Cluster.
func (r *recording) CheckMember(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, errRecording
}

// Compare implements verbs.Cluster.
func (r *recording) Compare(context.Context, bool, ...event.Span) ([]event.Event, error) {
	return nil, errRecording
}

// Down implements verbs.Cluster.
func (r *recording) Down(context.Context) error { return errRecording }
