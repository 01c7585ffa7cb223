package recording

import (
	"context"
	"sort"
	"sync"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/tui"
)

// A Recording is a cluster of the past, whose events are shown as if they happened now, at a speed
// that the viewer chooses. It is a verbs.Cluster that can be looked at and not changed. Its methods
// may be called by any goroutine.
type Recording struct {
	events  []event.Event
	times   []time.Duration // of the events; an event that came late has the time of the one before
	faults  []time.Duration // times since the first event, of the events that are faults
	flights []flight        // in the order in which they left
	refusal error           // of commands that would change the recording

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
	_ verbs.Cluster = (*Recording)(nil)
	_ tui.Playback  = (*Recording)(nil)
)

const (
	// tick is the time between two looks at how far time has moved.
	tick = 30 * time.Millisecond
	// slowest and fastest bound the speed: one message a second, and an hour a second.
	slowest, fastest = 1.0 / 4096, 4096.0
)

// New returns the recording of events. The first event must be the one with which a cluster
// begins. what says what was recorded, for the error of commands that would change the recording.
// New gives the events new sequence numbers, from 1 on.
func New(events []event.Event, what string) (*Recording, error) {
	if len(events) == 0 || events[0].Kind != event.Cluster || events[0].Settings == nil {
		return nil, errNoBeginning
	}
	r := &Recording{
		events: events, times: make([]time.Duration, len(events)), turned: make(chan struct{}),
		anchor: time.Now(), speed: 1, view: view.New(),
		refusal: usage.Errorf("%s can be looked at and not changed", what),
	}
	for i := range events {
		events[i].Seq = uint64(i + 1)
		r.times[i] = max(events[i].Time, r.times[max(i-1, 0)])
		if events[i].Fault() {
			r.faults = append(r.faults, r.times[i]-r.times[0])
		}
	}
	r.flights = flightsOf(events)
	r.at = r.start()
	return r, nil
}

// errNoBeginning is the error for events that do not begin with those of a new cluster.
var errNoBeginning = usage.Errorf("the events do not begin with a cluster's settings; " +
	"record with: ringside events --json > FILE")

// position returns the time of the recording. The caller holds mu.
func (r *Recording) position() time.Duration {
	if r.paused {
		return r.at
	}
	return min(r.at+time.Duration(float64(time.Since(r.anchor))*r.speed), r.end())
}

// start and end return the times of the first and the last event.
func (r *Recording) start() time.Duration { return r.times[0] }
func (r *Recording) end() time.Duration   { return r.times[len(r.times)-1] }

// happened returns the number of events shown so far. The caller holds mu.
func (r *Recording) happened() int {
	if r.paused {
		return r.shown
	}
	return r.until(r.position())
}

// until returns the number of events up to t.
func (r *Recording) until(t time.Duration) int {
	return sort.Search(len(r.times), func(i int) bool { return r.times[i] > t })
}

// turn changes the speed, the pause or the place, from the present one.
func (r *Recording) turn(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown, r.at, r.anchor = r.happened(), r.position(), time.Now()
	change()
	close(r.turned)
	r.turned = make(chan struct{})
}

// TogglePause implements tui.Playback. A recording that has ended begins again.
func (r *Recording) TogglePause() {
	r.turn(func() {
		if r.shown == len(r.events) {
			r.at, r.paused = r.start(), false
			return
		}
		r.paused = !r.paused
	})
}

// Step implements tui.Playback.
func (r *Recording) Step(by int, shows func(event.Event) bool) {
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
	r.turn(func() { r.paused, r.shown, r.at = true, n, r.times[n-1] })
}

// Skip implements tui.Playback.
func (r *Recording) Skip(by time.Duration) {
	r.turn(func() {
		r.at = min(max(r.at+by, r.start()), r.end())
		r.shown = r.until(r.at)
	})
}

// Speed implements tui.Playback.
func (r *Recording) Speed(by int) {
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
func (r *Recording) Progress() tui.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.position()
	p := tui.Progress{Now: t, At: t - r.start(), Length: r.end() - r.start(), Speed: r.speed, Paused: r.paused,
		Faults: r.faults}
	if r.happened() == len(r.events) {
		p.Over = "nothing more was recorded"
		if last := r.events[len(r.events)-1]; last.Kind == event.RunOver {
			p.Over, p.Failed = last.Message, last.Count > 0
		}
	}
	return p
}

// Events implements verbs.Cluster. A recording leaves out nothing for a screen.
func (r *Recording) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
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
func (r *Recording) Snapshot(_ context.Context, keys ...[]byte) ([]event.Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.happened()
	if r.seen > n {
		r.view, r.seen = view.New(), 0
	}
	for ; r.seen < n; r.seen++ {
		r.view.Apply(r.events[r.seen])
	}
	return r.view.Snapshot(r.position(), keys...), nil
}

// Do implements verbs.Cluster.
func (r *Recording) Do(context.Context, string, wire.ClientRequest) (wire.ClientReply, error) {
	return nil, r.refusal
}

// Fault implements verbs.Cluster.
func (r *Recording) Fault(context.Context, fault.Fault) error {
	return r.refusal
}

// Member implements verbs.Cluster.
func (r *Recording) Member(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, r.refusal
}

// CheckMember implements verbs.Cluster.
func (r *Recording) CheckMember(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, r.refusal
}

// Compare implements verbs.Cluster.
func (r *Recording) Compare(context.Context, bool, ...event.Span) ([]event.Event, error) {
	return nil, r.refusal
}

// Down implements verbs.Cluster.
func (r *Recording) Down(context.Context) error { return r.refusal }
