package localcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/localcluster/budget"
	"ringside/localcluster/client"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
	"ringside/localcluster/eventlog"
	"ringside/localcluster/link"
	"ringside/localcluster/traffic"
)

// linkTime bounds how long Start waits for a connection between nodes. Without faults it takes a
// millisecond.
const linkTime = 5 * time.Second

// Options describe a cluster to be started on this machine.
type Options = config.Options

// A Cluster is a running cluster of this process. It is safe for concurrent use.
type Cluster struct {
	opts    Options
	claim   *datadir.Claim
	control *control.Server // nil if the start failed
	client  *client.Client
	network *link.Network
	memory  *budget.Budget // of all queues
	files   fileBudget
	events  eventlog.Log
	Traffic traffic.Counter // of messages between nodes and of clients

	registry registry
	services services
	requests atomic.Uint64         // the latest number that the cluster gave to a request
	failed   atomic.Pointer[error] // the reason why the cluster stopped by itself

	began time.Time       // with the monotonic clock
	ctx   context.Context // ends when the cluster goes down
	run   lifetime

	faults   sync.Mutex     // one fault or membership change at a time; see the package comment
	splitEnd *time.Timer    // ends the split that is on; guarded by faults
	ports    map[string]int // by node, counted from the base port; guarded by faults
	wg       sync.WaitGroup // of the goroutines that belong to no node
}

// A lifetime ends a cluster.
type lifetime struct {
	cancel    context.CancelFunc
	once      sync.Once
	stillborn bool          // the start failed before a client could connect: a new cluster's files are deleted
	released  chan struct{} // closed when no node runs and no folder is locked
	done      chan struct{} // closed when every client has its answer
}

// Start starts a cluster. When Start returns, every node runs and can be reached. ctx bounds the
// start, not the cluster.
func Start(ctx context.Context, o Options) (_ *Cluster, err error) {
	claim, s, err := datadir.Take(o)
	if err != nil {
		return nil, err
	}
	o.Name = s.Name
	files := fileBudget{cmp.Or(o.Testing.OpenFiles, fileLimit()), o.Mem}
	if err := files.check(len(s.Nodes)); err != nil {
		claim.Discard()
		return nil, errors.Join(usage.Errorf("start: %w", err), claim.Release())
	}
	c := &Cluster{opts: o, claim: claim, files: files, began: time.Now(), ports: map[string]int{},
		memory: budget.New(cmp.Or(o.Testing.Memory, budget.Default)),
		run:    lifetime{released: make(chan struct{}), done: make(chan struct{})}}
	c.ctx, c.run.cancel = context.WithCancel(context.Background())
	c.registry.set(s)
	c.network = link.NewNetwork(link.Options{Secret: claim.Secret, Memory: c.memory, Now: c.now, Publish: c.publish,
		Addr: c.registry.addrOf, Traffic: &c.Traffic, MaxEnds: files.peers, Done: c.ctx.Done(), Stopped: control.ErrStopped})
	c.client = client.New(client.Options{Secret: claim.Secret, Memory: c.memory, Lookup: c.registry.target})
	defer func() {
		if err != nil {
			c.run.stillborn = c.control == nil
			_ = c.Close()
		}
	}()
	for _, name := range s.Nodes {
		c.addNode(name, "")
	}
	c.publish(event.Event{Kind: event.Cluster, Settings: &s})
	if err := c.startNodes(ctx); err != nil {
		return nil, err
	}
	c.wg.Go(c.trim)
	if c.control, err = control.Listen(c.ctx, claim.Folder, c); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := claim.SaveInfo(len(c.registry.nodes()), c.began); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	c.wg.Go(c.guard)
	return c, nil
}

// startNodes opens all nodes at once, runs them, and waits until two of them are connected.
func (c *Cluster) startNodes(ctx context.Context) error {
	c.faults.Lock()
	defer c.faults.Unlock()
	nodes := c.registry.nodes()
	if waitsForFlushes(c.registry.settings(), c.opts.Mem) {
		addProcessors(len(nodes))
	}
	opened, errs := make([]*incarnation, len(nodes)), make([]error, len(nodes))
	var wg sync.WaitGroup
	for k, n := range nodes {
		wg.Go(func() { opened[k], errs[k] = n.open() })
	}
	wg.Wait()
	for _, i := range opened {
		if i != nil {
			i.run() // also if the start fails: Close ends the incarnation
		}
	}
	if err := errors.Join(errs...); err != nil {
		return c.explainFullDisk(fmt.Errorf("start: %w", err))
	}
	if err := c.syncMembership(ctx, opened); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if nodes = c.registry.nodes(); len(nodes) < 2 {
		return nil
	}
	// All links are alike at the start. One of them shows whether this machine's firewall lets nodes
	// reach each other.
	if err := c.network.AwaitConnection(ctx, nodes[0].name, nodes[1].name, linkTime); err != nil {
		return fmt.Errorf("start: connect nodes on 127.0.0.1: %w", err)
	}
	return nil
}

// now returns the time since 1970: the wall clock at the start, and the time that has passed since.
// It never goes back.
func (c *Cluster) now() time.Duration {
	return time.Duration(c.began.UnixNano()) + time.Since(c.began)
}

// publish publishes an event of the cluster itself.
func (c *Cluster) publish(e event.Event) {
	if e.Time == 0 {
		e.Time = c.now()
	}
	c.events.Publish(e)
}

// Released returns a channel that is closed when the cluster's name and data are free for another
// start. Answers on the control socket may still be under way.
func (c *Cluster) Released() <-chan struct{} { return c.run.released }

// Done returns a channel that is closed when the cluster is down.
func (c *Cluster) Done() <-chan struct{} { return c.run.done }

// Down stops the cluster, as Close does.
func (c *Cluster) Down(context.Context) error { return c.Close() }

// Close stops the cluster in order. When Close returns, only the cluster's data is left. A second
// Close waits for the first one.
func (c *Cluster) Close() error {
	c.run.once.Do(c.shutdown)
	<-c.run.done
	return nil
}

func (c *Cluster) shutdown() {
	c.run.cancel()
	if c.control != nil {
		c.control.StopListening()
	}
	c.faults.Lock() // waits for a fault that is under way
	var wg sync.WaitGroup
	for _, n := range c.registry.nodes() {
		if n.retry != nil {
			n.retry.Stop()
		}
		if i := n.current.Load(); i != nil {
			i.orderly.Store(true)
			wg.Go(i.crash) // every write is on disk already, or the flusher brings it there
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
	if c.opts.Stopping != nil {
		c.opts.Stopping()
	}
	if c.run.stillborn {
		c.claim.Discard()
	}
	_ = c.claim.Release()
	close(c.run.released)
	if c.control != nil {
		c.control.Wait()
	}
	close(c.run.done)
}
