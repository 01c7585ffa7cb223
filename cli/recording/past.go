package recording

import (
	"context"
	"sync"

	"ringside/cli/fresh"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/tui"
)

// A Live is a running cluster whose past can be looked at. Until Rewind it is the cluster itself.
// From then on it is the recording of what the cluster remembers, until Present. The cluster runs
// on meanwhile. The methods may be called by any goroutine.
type Live struct {
	*fresh.Cluster               // what is shown now
	own            verbs.Cluster // the cluster of NewLive

	mu      sync.Mutex
	running verbs.Cluster // own, or the cluster of Use
}

var (
	_ verbs.Cluster = (*Live)(nil)
	_ tui.Rewinder  = (*Live)(nil)
)

// NewLive returns c, in the present.
func NewLive(c verbs.Cluster) *Live { return &Live{Cluster: fresh.New(c), own: c, running: c} }

// Rewind implements tui.Rewinder. The recording begins paused, at its end.
func (l *Live) Rewind(ctx context.Context) (tui.Playback, error) {
	events, err := remembered(ctx, l.present())
	if err != nil {
		return nil, err
	}
	r, err := New(events, "the past (the key L leads back to the present)")
	if err != nil {
		return nil, err
	}
	r.Step(len(events), func(event.Event) bool { return true })
	l.Show(r)
	return r, nil
}

// Present implements tui.Rewinder.
func (l *Live) Present() { l.Show(l.present()) }

// Use shows another running cluster in place of that of NewLive, and with nil that one again.
func (l *Live) Use(c verbs.Cluster) {
	if c == nil {
		c = l.own
	}
	l.mu.Lock()
	l.running = c
	l.mu.Unlock()
	l.Present()
}

// present returns the running cluster.
func (l *Live) present() verbs.Cluster {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// remembered returns the events that a cluster remembers. If the cluster has forgotten its
// beginning, they begin with the settings of now, and with the present state of each node whose
// state did not change since.
func remembered(ctx context.Context, c verbs.Cluster) ([]event.Event, error) {
	var events []event.Event
	err := c.Events(ctx, event.Query{}, func(batch []event.Event) error {
		events = append(events, batch...)
		return nil
	})
	if err != nil || len(events) == 0 || events[0].Kind == event.Cluster {
		return events, err
	}
	snapshot, err := c.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, e := range events {
		switch e.Kind {
		case event.NodeUp, event.NodeDown, event.NodePaused:
			changed[e.Node] = true
		}
	}
	var first []event.Event
	for _, e := range snapshot {
		e.Time = events[0].Time
		switch e.Kind {
		case event.Cluster:
			e.Count = 0
			first = append(first, e)
		case event.NodeUp, event.NodeDown, event.NodePaused:
			if !changed[e.Node] {
				first = append(first, e)
			}
		}
	}
	return append(first, events...), nil
}
