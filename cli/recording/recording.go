package recording

import (
	"bytes"
	"context"
	"slices"
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
	*clock  // that of a pair moves two recordings
	side    int
	events  []event.Event // the clock's track of that side
	ending  []event.Event // the snapshot at the end; nil: what the events result in
	flights []flight      // in the order in which they left
	refusal error         // of commands that would change the recording
	view    *view.Cluster // after the first seen events; the clock's mutex guards both
	seen    int
}

var (
	_ verbs.Cluster = (*Recording)(nil)
	_ tui.Playback  = (*Recording)(nil)
)

// tick is the time between two looks at how far time has moved.
const tick = 30 * time.Millisecond

// New returns the recording of events. The first event must be the one with which a cluster
// begins. what says what was recorded, for the error of commands that would change the recording.
// New gives the events new sequence numbers, from 1 on.
func New(events []event.Event, what string) (*Recording, error) {
	if err := number(events); err != nil {
		return nil, err
	}
	c := newClock([2][]event.Event{events}, len(events))
	return newRecording(c, 0, what), nil
}

// NewSession returns the recording of events of a real cluster, paused at its end. There, a
// snapshot is ending, which has the replicas of all keys. what is as for New.
func NewSession(events, ending []event.Event, what string) (*Recording, error) {
	r, err := New(events, what)
	if err != nil {
		return nil, err
	}
	r.ending = slices.Clone(ending)
	r.ending[0].Count = len(events) // which have other sequence numbers now
	r.stop(len(r.moments))
	return r, nil
}

func newRecording(c *clock, side int, what string) *Recording {
	return &Recording{
		clock: c, side: side, events: c.tracks[side], flights: flightsOf(c.tracks[side]), view: view.New(),
		refusal: usage.Errorf("%s can be looked at and not changed", what),
	}
}

// number gives events new sequence numbers. The error is errNoBeginning.
func number(events []event.Event) error {
	if len(events) == 0 || events[0].Kind != event.Cluster || events[0].Settings == nil {
		return errNoBeginning
	}
	for i := range events {
		events[i].Seq = uint64(i + 1)
	}
	return nil
}

// errNoBeginning is the error for events that do not begin with those of a new cluster.
var errNoBeginning = usage.Errorf("the events do not begin with a cluster's settings; " +
	"record with: ringside events --json > FILE")

// happened returns the number of events shown so far. The caller holds mu.
func (r *Recording) happened() int { return r.upTo(r.passed(), r.side) }

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

// Snapshot implements verbs.Cluster: it returns the state that the events so far result in, or that
// was recorded at the end.
func (r *Recording) Snapshot(_ context.Context, keys ...[]byte) ([]event.Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.happened()
	if r.ending != nil && n == len(r.events) {
		return endingOf(r.ending, keys), nil
	}
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

// endingOf returns a snapshot without the replicas of other keys.
func endingOf(snapshot []event.Event, keys [][]byte) []event.Event {
	return slices.DeleteFunc(slices.Clone(snapshot), func(e event.Event) bool {
		return e.Kind == event.Replicas && !slices.ContainsFunc(keys, func(k []byte) bool { return bytes.Equal(k, e.Key) })
	})
}
