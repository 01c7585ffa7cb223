package localcluster

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
)

// A roll is the cluster's list of its nodes and of what was settled about them. Who is on it
// is a host's business; who belongs to the ring is said by the membership history alone.
type roll struct {
	mu   sync.RWMutex
	s    settings.Cluster
	r    *ring.Ring
	list []*node
}

// settings returns a copy; its slices never change.
func (r *roll) settings() settings.Cluster {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.s
}

// ring is the ring of all changes that were made here.
func (r *roll) ring() *ring.Ring {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.r
}

// nodes are all nodes that there are, in the order in which they came. The slice never changes.
func (r *roll) nodes() []*node {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list
}

func (r *roll) set(s settings.Cluster) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s, r.r = s, s.History().Ring(s.RingConfig())
}

// learn adds changes of the membership. Several nodes may tell of some at once.
func (r *roll) learn(h member.History) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.s.History()
	all := known.Merge(h)
	if len(all) == len(known) {
		return
	}
	r.s.Founders, r.s.Changes = r.s.InitialMembers(), all // Nodes will not be the founders for long
	r.r = all.Ring(r.s.RingConfig())
}

// departed says whether name has left, and has nothing any more.
func (r *roll) departed(name string) bool {
	last, _ := r.settings().History().Last(name)
	return last.Kind == member.Gone && !r.ring().Has(name)
}

func (r *roll) add(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(slices.Clone(r.list), n)
	if !slices.Contains(r.s.Nodes, n.name) {
		r.s.Founders = r.s.InitialMembers()
		r.s.Nodes = append(slices.Clone(r.s.Nodes), n.name)
	}
}

func (r *roll) remove(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Founders = r.s.InitialMembers()
	r.list = slices.DeleteFunc(slices.Clone(r.list), func(o *node) bool { return o == n })
	r.s.Nodes = slices.DeleteFunc(slices.Clone(r.s.Nodes), func(o string) bool { return o == n.name })
}

// node returns the node called name, nil if there is none.
func (c *Cluster) node(name string) *node {
	for _, n := range c.roll.nodes() {
		if n.name == name {
			return n
		}
	}
	return nil
}

// working is the node's life if it takes requests, nil if it is down or paused.
func (n *node) working() *life {
	if l := n.life.Load(); l != nil && !l.paused.Load() {
		return l
	}
	return nil
}

// idle says in an error why a node that is not working takes no request.
func (n *node) idle() string {
	if n.life.Load() != nil {
		return n.name + " is paused"
	}
	return n.name + " is down"
}

// wayBack returns the command that lets a node work that is not working.
func (n *node) wayBack() string {
	if n.life.Load() != nil {
		return "resume " + n.name
	}
	return "restart " + n.name
}

// others are all nodes but n.
func (c *Cluster) others(n *node) []*node {
	return slices.DeleteFunc(slices.Clone(c.roll.nodes()), func(o *node) bool { return o == n })
}

// freeName is the first of n1, n2, … beyond all that there are or were.
func (c *Cluster) freeName() string {
	s := c.roll.settings()
	highest := 0
	see := func(name string) {
		if i, err := strconv.Atoi(strings.TrimPrefix(name, "n")); err == nil {
			highest = max(highest, i)
		}
	}
	for _, n := range s.Nodes {
		see(n)
	}
	for _, ch := range s.History() {
		see(ch.Node)
	}
	return "n" + strconv.Itoa(highest+1)
}

// foundersFor is whom a node knows to be in the ring from the beginning: nobody if it joins later.
func foundersFor(s settings.Cluster, name string) []ring.Member {
	born := s.InitialMembers()
	if last, ok := s.History().Last(name); !ok || !member.Founders(born).Has(last) {
		return nil // or it left and came back since: what it knows of the ring is on its disk, or gone
	}
	return born
}

// add adds a node to the cluster and the network, and starts nothing. During a split the node is on
// the side of the node beside; "" is the last side. The caller holds faults, unless the cluster is
// starting.
func (c *Cluster) add(name, beside string) *node {
	n := &node{c: c, name: name, disk: c.claim.Disk(name)}
	addr := ""
	if c.basePort != 0 {
		addr = loopback(c.basePort + c.freePort(name))
	}
	n.addr.Store(&addr)
	c.netMu.Lock()
	defer c.netMu.Unlock()
	c.net.Add(name, beside)
	c.retellSplit()
	for _, o := range c.roll.nodes() {
		for _, l := range []fault.Link{{From: name, To: o.name}, {From: o.name, To: name}} {
			cond := c.net.Condition(l)
			c.conditions[l] = &cond
		}
	}
	for _, o := range c.roll.nodes() {
		if l := o.life.Load(); l != nil {
			k := newLink(l, n, c.conditions[fault.Link{From: o.name, To: name}])
			l.links[name] = k
			l.wg.Go(k.run)
		}
	}
	c.roll.add(n)
	return n
}

// freePort takes the first port that no node has.
func (c *Cluster) freePort(name string) int {
	if c.ports == nil {
		c.ports = map[string]int{}
	}
	port := 0
	for slices.Contains(slices.Collect(maps.Values(c.ports)), port) {
		port++
	}
	c.ports[name] = port
	return port
}

// condition is the state of a link, guarded by netMu; nil if there is none.
func (c *Cluster) condition(l fault.Link) *fault.Condition {
	c.netMu.RLock()
	defer c.netMu.RUnlock()
	return c.conditions[l]
}
