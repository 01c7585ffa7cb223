package localcluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
)

// changeTime bounds how long a node may take to write a change to its disk.
const changeTime = 5 * time.Second

// Member has a node write a change of the membership to its disk (§4.8.1), and returns the change
// as the node wrote it. For a Join, the node that joins is started first if it does not run. A node
// that leaves is taken down when it has handed over all its data. Member waits for neither
// transfer. A *usage.Error means that the change makes no sense.
func (c *Cluster) Member(ctx context.Context, r member.Request) (member.Change, error) {
	return c.change(ctx, r, false)
}

// CheckMember makes all checks of Member and changes nothing. It returns the change that Member
// would write.
func (c *Cluster) CheckMember(ctx context.Context, r member.Request) (member.Change, error) {
	return c.change(ctx, r, true)
}

// change makes all checks of a change, and writes the change unless dryRun.
func (c *Cluster) change(ctx context.Context, r member.Request, dryRun bool) (member.Change, error) {
	c.faults.Lock()
	defer c.faults.Unlock()
	if c.ctx.Err() != nil {
		return member.Change{}, control.ErrStopped
	}
	if err := control.CheckMember(r); err != nil {
		return member.Change{}, usage.Errorf("%w", err)
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
	if c.registry.node(r.Node) == nil && !c.registry.ring().Has(r.Node) {
		return member.Change{}, c.registry.unknownNode(r.Node)
	}
	if n := c.registry.node(r.Node); r.Kind == member.Leave && n != nil && n.working() == nil {
		return member.Change{}, usage.Errorf("leave: %s, and cannot hand over what it has: run  %s  first, "+
			"or remove it with  leave %s --force", n.idle(), n.wayBack(), r.Node)
	}
	via, err := c.registry.writerOf(r)
	if err != nil {
		return member.Change{}, err
	}
	return via.write(ctx, r, dryRun)
}

// checkJoin completes a request for a join, and refuses one that makes no sense. The caller holds
// faults.
func (c *Cluster) checkJoin(ctx context.Context, r member.Request) (member.Request, error) {
	if r.Node == "" {
		r.Node = c.registry.freeName()
	}
	r.Weight = max(r.Weight, 1)
	n := c.registry.node(r.Node)
	if n == nil {
		if err := config.CheckNewNode(r.Node); err != nil {
			return r, usage.Errorf("join: %w", err)
		}
		if err := c.files.check(len(c.registry.nodes()) + 1); err != nil {
			return r, usage.Errorf("join %s: %w", r.Node, err)
		}
	}
	switch {
	case c.registry.ring().Has(r.Node) && (r.Via == "" || r.Via == r.Node):
		return r, usage.Errorf("join %s: it is a member already", r.Node)
	case n == nil && len(c.registry.nodes()) >= config.MaxNodes:
		return r, usage.Errorf("a cluster in one process has at most %d nodes", config.MaxNodes)
	case r.Via == r.Node:
		return r, nil
	}
	via, err := c.registry.writerOf(r)
	switch {
	case err != nil:
		return r, err
	case via.knows(ctx, r.Node): // a node that knows another ring may let it in (§4.8.2)
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
	via, err := c.registry.writerOf(r)
	if err != nil {
		return member.Change{}, err
	}
	return via.write(ctx, r, true)
}

// join starts the node and has a member write the join. If the join is refused, or the node cannot
// be started, join undoes its steps. The caller holds faults.
func (c *Cluster) join(ctx context.Context, r member.Request) (change member.Change, err error) {
	n := c.registry.node(r.Node)
	undo := func() error { return nil }
	switch {
	case n == nil:
		n = c.addNode(r.Node, r.Via)
		undo = n.withdraw
	case n.current.Load() == nil:
		undo = n.stop
	}
	if err := n.prepare(ctx); err != nil {
		return member.Change{}, errors.Join(c.explainFullDisk(fmt.Errorf("join %s: %w", r.Node, err)), undo())
	}
	via, err := c.registry.writerOf(r)
	if err == nil {
		change, err = via.write(ctx, r, false)
	}
	var refused *usage.Error
	if errors.As(err, &refused) && !c.registry.ring().Has(r.Node) { // after any other error the change may be written
		err = errors.Join(err, undo())
	}
	return change, err
}

// prepare starts the node that is to join, so that it listens before a member writes its join.
// prepare also records the node in the data root before a peer can hand a key over to the node. The
// caller holds faults.
func (n *node) prepare(ctx context.Context) error {
	if n.current.Load() == nil {
		if err := n.start(); err != nil {
			return err
		}
	}
	if err := n.c.network.AwaitLinks(ctx, mendTime); err != nil {
		return err
	}
	n.remembered = true // also if save fails: one of its two files may be written
	return n.c.save()
}

// stop takes down a node that was down before. The caller holds faults.
func (n *node) stop() error {
	n.kill()
	return nil
}

// withdraw removes a node that was added for a join that failed. The caller holds faults.
func (n *node) withdraw() error {
	err := n.remove()
	if n.remembered {
		err = errors.Join(err, n.c.save())
	}
	return err
}

// writerOf returns the node that is to write a change about another node: change.Via if it is not
// "", or else the first member of the ring that takes requests.
func (r *registry) writerOf(change member.Request) (*incarnation, error) {
	if change.Via != "" {
		n := r.node(change.Via)
		if n == nil {
			return nil, r.unknownNode(change.Via)
		}
		if i := n.working(); i != nil {
			return i, nil
		}
		return nil, usage.Errorf("%s; name another node with --via, or first %s", n.idle(), n.wayBack())
	}
	for _, n := range r.nodes() {
		if i := n.working(); i != nil && n.name != change.Node && r.ring().Has(n.name) {
			return i, nil
		}
	}
	if change.Kind != member.Join && r.ring().Has(change.Node) && len(r.ring().Members()) == 1 {
		return nil, usage.Errorf("%s %s: it is the only member; join another node first", change.Kind, change.Node)
	}
	return nil, usage.Errorf("%s %s: %s", change.Kind, change.Node,
		r.noneTakesRequests("other ", "member", "restart one first"))
}

// write has the node write a change, or only check the change if dryRun.
func (i *incarnation) write(ctx context.Context, r member.Request, dryRun bool) (member.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	asked := member.Change{Node: r.Node, Kind: r.Kind, Weight: r.Weight, Zone: r.Zone}
	reply := i.ask(ctx, engine.ChangeMembership{Change: asked, DryRun: dryRun})
	switch {
	case len(reply) == 0 && dryRun:
		return member.Change{}, fmt.Errorf("%s did not answer within %v", i.node.name, changeTime)
	case len(reply) == 0:
		return member.Change{}, fmt.Errorf("%s did not write the change within %v; "+
			"look at the ring before you try again", i.node.name, changeTime)
	case reply[0].Err != wire.OK:
		return member.Change{}, usage.Errorf("%s %s: %s", r.Kind, r.Node, reply[0].Message)
	case dryRun:
		return reply[0].Changes[0], nil
	}
	i.c.registry.learn(reply[0].Changes)
	return reply[0].Changes[0], i.c.save()
}

// save writes the settings and the number of nodes to the cluster's folders. The caller holds
// faults.
func (c *Cluster) save() error {
	return errors.Join(c.claim.SaveInfo(len(c.registry.nodes()), c.began), c.claim.SaveSettings(c.registry.settings()))
}

// syncMembership learns the membership from nodes that were just started. The process that ran them
// before may have ended before it could save a change. The caller holds faults.
func (c *Cluster) syncMembership(ctx context.Context, started []*incarnation) error {
	var reported []*node
	for _, i := range started {
		for _, e := range i.ask(c.ctx, engine.Describe{}) {
			if e.State != nil {
				c.registry.learn(e.State.Changes)
				reported = append(reported, i.node)
			}
		}
	}
	for _, n := range reported {
		if _, mentioned := c.registry.settings().History().Last(n.name); mentioned {
			continue
		}
		// The end of the process cut the node's join short. No peer can have handed a key over to
		// the node.
		if err := n.remove(); err != nil {
			return err
		}
	}
	for _, m := range c.registry.ring().Members() {
		if c.registry.node(m.Name) == nil {
			if err := c.addNode(m.Name, "").start(); err != nil {
				return err
			}
		}
	}
	if err := c.network.AwaitLinks(ctx, linkTime); err != nil {
		return err
	}
	return c.claim.EndFirstStart(c.registry.settings()) // before a client can reach the cluster
}

// retire takes down a node that has left and has reported that it holds nothing that others need,
// unless the node joined again meanwhile. A node that has left takes no writes, so the report is
// still true.
func (i *incarnation) retire() {
	i.c.faults.Lock()
	defer i.c.faults.Unlock()
	n := i.node
	if n.current.Load() != i || i.c.ctx.Err() != nil || !i.c.registry.departed(n.name) {
		return
	}
	if err := errors.Join(n.remove(), i.c.save()); err != nil {
		i.c.publish(event.Event{Node: n.name, Kind: event.DiskFailed, Message: err.Error()})
	}
}

// remove removes a node from the cluster, with its disk. The caller holds faults.
func (n *node) remove() error {
	delete(n.c.ports, n.name)
	n.c.network.Remove(n.name) // first, so that no link reports the crash
	if !n.c.network.IsSplit() {
		n.c.stopSplitTimer()
	}
	n.c.registry.remove(n)
	n.c.services.forget(n.name)
	if i := n.current.Load(); i != nil {
		i.end()
	}
	n.c.publish(event.Event{Node: n.name, Kind: event.NodeLeft})
	return n.disk.Wipe()
}
