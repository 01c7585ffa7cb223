package localcluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/usage"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
)

// mendTime bounds how long Fault waits for links to come up. Without other faults they take
// milliseconds.
const mendTime = time.Second

// Fault injects or ends a fault. When Fault returns, the change is complete, except that links may
// still be coming up: Fault waits for them for at most mendTime. A *usage.Error means that the
// fault makes no sense; then nothing has changed.
func (c *Cluster) Fault(ctx context.Context, f fault.Fault) error {
	c.faults.Lock()
	defer c.faults.Unlock()
	if c.ctx.Err() != nil {
		return control.ErrStopped
	}
	if err := f.Check(); err != nil {
		return usage.Errorf("%w", err)
	}
	switch f.Kind {
	case fault.Split, fault.Heal, fault.Slow, fault.Loss:
		if err := c.faultNetwork(f); err != nil {
			return err
		}
	case fault.Kill, fault.Pause, fault.Resume, fault.Restart, fault.Wipe, fault.Skew:
		if err := c.faultNodes(f); err != nil {
			return err
		}
	}
	switch f.Kind {
	case fault.Split, fault.Heal, fault.Resume, fault.Restart, fault.Wipe, fault.Skew:
		return c.network.AwaitLinks(ctx, mendTime)
	}
	return nil
}

// faultNetwork changes the network. The caller holds faults.
func (c *Cluster) faultNetwork(f fault.Fault) error {
	t := timings(c.registry.settings())
	if f.Kind == fault.Slow && t.Tombstones > 0 && f.Delay > t.SafeDelay() {
		return usage.Errorf("slow: a message that is delayed by %v could outlast a tombstone, which is collected "+
			"after %v; the largest delay is %v here, or any delay with up --tombstones off",
			f.Delay, t.Tombstones, t.SafeDelay())
	}
	if err := c.network.Apply(f); err != nil {
		return usage.Errorf("%w", err)
	}
	if f.Kind == fault.Split || f.Kind == fault.Heal {
		c.stopSplitTimer()
	}
	if f.Kind == fault.Split && f.For > 0 {
		c.healAfter(f.For)
	}
	return nil
}

// healAfter ends the split that is on after d, unless another split takes its place. The delays and
// losses of links stay. The caller holds faults.
func (c *Cluster) healAfter(d time.Duration) {
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		c.faults.Lock()
		defer c.faults.Unlock()
		if c.splitEnd != timer || c.ctx.Err() != nil {
			return
		}
		c.splitEnd = nil
		_ = c.network.HealSplit() // the faults that it applies again were valid before
	})
	c.splitEnd = timer
}

// stopSplitTimer lets the split that is on last. The caller holds faults.
func (c *Cluster) stopSplitTimer() {
	if c.splitEnd != nil {
		c.splitEnd.Stop()
		c.splitEnd = nil
	}
}

// faultNodes does f to each of its nodes, or to none if f makes no sense for one of them. The
// caller holds faults.
func (c *Cluster) faultNodes(f fault.Fault) error {
	nodes, err := c.nodesFor(f)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.retry != nil { // the command takes the place of the restart
			n.retry.Stop()
			n.retry = nil
		}
		n.failures, n.fullAttempts = 0, 0
		n.why.Store(nil)
		if err := n.apply(f); err != nil {
			return err
		}
	}
	return nil
}

// nodesFor returns the nodes of f, if f makes sense for each of them.
func (c *Cluster) nodesFor(f fault.Fault) ([]*node, error) {
	if len(f.Nodes) == 0 {
		return nil, usage.Errorf("%s: no node is named; name one of %s", f.Kind,
			strings.Join(c.registry.settings().Nodes, " "))
	}
	var out []*node
	for _, name := range f.Nodes {
		n := c.registry.node(name)
		if n == nil {
			return nil, fmt.Errorf("%s: %w", f.Kind, c.registry.unknownNode(name))
		}
		if slices.Contains(out, n) {
			continue
		}
		if err := n.check(f); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// check returns why a fault makes no sense for the node, nil if it makes sense.
func (n *node) check(f fault.Fault) error {
	i, kind := n.current.Load(), f.Kind
	switch {
	case kind == fault.Restart || kind == fault.Wipe:
		return nil
	case i == nil && n.retry != nil && kind == fault.Kill:
		return nil // ends the wait after which the node would start by itself
	case i == nil && kind == fault.Kill:
		return usage.Errorf("kill: %s is down already; start it with restart %s", n.name, n.name)
	case i == nil:
		return usage.Errorf("%s: %s is down; start it with restart %s", kind, n.name, n.name)
	case kind == fault.Skew && f.Ahead < n.skew():
		return usage.Errorf("skew: the clock of %s is %v ahead already, and a clock never goes back; want at least that",
			n.name, n.skew())
	case kind == fault.Pause && i.paused.Load():
		return usage.Errorf("pause: %s is paused already; end that with resume %s", n.name, n.name)
	case kind == fault.Resume && !i.paused.Load():
		return usage.Errorf("resume: %s is not paused", n.name)
	}
	return nil
}

// apply does one fault to the node. The caller holds faults.
func (n *node) apply(f fault.Fault) error {
	switch i := n.current.Load(); f.Kind {
	case fault.Kill:
		n.kill()
	case fault.Pause:
		i.turnMu.Lock() // held until Resume, so that the loop stands still
		i.paused.Store(true)
		last := i.loop.engine.State()
		last.Buffered = int(i.buffered.Load())
		n.last.Store(last)
		n.c.publish(event.Event{Node: n.name, Kind: event.NodePaused})
	case fault.Resume:
		n.c.publish(event.Event{Node: n.name, Kind: event.NodeUp, Addr: *n.addr.Load()})
		i.paused.Store(false)
		i.turnMu.Unlock()
	case fault.Restart:
		n.kill()
		return n.startOrWait()
	case fault.Skew: // a running node would take a step of its clock for a pause, and its timers with it
		n.kill()
		n.ahead.Store(int64(f.Ahead))
		n.c.publish(event.Event{Node: n.name, Kind: event.Skew, Delay: f.Ahead})
		return n.startOrWait()
	case fault.Wipe:
		n.kill()
		if err := n.disk.Wipe(); err != nil {
			return err
		}
		n.last.Store(nil)
		n.c.publish(event.Event{Node: n.name, Kind: event.NodeWiped})
		return n.startOrWait()
	}
	return nil
}

// kill crashes the node if it is up. The caller holds faults.
func (n *node) kill() {
	i := n.current.Load()
	if i == nil {
		return
	}
	i.end()
	n.c.publish(event.Event{Node: n.name, Kind: event.NodeDown, Message: n.reason()})
	for _, e := range i.lost {
		n.c.publish(e)
	}
}

// end ends the incarnation, keeps its last state, and lets the peers see that its connections are
// broken, as the system would. The caller holds faults.
func (i *incarnation) end() {
	i.crash()
	last := i.loop.engine.State() // the loop has ended
	if len(i.lost) > 0 && i.lost[0].State != nil {
		last = i.lost[0].State
	}
	last.Suspects = nil
	i.node.last.Store(last)
	i.c.client.Drop(i.node.name)
	i.c.network.BreakTo(i.node.name)
}

// startOrWait starts a node that is down. If the node's disk is full, the node starts by itself
// once there is room, and the error says so. The caller holds faults.
func (n *node) startOrWait() error {
	err := n.start()
	if err == nil || !datadir.IsFull(err) {
		return err
	}
	n.restartLater(err)
	return fmt.Errorf("start %s: %s: %w", n.name, n.reason(), err)
}

// start starts a node that is down. The caller holds faults.
func (n *node) start() error {
	i, err := n.open()
	if err != nil {
		return err
	}
	n.why.Store(nil)
	i.links.ReportUnreachable()
	i.run()
	n.c.network.BringUp(n.name)
	return nil
}
