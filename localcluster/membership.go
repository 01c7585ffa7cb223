package localcluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
)

// amendTime bounds how long a node may take to write down a change.
const amendTime = 5 * time.Second

// Member has a node write down a change of the membership (§4.8.1), and returns it as it was
// written. For a Join the node is started first, if it is not there; one that leaves is taken down
// when it has handed over all it had. Neither is waited for. A *usage.Error says that the change makes no sense.
func (c *Cluster) Member(ctx context.Context, r member.Request) (member.Change, error) {
	return c.change(ctx, r, false)
}

// CheckMember makes all checks of Member and changes nothing. It returns the change that Member
// would write.
func (c *Cluster) CheckMember(ctx context.Context, r member.Request) (member.Change, error) {
	return c.change(ctx, r, true)
}

func (c *Cluster) change(ctx context.Context, r member.Request, dryRun bool) (member.Change, error) {
	c.faults.Lock()
	defer c.faults.Unlock()
	if c.ctx.Err() != nil {
		return member.Change{}, control.ErrStopped
	}
	if err := control.CheckMember(r); err != nil {
		return member.Change{}, usage.Errorf("%v", err)
	}
	if r.Kind == member.Join {
		r, err := c.checkJoin(ctx, r)
		switch {
		case err != nil:
			return member.Change{}, err
		case dryRun:
			return c.dryJoin(ctx, r)
		}
		return c.join(ctx, r)
	}
	if c.node(r.Node) == nil && !c.roll.ring().Has(r.Node) {
		return member.Change{}, c.unknownNode(r.Node)
	}
	if n := c.node(r.Node); r.Kind == member.Leave && n != nil && n.working() == nil {
		return member.Change{}, usage.Errorf("leave: %s, and cannot hand over what it has: run  %s  first, or remove it with  leave %s --force",
			n.idle(), n.wayBack(), r.Node)
	}
	via, err := c.scribe(r.Via, r.Node)
	if err != nil {
		return member.Change{}, err
	}
	return c.amend(ctx, via, r, dryRun)
}

// checkJoin completes a request for a join, and refuses one that makes no sense. The caller holds
// faults.
func (c *Cluster) checkJoin(ctx context.Context, r member.Request) (member.Request, error) {
	if r.Node == "" {
		r.Node = c.freeName()
	}
	r.Weight = max(r.Weight, 1)
	n := c.node(r.Node)
	if n == nil {
		if err := config.CheckNewNode(r.Node); err != nil {
			return r, usage.Errorf("join: %w", err)
		}
	}
	switch {
	case c.roll.ring().Has(r.Node) && (r.Via == "" || r.Via == r.Node):
		return r, usage.Errorf("join %s: it is a member already", r.Node)
	case n == nil && len(c.roll.nodes()) >= config.MaxNodes:
		return r, usage.Errorf("a cluster in one process has at most %d nodes", config.MaxNodes)
	case r.Via == r.Node:
		return r, nil
	}
	via, err := c.scribe(r.Via, r.Node)
	switch {
	case err != nil:
		return r, err
	case via.knowsMember(ctx, r.Node): // a node that knows another ring may let it in (§4.8.2)
		return r, usage.Errorf("join %s: it is a member already", r.Node)
	}
	r.Via = via.node.name
	return r, nil
}

// dryJoin returns the change that a join would write. If the node is to write its own join, the
// node does not run yet and is not asked.
func (c *Cluster) dryJoin(ctx context.Context, r member.Request) (member.Change, error) {
	if r.Via == r.Node {
		return member.Change{By: r.Node, Node: r.Node, Kind: r.Kind, Weight: r.Weight, Zone: r.Zone}, nil
	}
	via, err := c.scribe(r.Via, r.Node)
	if err != nil {
		return member.Change{}, err
	}
	return c.amend(ctx, via, r, true)
}

// join starts the node and has its join written down. If the join is refused, or the node cannot be
// started, join undoes its steps. The caller holds faults.
func (c *Cluster) join(ctx context.Context, r member.Request) (change member.Change, err error) {
	n, undo := c.node(r.Node), c.stop
	if n == nil {
		n, undo = c.add(r.Node, r.Via), c.withdraw
	} else if n.life.Load() != nil {
		undo = func(*node) error { return nil }
	}
	if err := c.prepare(ctx, n); err != nil {
		return member.Change{}, errors.Join(c.fullDisk(fmt.Errorf("join %s: %w", r.Node, err)), undo(n))
	}
	via, err := c.scribe(r.Via, r.Node)
	if err == nil {
		change, err = c.amend(ctx, via, r, false)
	}
	var refused *usage.Error
	if errors.As(err, &refused) && !c.roll.ring().Has(r.Node) { // after any other error the change may be written
		err = errors.Join(err, undo(n))
	}
	return change, err
}

// knowsMember reports whether a node knows another as a member. It is false if the node does not
// answer.
func (l *life) knowsMember(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, amendTime)
	defer cancel()
	for _, e := range l.tell(ctx, engine.Describe{}) {
		if e.State != nil && e.State.Changes.Ring(l.c.roll.settings().RingConfig()).Has(name) {
			return true
		}
	}
	return false
}

// prepare starts the node that is to join, so that it listens before a member writes down its join.
// It records the node in the data root before a peer can hand a key over to it. The caller holds
// faults.
func (c *Cluster) prepare(ctx context.Context, n *node) error {
	if n.life.Load() == nil {
		if err := c.start(n); err != nil {
			return err
		}
	}
	if err := c.awaitLinks(ctx, mendTime); err != nil {
		return err
	}
	n.remembered = true // also if remember fails: one of its two files may be written
	return c.remember()
}

// stop takes down a node that was down before. The caller holds faults.
func (c *Cluster) stop(n *node) error {
	c.kill(n)
	return nil
}

// withdraw removes a node that was added for a join that failed. The caller holds faults.
func (c *Cluster) withdraw(n *node) error {
	err := c.dismiss(n)
	if n.remembered {
		err = errors.Join(err, c.remember())
	}
	return err
}

// scribe is the node that is to write down a change about another: via, if it is named, or else
// the first that belongs to the ring and works.
func (c *Cluster) scribe(via, about string) (*life, error) {
	if via != "" {
		n := c.node(via)
		if n == nil {
			return nil, c.unknownNode(via)
		}
		if l := n.working(); l != nil {
			return l, nil
		}
		return nil, usage.Errorf("%s; name another node with --via, or first %s", n.idle(), n.wayBack())
	}
	for _, n := range c.roll.nodes() {
		if l := n.working(); l != nil && n.name != about && c.roll.ring().Has(n.name) {
			return l, nil
		}
	}
	return nil, usage.Errorf("no other member of the ring works that could write it down")
}

// amend has the node via write a change down, or only check the change if dryRun.
func (c *Cluster) amend(ctx context.Context, via *life, r member.Request, dryRun bool) (member.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, amendTime)
	defer cancel()
	asked := member.Change{Node: r.Node, Kind: r.Kind, Weight: r.Weight, Zone: r.Zone}
	told := via.tell(ctx, engine.ChangeMembership{Change: asked, DryRun: dryRun})
	switch {
	case len(told) == 0 && dryRun:
		return member.Change{}, fmt.Errorf("%s did not answer within %v", via.node.name, amendTime)
	case len(told) == 0:
		return member.Change{}, fmt.Errorf("%s did not write it down within %v; look at the ring before you try again", via.node.name, amendTime)
	case told[0].Err != wire.OK:
		return member.Change{}, usage.Errorf("%s %s: %s", r.Kind, r.Node, told[0].Message)
	case dryRun:
		return told[0].Changes[0], nil
	}
	c.roll.learn(told[0].Changes)
	return told[0].Changes[0], c.remember()
}

// remember writes the settings to the data root, and for List how many nodes there are. The
// caller holds faults.
func (c *Cluster) remember() error {
	return errors.Join(c.claim.SaveInfo(len(c.roll.nodes()), c.began), c.claim.SaveSettings(c.roll.settings()))
}

// recall takes in what nodes that were started know of the membership: the process may have ended
// before it could remember a change.
func (c *Cluster) recall(ctx context.Context, lives []*life) error {
	var told []*node
	for _, l := range lives {
		for _, e := range l.tell(c.ctx, engine.Describe{}) {
			if e.State != nil {
				c.roll.learn(e.State.Changes)
				told = append(told, l.node)
			}
		}
	}
	for _, n := range told {
		if _, mentioned := c.roll.settings().History().Last(n.name); mentioned {
			continue
		}
		// The end of the process cut the node's join short. No peer can have handed a key over to
		// it.
		if err := c.dismiss(n); err != nil {
			return err
		}
	}
	for _, m := range c.roll.ring().Members() {
		if c.node(m.Name) == nil {
			if err := c.start(c.add(m.Name, "")); err != nil {
				return err
			}
		}
	}
	if err := c.awaitLinks(ctx, linkTime); err != nil {
		return err
	}
	return c.claim.EndFirstStart(c.roll.settings()) // before a client can reach the cluster
}

// watch acts on what a node tells that concerns its host. The caller is the node's loop.
func (c *Cluster) watch(l *life, events []event.Event) {
	for _, e := range events {
		switch e.Kind {
		case event.Membership:
			l.inRing.Store(true)
			c.roll.learn(e.Changes)
		case event.Departed:
			c.wg.Go(func() { c.retire(l) })
		}
	}
}

// retire takes down a node that has left and has said, as the last word of it, that it has nothing any more that
// others need; unless it joined again meanwhile. A departed node takes no writes, so that nothing can have come since.
func (c *Cluster) retire(l *life) {
	c.faults.Lock()
	defer c.faults.Unlock()
	n := l.node
	if n.life.Load() != l || c.ctx.Err() != nil || !c.roll.departed(n.name) {
		return
	}
	if err := errors.Join(c.dismiss(n), c.remember()); err != nil {
		c.tell(event.Event{Node: n.name, Kind: event.DiskFailed, Message: err.Error()})
	}
}

// dismiss removes a node from the cluster, with its disk. The caller holds faults.
func (c *Cluster) dismiss(n *node) error {
	delete(c.ports, n.name)
	n.gone.Store(true) // who looks from now on does not see it going down
	c.netMu.Lock()
	for _, o := range c.roll.nodes() {
		delete(c.conditions, fault.Link{From: n.name, To: o.name})
		delete(c.conditions, fault.Link{From: o.name, To: n.name})
	}
	c.net.Remove(n.name)
	c.retellSplit()
	c.forgetLinks()
	c.roll.remove(n)
	c.netMu.Unlock()
	if l := n.life.Load(); l != nil {
		c.crash(n, l)
	}
	c.tell(event.Event{Node: n.name, Kind: event.NodeLeft})
	return n.disk.Wipe()
}
