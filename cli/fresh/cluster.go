package fresh

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

// A Cluster passes all calls on to the cluster that it has at the time.
type Cluster struct {
	mu       sync.RWMutex // held for writing while another cluster takes the place
	now      verbs.Cluster
	replaced chan struct{} // closed when now is about to end
	count    int           // calls of Replace
}

var _ verbs.Cluster = (*Cluster)(nil)

// New returns a Cluster that begins with c.
func New(c verbs.Cluster) *Cluster { return &Cluster{now: c, replaced: make(chan struct{})} }

// Replace ends the streams of events and calls start, which takes the old cluster down and returns
// the next one. Calls of other methods wait until then. After an error the old cluster stays.
func (c *Cluster) Replace(start func() (verbs.Cluster, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.replaced)
	c.replaced = make(chan struct{})
	c.count++
	next, err := start()
	if err != nil {
		return err
	}
	c.now = next
	return nil
}

// Show ends the streams of events, and shows another cluster from now on. The one before goes on.
func (c *Cluster) Show(next verbs.Cluster) {
	_ = c.Replace(func() (verbs.Cluster, error) { return next, nil }) // start returns no error
}

// Generation implements feed.Changing.
func (c *Cluster) Generation() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.count
}

// current returns the cluster and what is closed when the cluster is about to be replaced.
func (c *Cluster) current() (verbs.Cluster, <-chan struct{}) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.now, c.replaced
}

// Events implements verbs.Cluster. A stream ends with tui.ErrRewound if another cluster takes the
// place.
func (c *Cluster) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	now, replaced := c.current()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-replaced:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := now.Events(ctx, q, fn)
	select {
	case <-replaced:
		return tui.ErrRewound
	default:
		return err
	}
}

// Do implements verbs.Cluster.
func (c *Cluster) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	now, _ := c.current()
	return now.Do(ctx, via, req)
}

// Fault implements verbs.Cluster.
func (c *Cluster) Fault(ctx context.Context, f fault.Fault) error {
	now, _ := c.current()
	return now.Fault(ctx, f)
}

// Member implements verbs.Cluster.
func (c *Cluster) Member(ctx context.Context, r member.Request) (member.Change, error) {
	now, _ := c.current()
	return now.Member(ctx, r)
}

// CheckMember implements verbs.Cluster.
func (c *Cluster) CheckMember(ctx context.Context, r member.Request) (member.Change, error) {
	now, _ := c.current()
	return now.CheckMember(ctx, r)
}

// Compare implements verbs.Cluster.
func (c *Cluster) Compare(ctx context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error) {
	now, _ := c.current()
	return now.Compare(ctx, dryRun, ranges...)
}

// Snapshot implements verbs.Cluster.
func (c *Cluster) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	now, _ := c.current()
	return now.Snapshot(ctx, keys...)
}

// Down implements verbs.Cluster.
func (c *Cluster) Down(ctx context.Context) error {
	now, _ := c.current()
	return now.Down(ctx)
}
