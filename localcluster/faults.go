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

const (
	// mendTime bounds how long Fault waits for links to come back; without other
	// faults they take milliseconds.
	mendTime = time.Second
)

// Fault breaks or mends something, and returns once it is so. Only links that
// come back with it are another matter: they are waited for, but no longer than
// mendTime. A *usage.Error says that the fault makes no sense; then nothing has changed.
func (c *Cluster) Fault(ctx context.Context, f fault.Fault) error {
	c.faults.Lock()
	defer c.faults.Unlock()
	if c.ctx.Err() != nil {
		return control.ErrStopped
	}
	if err := f.Check(); err != nil {
		return usage.Errorf("%v", err)
	}
	switch f.Kind {
	case fault.Split, fault.Heal, fault.Slow, fault.Loss:
		if err := c.faultNet(f); err != nil {
			return err
		}
	case fault.Kill, fault.Pause, fault.Resume, fault.Restart, fault.Wipe:
		if err := c.faultNodes(f); err != nil {
			return err
		}
	}
	switch f.Kind {
	case fault.Split, fault.Heal, fault.Resume, fault.Restart, fault.Wipe:
		return c.awaitLinks(ctx, mendTime)
	}
	return nil
}

// faultNet changes the network. The caller holds faults.
func (c *Cluster) faultNet(f fault.Fault) error {
	if err := c.changeNet(f); err != nil {
		return err
	}
	switch f.Kind {
	case fault.Split, fault.Heal:
		if c.splitEnd != nil {
			c.splitEnd.Stop()
			c.splitEnd = nil
		}
		if f.Kind == fault.Split && f.For > 0 {
			c.healAfter(f.For)
		}
	}
	return nil
}

// healAfter ends the split that is on by itself, unless another takes its place.
func (c *Cluster) healAfter(d time.Duration) {
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		c.faults.Lock()
		defer c.faults.Unlock()
		if c.splitEnd != timer || c.ctx.Err() != nil {
			return
		}
		c.splitEnd = nil
		others := slices.Clone(c.linkFaults) // only the split is to end
		_ = c.changeNet(fault.Fault{Kind: fault.Heal})
		for _, f := range others {
			_ = c.changeNet(f)
		}
	})
	c.splitEnd = timer
}

// changeNet applies f to the books and to the links, at one instant for all of
// them: afterwards nothing crosses a cut link, and both ends know of it.
func (c *Cluster) changeNet(f fault.Fault) error {
	if t := timings(c.roll.settings()); f.Kind == fault.Slow && t.Tombstones > 0 && f.Delay > t.SafeDelay() {
		return usage.Errorf("slow: what is %v under way could outlast a tombstone, which is collected after %v; the most is %v here, or any delay with up --tombstones off", f.Delay, t.Tombstones, t.SafeDelay())
	}
	c.netMu.Lock()
	defer c.netMu.Unlock()
	if err := c.net.Apply(f); err != nil {
		return usage.Errorf("%v", err)
	}
	e := event.Event{Kind: event.Kind(f.Kind), OneWay: f.OneWay, Link: f.Link, Delay: f.Delay, Percent: f.Percent}
	switch f.Kind {
	case fault.Split:
		e.Groups = cloneGroups(c.net.Groups())
		e.Time, e.Delay = c.now(), f.For
		c.split = &e
	case fault.Heal:
		c.split, c.linkFaults = nil, nil
	default:
		c.linkFaults = append(slices.DeleteFunc(c.linkFaults, func(o fault.Fault) bool {
			return o.Kind == f.Kind && o.Link == f.Link
		}), f)
	}
	c.tell(e)
	for l, cond := range c.conditions {
		*cond = c.net.Condition(l)
		from, to := c.node(l.From).life.Load(), c.node(l.To).life.Load()
		if from != nil {
			k := from.links[l.To]
			if cond.Cut {
				k.takeDown(nil)
			} else {
				k.retime()
				notify(k.kick)
			}
		}
		if to != nil && cond.Cut {
			to.cutInbound(l.From)
		}
	}
	return nil
}

// retellSplit publishes the groups of the current split again after a node was added or removed.
// The caller holds netMu, and holds faults unless the cluster is starting.
func (c *Cluster) retellSplit() {
	if c.split == nil {
		return
	}
	now := c.now()
	if len(c.net.Groups()) == 0 { // no node is left on the other side
		c.split = nil
		if c.splitEnd != nil {
			c.splitEnd.Stop()
			c.splitEnd = nil
		}
		c.tell(event.Event{Kind: event.Heal, Time: now})
		for _, f := range c.linkFaults { // for a View, the event Heal ends these faults also
			c.tell(event.Event{Kind: event.Kind(f.Kind), Link: f.Link, Delay: f.Delay, Percent: f.Percent, Time: now})
		}
		return
	}
	e := *c.split
	e.Groups = cloneGroups(c.net.Groups())
	c.split = &e
	told := e
	told.Time, told.Elapsed = now, now-e.Time
	c.tell(told)
}

// forgetLinks ends the delay and the loss of links that are gone. The caller holds netMu.
func (c *Cluster) forgetLinks() {
	c.linkFaults = slices.DeleteFunc(c.linkFaults, func(f fault.Fault) bool {
		if c.net.Knows(f.Link) {
			return false
		}
		c.tell(event.Event{Kind: event.Kind(f.Kind), Link: f.Link}) // no delay, no loss
		return true
	})
}

func cloneGroups(groups [][]string) [][]string {
	out := make([][]string, len(groups))
	for i, g := range groups {
		out[i] = slices.Clone(g)
	}
	return out
}

// faultNodes does f to each of its nodes, or to none. The caller holds faults.
func (c *Cluster) faultNodes(f fault.Fault) error {
	nodes, err := c.nodesFor(f)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.retry != nil { // whoever commands a node knows better than its disk
			n.retry.Stop()
			n.retry = nil
		}
		n.failures, n.full = 0, 0
		n.why.Store(nil)
		if err := c.faultNode(f.Kind, n); err != nil {
			return err
		}
	}
	return nil
}

// nodesFor checks that f makes sense for its nodes.
func (c *Cluster) nodesFor(f fault.Fault) ([]*node, error) {
	if len(f.Nodes) == 0 {
		return nil, usage.Errorf("%s: which node? there are %s", f.Kind, strings.Join(c.roll.settings().Nodes, " "))
	}
	var out []*node
	for _, name := range f.Nodes {
		n := c.node(name)
		if n == nil {
			return nil, fmt.Errorf("%s: %w", f.Kind, c.unknownNode(name))
		}
		if slices.Contains(out, n) {
			continue
		}
		if err := n.check(f.Kind); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func (n *node) check(kind fault.Kind) error {
	l := n.life.Load()
	switch {
	case kind == fault.Restart || kind == fault.Wipe:
		return nil
	case l == nil && n.retry != nil && kind == fault.Kill:
		return nil // it would have come back by itself
	case l == nil && kind == fault.Kill:
		return usage.Errorf("kill: %s is down already; start it with restart %s", n.name, n.name)
	case l == nil:
		return usage.Errorf("%s: %s is down; start it with restart %s", kind, n.name, n.name)
	case kind == fault.Pause && l.paused.Load():
		return usage.Errorf("pause: %s is paused already; end that with resume %s", n.name, n.name)
	case kind == fault.Resume && !l.paused.Load():
		return usage.Errorf("resume: %s is not paused", n.name)
	}
	return nil
}

func (c *Cluster) faultNode(kind fault.Kind, n *node) error {
	switch l := n.life.Load(); kind {
	case fault.Kill:
		c.kill(n)
	case fault.Pause:
		l.turnMu.Lock() // once we have it, the loop stands still
		l.paused.Store(true)
		last := l.engine.State()
		last.Buffered = int(l.buffered.Load())
		n.last.Store(last)
		c.tell(event.Event{Node: n.name, Kind: event.NodePaused})
	case fault.Resume:
		c.tell(event.Event{Node: n.name, Kind: event.NodeUp, Addr: *n.addr.Load()})
		l.paused.Store(false)
		l.turnMu.Unlock()
	case fault.Restart:
		c.kill(n)
		return c.startOrWait(n)
	case fault.Wipe:
		c.kill(n)
		if err := n.disk.Wipe(); err != nil {
			return err
		}
		n.last.Store(nil)
		c.tell(event.Event{Node: n.name, Kind: event.NodeWiped})
		return c.startOrWait(n)
	}
	return nil
}

// kill crashes the node if it is up, and lets its peers know what the system
// would tell them: that its connections are gone. The caller holds faults.
func (c *Cluster) kill(n *node) {
	l := n.life.Load()
	if l == nil {
		return
	}
	c.crash(n, l)
	c.tell(event.Event{Node: n.name, Kind: event.NodeDown, Message: n.reason()})
	for _, e := range l.lost {
		c.tell(e)
	}
}

// crash ends a life of a node; others are to be told why.
func (c *Cluster) crash(n *node, l *life) {
	l.crash()
	last := l.engine.State() // its loop has ended
	if len(l.lost) > 0 && l.lost[0].State != nil {
		last = l.lost[0].State
	}
	last.Suspects = nil
	n.last.Store(last)
	c.client.Drop(n.name)
	for _, p := range c.others(n) {
		if o := p.life.Load(); o != nil {
			o.links[n.name].takeDown(nil)
		}
	}
}

// startOrWait starts a node that is down. If the node's disk is full, the node starts by itself
// once there is room, and the error says so. The caller holds faults.
func (c *Cluster) startOrWait(n *node) error {
	err := c.start(n)
	if err == nil || !datadir.IsFull(err) {
		return err
	}
	c.restartLater(n, err)
	return fmt.Errorf("start %s: %s: %w", n.name, n.reason(), err)
}

// start brings up a node that is down. The caller holds faults.
func (c *Cluster) start(n *node) error {
	l, err := n.open()
	if err != nil {
		return err
	}
	n.why.Store(nil)
	for _, p := range c.others(n) {
		if k := l.links[p.name]; p.life.Load() == nil || k.cut() {
			k.takeDown(nil) // known before the first request
		}
	}
	l.run()
	for _, p := range c.others(n) {
		if o := p.life.Load(); o != nil {
			notify(o.links[n.name].kick)
		}
	}
	return nil
}

// awaitLinks waits until every link that can be up is up, for at most limit;
// that some are not by then is no error.
func (c *Cluster) awaitLinks(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		rung := c.linked.Wait()
		if c.allLinked() {
			return nil
		}
		select {
		case <-rung:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-c.ctx.Done():
			return control.ErrStopped
		}
	}
}

func (c *Cluster) allLinked() bool {
	c.netMu.RLock()
	defer c.netMu.RUnlock()
	for l, cond := range c.conditions {
		from, to := c.node(l.From).life.Load(), c.node(l.To).life.Load()
		if from != nil && to != nil && !cond.Cut && !from.links[l.To].isUp() {
			return false
		}
	}
	return true
}
