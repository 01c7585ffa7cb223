package localcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
	"ringside/localcluster/client"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
	"ringside/localcluster/eventlog"
)

const (
	// linkTime bounds how long Start waits for the links; without faults they
	// take milliseconds.
	linkTime = 5 * time.Second
	// describeTime bounds how long Snapshot waits for one node's account of itself.
	describeTime = time.Second
	// compareTime bounds how long Compare waits for one node's rounds: a node that
	// lost everything is filled again within it.
	compareTime = time.Minute
)

// Options describe a cluster to be started on this machine.
type Options = config.Options

// A Cluster is a running cluster of this process.
type Cluster struct {
	basePort  int
	ports     map[string]int // by node, counted from basePort; guarded by faults
	opts      Options
	claim     *datadir.Claim // nil if the start was refused
	stillborn bool           // the start failed before a client could connect: a new cluster's files are deleted
	roll      roll
	events    eventlog.Log
	client    *client.Client
	control   *control.Server       // nil if the start failed
	linked    broadcast.Signal      // a link has come up
	memory    *budget.Budget        // of all queues
	failed    atomic.Pointer[error] // the reason why the cluster stopped by itself

	began    time.Time // with the monotonic clock: now never goes back
	requests atomic.Uint64
	ctx      context.Context // ends when the cluster goes down
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	down     sync.Once
	released chan struct{} // closed once nothing is running and nothing is locked
	done     chan struct{} // closed once whoever asked for that knows

	faults   sync.Mutex
	splitEnd *time.Timer // heals the split that is on

	netMu      sync.RWMutex
	net        *fault.Net
	conditions map[fault.Link]*fault.Condition // of every link
	split      *event.Event                    // the split that is on
	linkFaults []fault.Fault                   // slowness and loss as they were asked for, in order

	randMu sync.Mutex
	rand   *rand.Rand // decides which messages are lost
}

// Start starts a cluster. When Start returns, every node runs and every link is up. ctx bounds the
// start, not the cluster.
func Start(ctx context.Context, o Options) (_ *Cluster, err error) {
	claim, s, err := datadir.Take(o)
	if err != nil {
		return nil, err
	}
	o.Name = s.Name
	c := &Cluster{
		opts: o, claim: claim, basePort: o.BasePort, began: time.Now(),
		memory:   budget.New(cmp.Or(o.Testing.Memory, budget.Default)),
		released: make(chan struct{}), done: make(chan struct{}),
		rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
	}
	c.roll.set(s)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.client = client.New(client.Options{Secret: claim.Secret, Memory: c.memory, Lookup: c.target})
	defer func() {
		if err != nil {
			c.stillborn = c.control == nil
			_ = c.Close()
		}
	}()
	c.build()
	if err := c.startNodes(ctx); err != nil {
		return nil, err
	}
	c.wg.Go(c.trim)
	if c.control, err = control.Listen(c.ctx, claim.Folder, c); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := claim.SaveInfo(len(c.roll.nodes()), c.began); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	c.wg.Go(c.guard)
	return c, nil
}

// build makes the nodes and the network between them, nothing of it running.
func (c *Cluster) build() {
	s := c.roll.settings()
	c.net = fault.NewNet(nil)
	c.conditions = map[fault.Link]*fault.Condition{}
	for _, name := range s.Nodes {
		c.add(name, "")
	}
	c.tell(event.Event{Kind: event.Cluster, Settings: &s})
}

// startNodes opens all nodes at once, runs them, and waits for their links.
func (c *Cluster) startNodes(ctx context.Context) error {
	c.faults.Lock()
	defer c.faults.Unlock()
	nodes := c.roll.nodes()
	lives, errs := make([]*life, len(nodes)), make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { lives[i], errs[i] = n.open() })
	}
	wg.Wait()
	for _, l := range lives {
		if l != nil {
			l.run() // of a start that fails, too: Close ends it
		}
	}
	if err := errors.Join(errs...); err != nil {
		return c.fullDisk(fmt.Errorf("start: %w", err))
	}
	if err := c.awaitLinks(ctx, linkTime); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if err := c.recall(ctx, lives); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if !c.allLinked() {
		return fmt.Errorf("start: the nodes did not reach each other on 127.0.0.1 within %v", linkTime)
	}
	return nil
}

// now is the time since 1970 by the wall clock at the start and what has passed
// since: it never goes back.
func (c *Cluster) now() time.Duration {
	return time.Duration(c.began.UnixNano()) + time.Since(c.began)
}

// tell publishes an event of the cluster itself.
func (c *Cluster) tell(e event.Event) {
	if e.Time == 0 {
		e.Time = c.now()
	}
	c.events.Publish(e)
}

// chance is true in percent of its calls.
func (c *Cluster) chance(percent float64) bool {
	c.randMu.Lock()
	defer c.randMu.Unlock()
	return c.rand.Float64()*100 < percent
}

// Events calls fn with batches of events of sequence number > after, first
// those still remembered; with follow it goes on until ctx ends or the cluster goes down. fn must not
// keep the slice. A slow fn makes a Gap, never a slow cluster.
func (c *Cluster) Events(ctx context.Context, after uint64, follow bool, fn func([]event.Event) error) error {
	if err := c.events.Read(ctx, after, follow, fn); err != nil {
		return err
	}
	if follow {
		return control.ErrStopped
	}
	return nil
}

// Snapshot returns events of sequence number 0 that tell a new View all there
// is to know now, with the replicas of each key of keys. The Count of the first, of kind Cluster, is
// the number of the newest event as the snapshot began: go on with Events from there.
// For a node that is down or paused, or that does not answer in time, the events tell its last
// known state.
func (c *Cluster) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	if c.ctx.Err() != nil {
		return nil, control.ErrStopped
	}
	s := c.roll.settings()
	out := []event.Event{{Kind: event.Cluster, Settings: &s, Count: int(c.events.Last())}}
	var running []*life
	for _, n := range c.roll.nodes() {
		l := n.life.Load()
		if l == nil {
			out = append(out, event.Event{Node: n.name, Kind: event.NodeDown, Message: n.reason()})
			out = append(out, n.lastKnown()...) // the hints on its disk still wait for their homes
			continue
		}
		out = append(out, event.Event{Node: n.name, Kind: event.NodeUp, Addr: *n.addr.Load()})
		if l.paused.Load() {
			out = append(out, event.Event{Node: n.name, Kind: event.NodePaused})
			out = append(out, n.lastKnown()...)
			continue
		}
		running = append(running, l)
	}
	out = append(out, c.netEvents()...)
	out = append(out, c.memoryEvent())
	out = append(out, c.describe(ctx, running, keys)...)
	now := c.now()
	for i := range out {
		if out[i].Time == 0 {
			out[i].Time = now
		}
	}
	return out, ctx.Err()
}

// netEvents tells of the split, the slowness and the loss that are on.
func (c *Cluster) netEvents() []event.Event {
	c.netMu.RLock()
	defer c.netMu.RUnlock()
	var out []event.Event
	if c.split != nil {
		out = append(out, *c.split)
	}
	for _, f := range c.linkFaults {
		out = append(out, event.Event{Kind: event.Kind(f.Kind), Link: f.Link, Delay: f.Delay, Percent: f.Percent})
	}
	return out
}

// lastKnown returns the last state that the node reported before it went down, was paused or
// stopped answering.
func (n *node) lastKnown() []event.Event {
	s := n.last.Load()
	if s == nil {
		return nil
	}
	last := *s
	last.LastKnown = true
	return []event.Event{{Node: n.name, Kind: event.State, State: &last}}
}

// describe asks all of lives at once for their state and replicas.
func (c *Cluster) describe(ctx context.Context, lives []*life, keys [][]byte) []event.Event {
	ctx, cancel := context.WithTimeout(ctx, describeTime)
	defer cancel()
	told := make([][]event.Event, len(lives))
	var wg sync.WaitGroup
	for i, l := range lives {
		wg.Go(func() {
			if told[i] = l.tell(ctx, engine.Describe{Keys: keys}); len(told[i]) == 0 {
				told[i] = l.node.lastKnown()
				return
			}
			for _, e := range told[i] {
				if e.State != nil && l.node.life.Load() == l {
					l.node.last.Store(e.State)
				}
			}
		})
	}
	wg.Wait()
	return slices.Concat(told...)
}

// Compare has every running node compare its trees with those of the other homes
// now (§4.7), of ranges, or of all there are, and mend what differs, unless look is set. It
// returns a SyncDone event of each node once the last round is over.
func (c *Cluster) Compare(ctx context.Context, look bool, ranges ...event.Span) ([]event.Event, error) {
	if c.ctx.Err() != nil {
		return nil, control.ErrStopped
	}
	waiting, cancel := context.WithTimeout(ctx, compareTime)
	defer cancel()
	nodes := c.roll.nodes()
	told := make([][]event.Event, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		if l := n.working(); l != nil {
			wg.Go(func() { told[i] = l.tell(waiting, engine.Compare{Ranges: ranges, Look: look}) })
		}
	}
	wg.Wait()
	if waiting.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("compare: not over after %v", compareTime)
	}
	return slices.Concat(told...), ctx.Err()
}

// Released returns a channel that is closed when the cluster's name and data are free for another
// start. Answers on the control socket may still be under way.
func (c *Cluster) Released() <-chan struct{} { return c.released }

// Done returns a channel that is closed when the cluster is down.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Down stops the cluster, as Close does.
func (c *Cluster) Down(context.Context) error { return c.Close() }

// Close stops the cluster in order and returns when nothing of it is left but
// its data. Closing twice is harmless.
func (c *Cluster) Close() error {
	c.down.Do(c.shutdown)
	<-c.done
	return nil
}

func (c *Cluster) shutdown() {
	c.cancel()
	if c.control != nil {
		c.control.StopListening()
	}
	c.faults.Lock() // a fault that is under way ends first
	var wg sync.WaitGroup
	for _, n := range c.roll.nodes() {
		if n.retry != nil {
			n.retry.Stop()
		}
		if l := n.life.Load(); l != nil {
			l.orderly.Store(true)
			wg.Go(l.crash) // all writes are on disk already, or are brought there from the buffer
		}
	}
	if c.splitEnd != nil {
		c.splitEnd.Stop()
	}
	wg.Wait()
	c.faults.Unlock()
	c.client.Close()
	c.events.Close()
	c.wg.Wait()
	if c.stillborn {
		c.claim.Discard()
	}
	_ = c.claim.Release()
	close(c.released)
	if c.control != nil {
		c.control.Wait()
	}
	close(c.done)
}
