package link

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

// Options of a Network.
type Options struct {
	Secret  []byte // proves each end of a connection to the other
	Memory  *budget.Budget
	Now     func() time.Duration     // since 1970; never goes back
	Publish func(event.Event)        // publishes an event of the cluster; must not block
	Addr    func(node string) string // of the node's port; "" if there is no such node
	Done    <-chan struct{}          // closed when the cluster goes down
	Stopped error                    // the error of waits that Done ends
}

// A Network connects the nodes of a cluster. It is safe for concurrent use, except that Add,
// Remove, Apply and Heal are called by one goroutine at a time.
type Network struct {
	o  Options
	up broadcast.Signal // a link has come up

	mu         sync.RWMutex
	faults     *fault.Net
	conditions map[fault.Link]*fault.Condition // of every link
	endpoints  map[string]*Endpoint            // of the incarnations that run, by node
	split      *event.Event                    // the split that is on; nil: none
	linkFaults []fault.Fault                   // delays and losses as they were asked for, in order

	rngMu sync.Mutex
	rng   *rand.Rand // decides which messages are lost
}

// NewNetwork returns a network without nodes.
func NewNetwork(o Options) *Network {
	return &Network{o: o, faults: fault.NewNet(nil), conditions: map[fault.Link]*fault.Condition{},
		endpoints: map[string]*Endpoint{}, rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
}

// Add adds a node, and a link to it from each incarnation that runs. During a split the node is on
// the side of the node beside; "" is the last side. others are all nodes that exist already.
func (n *Network) Add(name, beside string, others []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.Add(name, beside)
	n.publishSplit()
	for _, o := range others {
		for _, l := range []fault.Link{{From: name, To: o}, {From: o, To: name}} {
			cond := n.faults.Condition(l)
			n.conditions[l] = &cond
		}
		if e := n.endpoints[o]; e != nil {
			e.spawn(e.addLink(name).run)
		}
	}
}

// Remove removes a node that leaves for good. Its incarnation may still run.
func (n *Network) Remove(name string, others []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range others {
		delete(n.conditions, fault.Link{From: name, To: o})
		delete(n.conditions, fault.Link{From: o, To: name})
	}
	for _, e := range n.endpoints {
		if k := e.links[name]; k != nil {
			k.gone.Store(true)
		}
	}
	n.faults.Remove(name)
	n.publishSplit()
	n.linkFaults = slices.DeleteFunc(n.linkFaults, func(f fault.Fault) bool {
		if n.faults.Knows(f.Link) {
			return false
		}
		n.o.Publish(event.Event{Kind: event.Kind(f.Kind), Link: f.Link}) // no delay, no loss
		return true
	})
}

// publishSplit publishes the groups of the split that is on again, after a node was added or
// removed. If no node is left on the other side, the split ends. The caller holds mu.
func (n *Network) publishSplit() {
	if n.split == nil {
		return
	}
	now := n.o.Now()
	if len(n.faults.Groups()) == 0 {
		n.split = nil
		n.o.Publish(event.Event{Kind: event.Heal, Time: now})
		for _, e := range n.linkFaultEvents() { // a view ends these faults with the event Heal also
			e.Time = now
			n.o.Publish(e)
		}
		return
	}
	e := *n.split
	e.Groups = cloneGroups(n.faults.Groups())
	n.split = &e
	again := e
	again.Time, again.Elapsed = now, now-e.Time
	n.o.Publish(again)
}

func (n *Network) linkFaultEvents() []event.Event {
	var out []event.Event
	for _, f := range n.linkFaults {
		out = append(out, event.Event{Kind: event.Kind(f.Kind), Link: f.Link, Delay: f.Delay, Percent: f.Percent})
	}
	return out
}

// Events returns an event for each fault that is on.
func (n *Network) Events() []event.Event {
	n.mu.RLock()
	defer n.mu.RUnlock()
	var out []event.Event
	if n.split != nil {
		out = append(out, *n.split)
	}
	return append(out, n.linkFaultEvents()...)
}

// IsSplit reports whether a split is on.
func (n *Network) IsSplit() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.split != nil
}

// Apply changes the conditions of links, at one instant for all of them. Afterwards nothing crosses
// a cut link, and both ends know that the link is cut. f is a Split, Heal, Slow or Loss. The error
// says why f makes no sense; then nothing has changed.
func (n *Network) Apply(f fault.Fault) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.apply(f)
}

// HealSplit ends the split that is on, and keeps the delays and losses of links.
func (n *Network) HealSplit() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	others := slices.Clone(n.linkFaults)
	err := n.apply(fault.Fault{Kind: fault.Heal})
	for _, f := range others {
		err = errors.Join(err, n.apply(f))
	}
	return err
}

func (n *Network) apply(f fault.Fault) error {
	if err := n.faults.Apply(f); err != nil {
		return err
	}
	e := event.Event{Kind: event.Kind(f.Kind), OneWay: f.OneWay, Link: f.Link, Delay: f.Delay, Percent: f.Percent}
	switch f.Kind {
	case fault.Split:
		e.Groups = cloneGroups(n.faults.Groups())
		e.Time, e.Delay = n.o.Now(), f.For
		n.split = &e
	case fault.Heal:
		n.split, n.linkFaults = nil, nil
	default:
		n.linkFaults = append(slices.DeleteFunc(n.linkFaults, func(o fault.Fault) bool {
			return o.Kind == f.Kind && o.Link == f.Link
		}), f)
	}
	n.o.Publish(e)
	for l, cond := range n.conditions {
		*cond = n.faults.Condition(l)
		if from := n.endpoints[l.From]; from != nil {
			from.links[l.To].changed()
		}
		if to := n.endpoints[l.To]; to != nil && cond.Cut {
			to.cut(l.From)
		}
	}
	return nil
}

func cloneGroups(groups [][]string) [][]string {
	out := make([][]string, len(groups))
	for i, g := range groups {
		out[i] = slices.Clone(g)
	}
	return out
}

// lose returns true in percent of its calls.
func (n *Network) lose(percent float64) bool {
	n.rngMu.Lock()
	defer n.rngMu.Unlock()
	return n.rng.Float64()*100 < percent
}

// Kick lets all links to a node that has started dial at once.
func (n *Network) Kick(node string) {
	n.eachLinkTo(node, func(k *link) { notify(k.kick) })
}

// BreakTo ends the connections of all links to a node that has crashed, as the system would.
func (n *Network) BreakTo(node string) {
	n.eachLinkTo(node, func(k *link) { k.takeDown(nil) })
}

func (n *Network) eachLinkTo(node string, f func(*link)) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, e := range n.endpoints {
		if k := e.links[node]; k != nil {
			f(k)
		}
	}
}

// AwaitLinks waits until every link that can be up is up, for at most limit. The links that are not
// up by then are not an error.
func (n *Network) AwaitLinks(ctx context.Context, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		changed := n.up.Wait()
		if n.AllUp() {
			return nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-n.o.Done:
			return n.o.Stopped
		}
	}
}

// AllUp reports whether every link that can be up is up: the link is not cut, and both of its nodes
// run.
func (n *Network) AllUp() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for l, cond := range n.conditions {
		from, to := n.endpoints[l.From], n.endpoints[l.To]
		if from != nil && to != nil && !cond.Cut && !from.links[l.To].isUp() {
			return false
		}
	}
	return true
}
