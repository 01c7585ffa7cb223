package link

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
	"ringside/localcluster/traffic"
)

// Options of a Network.
type Options struct {
	Secret  []byte // proves each end of a connection to the other
	Memory  *budget.Budget
	Now     func() time.Duration     // since 1970; never goes back
	Publish func(event.Event)        // publishes an event of the cluster; must not block
	Addr    func(node string) string // of the node's port; "" if there is no such node
	Traffic *traffic.Counter         // counts what enters the links; nil: nothing counts
	MaxEnds func(nodes int) int      // connections that each of so many nodes keeps open; nil: no limit
	Done    <-chan struct{}          // closed when the cluster goes down
	Stopped error                    // the error of waits that Done ends
}

// A Network connects the nodes of a cluster. It is safe for concurrent use, except that Add,
// Remove, Apply and Heal are called by one goroutine at a time.
type Network struct {
	o    Options
	idle time.Duration    // idleTime, except in tests
	up   broadcast.Signal // a link has come up

	mu         sync.RWMutex
	faults     *fault.Net
	conditions map[fault.Link]*condition // of every direction between two nodes
	names      []string                  // of all nodes
	endpoints  map[string]*Endpoint      // of the incarnations that run, by node
	split      *event.Event              // the split that is on; nil: none
	linkFaults []fault.Fault             // delays and losses as they were asked for, in order

	rngMu sync.Mutex
	rng   *rand.Rand // decides which messages are lost
}

// NewNetwork returns a network without nodes.
func NewNetwork(o Options) *Network {
	return &Network{o: o, idle: idleTime, faults: fault.NewNet(nil), conditions: map[fault.Link]*condition{},
		endpoints: map[string]*Endpoint{}, rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
}

// Add adds a node. During a split the node is on the side of the node beside; "" is the last side.
func (n *Network) Add(name, beside string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.Add(name, beside)
	n.publishSplit()
	for _, o := range n.names {
		for _, l := range []fault.Link{{From: name, To: o}, {From: o, To: name}} {
			n.conditions[l] = &condition{Condition: n.faults.Condition(l)}
		}
		if e := n.endpoints[o]; e != nil {
			e.forget(name)
			e.link(name).disconnect() // until the node runs
		}
	}
	n.names = append(n.names, name)
}

// Remove removes a node that leaves for good. Its incarnation may still run.
func (n *Network) Remove(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.others(name) {
		delete(n.conditions, fault.Link{From: name, To: o})
		delete(n.conditions, fault.Link{From: o, To: name})
	}
	n.names = n.others(name)
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
	n.refresh()
	return nil
}

// refresh gives all links their conditions. The caller holds mu.
func (n *Network) refresh() {
	for l, cond := range n.conditions {
		was := cond.Cut
		if cond.Condition = n.faults.Condition(l); cond.Cut && !was {
			cond.cuts++
		}
	}
	for _, from := range n.names { // in order, so that nodes learn of changes in the order of names
		e := n.endpoints[from]
		if e == nil {
			continue
		}
		for _, to := range n.others(from) {
			if n.conditions[fault.Link{From: from, To: to}].Cut {
				e.link(to).cut()
			} else if k := e.links[to]; k != nil {
				k.changed()
				k.bringUp()
			}
		}
	}
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

// knows reports whether two nodes are different nodes of the network. The caller holds mu.
func (n *Network) knows(a, b string) bool { return n.conditions[fault.Link{From: a, To: b}] != nil }

// others returns the names of all nodes but one. The caller holds mu.
func (n *Network) others(name string) []string {
	return slices.DeleteFunc(slices.Clone(n.names), func(o string) bool { return o == name })
}

// BringUp tells the other nodes that a node which was down can be reached. A real node would see
// that the peer connects, or accepts a connection.
func (n *Network) BringUp(node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.endpoints {
		if k := e.links[node]; k != nil {
			k.bringUp()
		}
	}
}

// BreakTo tells the other nodes that a node has crashed. Their connections to it end, as the system
// would end them. A node without a connection would see that the peer refuses one.
func (n *Network) BreakTo(node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, e := range n.endpoints {
		if k := e.links[node]; k != nil {
			k.disconnect()
		} else if n.knows(name, node) {
			e.link(node).disconnect()
		}
	}
}

// AwaitConnection makes a connection from one running node to another, unless there is one. It
// returns an error if there is none within limit.
func (n *Network) AwaitConnection(ctx context.Context, from, to string, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		changed := n.up.Wait()
		if n.connect(from, to) {
			return nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return fmt.Errorf("%s did not reach %s within %v", from, to, limit)
		case <-ctx.Done():
			return ctx.Err()
		case <-n.o.Done:
			return n.o.Stopped
		}
	}
}

// connect reports whether two nodes are connected. If they are not, a node dials the other one.
func (n *Network) connect(from, to string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.endpoints[from]
	if e == nil || !n.knows(from, to) {
		return false
	}
	k := e.link(to)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sending == nil {
		k.dialSoon()
	}
	return k.sending != nil
}

// Connections returns the number of open ends of connections between nodes.
func (n *Network) Connections() (ends int) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, e := range n.endpoints {
		for _, k := range e.links {
			ends += k.connections()
		}
	}
	return ends
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

// AllUp reports whether every link that can be up is up: the link is not cut, both of its nodes
// run, and the last attempt to connect did not fail.
func (n *Network) AllUp() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, e := range n.endpoints {
		for _, k := range e.links {
			if k.passable() && !k.isUp() {
				return false
			}
		}
	}
	return true
}
