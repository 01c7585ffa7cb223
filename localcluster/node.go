package localcluster

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"ringside/engine/event"
	"ringside/localcluster/datadir"
)

// A node holds the state that survives a crash: its name, its port and its disk.
type node struct {
	c       *Cluster
	name    string
	current atomic.Pointer[incarnation] // nil while the node is down
	addr    atomic.Pointer[string]      // of its port; "" before the first incarnation with a free port
	last    atomic.Pointer[event.NodeState]
	ahead   atomic.Int64           // how far its clock is ahead, in ns; set while no incarnation runs
	why     atomic.Pointer[string] // the reason why the node went down by itself; nil if it did not

	// The fields below are guarded by Cluster.faults.

	disk         *datadir.Disk
	number       uint64 // of the latest incarnation
	ran          bool   // an incarnation began in this process
	failures     int    // of the disk, one after another
	fullAttempts int    // attempts to start, one after another, that found the disk full
	retry        *time.Timer
	remembered   bool // the node is joining, and the data root may list it
}

// addNode adds a node to the cluster and the network, and starts nothing. During a split the node
// is on the side of the node beside; "" is the last side. The caller holds faults, unless the
// cluster is starting.
func (c *Cluster) addNode(name, beside string) *node {
	n := &node{c: c, name: name, disk: c.claim.Disk(name)}
	if c.opts.Skew != nil {
		n.ahead.Store(int64(c.opts.Skew(name)))
	}
	addr := ""
	if c.opts.BasePort != 0 {
		addr = loopback(c.opts.BasePort + c.takePort(name))
	}
	n.addr.Store(&addr)
	c.network.Add(name, beside)
	c.registry.add(n)
	return n
}

// now returns the time that the node's clock shows.
func (n *node) now() time.Duration { return n.c.now() + n.skew() }

// skew returns how far the node's clock is ahead of the cluster's. It stays the same for an
// incarnation.
func (n *node) skew() time.Duration { return time.Duration(n.ahead.Load()) }

// unskew gives events of the node the time of the cluster.
func (n *node) unskew(events []event.Event) {
	skew := n.skew()
	if skew == 0 {
		return
	}
	for i := range events {
		if events[i].Time != 0 { // 0 stands for the time at which the event is published
			events[i].Time -= skew
		}
	}
}

// takePort returns the first port that no node has, counted from the base port.
func (c *Cluster) takePort(name string) int {
	port := 0
	for slices.Contains(slices.Collect(maps.Values(c.ports)), port) {
		port++
	}
	c.ports[name] = port
	return port
}

// working returns the node's incarnation if it takes requests, nil if the node is down or paused.
func (n *node) working() *incarnation {
	if i := n.current.Load(); i != nil && !i.paused.Load() {
		return i
	}
	return nil
}

// idle says in words why a node takes no requests.
func (n *node) idle() string {
	if n.current.Load() != nil {
		return n.name + " is paused"
	}
	return n.name + " is down"
}

// wayBack returns the command after which an idle node takes requests again.
func (n *node) wayBack() string {
	if n.current.Load() != nil {
		return "resume " + n.name
	}
	return "restart " + n.name
}

// reason returns why a node went down by itself, "" if it did not.
func (n *node) reason() string {
	if why := n.why.Load(); why != nil {
		return *why
	}
	return ""
}

// lastKnown returns an event with the last state that the node reported, none if that state is
// lost.
func (n *node) lastKnown() []event.Event {
	s := n.last.Load()
	if s == nil {
		return nil
	}
	last := *s
	last.LastKnown = true
	return []event.Event{{Node: n.name, Kind: event.State, State: &last}}
}
