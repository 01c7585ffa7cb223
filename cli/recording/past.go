package recording

import (
	"context"
	"sync"

	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/wire"
	"ringside/tui"
)

// A Live is a running cluster whose past can be looked at. Until Rewind it is the cluster itself.
// From then on it is the recording of what the cluster remembers, until Present. The cluster runs
// on meanwhile. The methods may be called by any goroutine.
type Live struct {
	cluster verbs.Cluster

	mu       sync.Mutex
	instead  verbs.Cluster // the cluster of Use, nil if there is none
	past     *Recording    // nil in the present
	switched chan struct{} // closed and replaced when another cluster, or another time, is shown
}

var (
	_ verbs.Cluster = (*Live)(nil)
	_ tui.Rewinder  = (*Live)(nil)
)

// NewLive returns c, in the present.
func NewLive(c verbs.Cluster) *Live { return &Live{cluster: c, switched: make(chan struct{})} }

// Rewind implements tui.Rewinder. The recording begins paused, at its end.
func (l *Live) Rewind(ctx context.Context) (tui.Playback, error) {
	l.mu.Lock()
	c := l.present()
	l.mu.Unlock()
	events, err := remembered(ctx, c)
	if err != nil {
		return nil, err
	}
	r, err := New(events, "the past (the key L leads back to the present)")
	if err != nil {
		return nil, err
	}
	r.Step(len(events), func(event.Event) bool { return true })
	l.change(r)
	return r, nil
}

// Present implements tui.Rewinder.
func (l *Live) Present() { l.change(nil) }

// Use shows another running cluster in place of that of NewLive, and with nil that one again.
func (l *Live) Use(c verbs.Cluster) {
	l.mu.Lock()
	l.instead = c
	l.mu.Unlock()
	l.change(nil)
}

func (l *Live) change(r *Recording) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.past = r
	close(l.switched)
	l.switched = make(chan struct{})
}

// now returns what is shown, and what is closed when something else takes its place.
func (l *Live) now() (verbs.Cluster, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.past != nil {
		return l.past, l.switched
	}
	return l.present(), l.switched
}

// present returns the running cluster. The caller holds mu.
func (l *Live) present() verbs.Cluster {
	if l.instead != nil {
		return l.instead
	}
	return l.cluster
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

// Events implements verbs.Cluster. The stream ends with tui.ErrRewound when the past or the present
// takes its place.
func (l *Live) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	c, switched := l.now()
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-switched:
			cancel(tui.ErrRewound)
		case <-stop:
		}
	}()
	err := c.Events(inner, q, fn)
	if ctx.Err() == nil && context.Cause(inner) == tui.ErrRewound {
		return tui.ErrRewound
	}
	return err
}

// Snapshot implements verbs.Cluster.
func (l *Live) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	c, _ := l.now()
	return c.Snapshot(ctx, keys...)
}

// Do implements verbs.Cluster.
func (l *Live) Do(ctx context.Context, node string, r wire.ClientRequest) (wire.ClientReply, error) {
	c, _ := l.now()
	return c.Do(ctx, node, r)
}

// Fault implements verbs.Cluster.
func (l *Live) Fault(ctx context.Context, f fault.Fault) error {
	c, _ := l.now()
	return c.Fault(ctx, f)
}

// Member implements verbs.Cluster.
func (l *Live) Member(ctx context.Context, r member.Request) (member.Change, error) {
	c, _ := l.now()
	return c.Member(ctx, r)
}

// CheckMember implements verbs.Cluster.
func (l *Live) CheckMember(ctx context.Context, r member.Request) (member.Change, error) {
	c, _ := l.now()
	return c.CheckMember(ctx, r)
}

// Compare implements verbs.Cluster.
func (l *Live) Compare(ctx context.Context, dryRun bool, spans ...event.Span) ([]event.Event, error) {
	c, _ := l.now()
	return c.Compare(ctx, dryRun, spans...)
}

// Down implements verbs.Cluster.
func (l *Live) Down(ctx context.Context) error {
	c, _ := l.now()
	return c.Down(ctx)
}
