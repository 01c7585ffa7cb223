package localcluster

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"ringside/engine/escape"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/localcluster/client"
)

// A registry has the nodes of the cluster and its settings. The registry lists the nodes that this
// process hosts. The members of the ring follow from the membership history alone. A registry is
// safe for concurrent use.
type registry struct {
	rings sharedRings

	mu   sync.RWMutex
	s    settings.Cluster // Invariant: Nodes are the names of list
	r    *ring.Ring       // Invariant: follows from s
	list []*node
}

// settings returns a copy of the settings. Its slices never change.
func (r *registry) settings() settings.Cluster {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.s
}

// ring returns the ring of all changes that the registry has learnt.
func (r *registry) ring() *ring.Ring {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.r
}

// nodes returns all nodes, in the order in which they were added. The slice never changes.
func (r *registry) nodes() []*node {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.list
}

// sharedRings computes each ring once for all nodes, whose loops run at the same time.
type sharedRings struct {
	mu    sync.Mutex
	rings *member.Rings
}

// Of implements engine.Rings.
func (s *sharedRings) Of(h member.History) *ring.Ring {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rings.Of(h)
}

// set replaces the settings when the cluster starts.
func (r *registry) set(s settings.Cluster) {
	r.rings.rings = member.NewRings(s.RingConfig())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s, r.r = s, r.rings.Of(s.History())
}

// learn adds changes of the membership. Several nodes may report the same change.
func (r *registry) learn(h member.History) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.s.History()
	all := known.Merge(h)
	if len(all) == len(known) {
		return
	}
	r.s.Founders, r.s.Changes = r.s.InitialMembers(), all // Nodes may differ from the founders from now on
	r.r = r.rings.Of(all)
}

// departed reports whether a node has left and has handed over all its data.
func (r *registry) departed(name string) bool {
	last, _ := r.settings().History().Last(name)
	return last.Kind == member.Gone && !r.ring().Has(name)
}

// add adds a node that the cluster does not have.
func (r *registry) add(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(slices.Clone(r.list), n)
	if !slices.Contains(r.s.Nodes, n.name) {
		r.s.Founders = r.s.InitialMembers()
		r.s.Nodes = append(slices.Clone(r.s.Nodes), n.name)
	}
}

// remove removes a node.
func (r *registry) remove(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Founders = r.s.InitialMembers()
	r.list = slices.DeleteFunc(slices.Clone(r.list), func(o *node) bool { return o == n })
	r.s.Nodes = slices.DeleteFunc(slices.Clone(r.s.Nodes), func(o string) bool { return o == n.name })
}

// node returns the node called name, nil if there is none.
func (r *registry) node(name string) *node {
	for _, n := range r.nodes() {
		if n.name == name {
			return n
		}
	}
	return nil
}

// freeName returns the first of n1, n2 and so on after all names that were ever used.
func (r *registry) freeName() string {
	s := r.settings()
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

// foundersFor returns the members that a node knows from the beginning. It returns none for a node
// that joined later.
func foundersFor(s settings.Cluster, name string) []ring.Member {
	born := s.InitialMembers()
	if last, ok := s.History().Last(name); !ok || !member.Founders(born).Has(last) {
		return nil // also for a founder that left and joined again: its disk has its ring, or lost it
	}
	return born
}

func (r *registry) unknownNode(name string) error {
	return usage.Errorf("there is no node '%s'; there are %s", escape.TerminalShort([]byte(name), 60),
		strings.Join(r.settings().Nodes, " "))
}

// firstRunning returns the first node of the key's preference list that takes requests, "" if there
// is none.
func (r *registry) firstRunning(key []byte) string {
	ring := r.ring()
	for _, name := range ring.Homes(key) { // which is the front of the list
		if r.takesRequests(name) {
			return name
		}
	}
	for _, name := range ring.Preference(key) {
		if r.takesRequests(name) {
			return name
		}
	}
	return ""
}

// takesRequests reports whether a node is running and knows its ring.
func (r *registry) takesRequests(name string) bool {
	n := r.node(name)
	if n == nil {
		return false
	}
	i := n.working()
	return i != nil && i.knowsRing.Load()
}

// target returns the incarnation of a node that clients connect to. running is false if the node is
// down or does not exist.
func (r *registry) target(name string) (_ client.Target, running bool) {
	n := r.node(name)
	if n == nil {
		return client.Target{}, false
	}
	i := n.current.Load()
	if i == nil {
		return client.Target{}, false
	}
	return client.Target{Addr: *n.addr.Load(), Incarnation: i.number}, true
}

// addrOf returns the address of a node's port, "" if there is no such node.
func (r *registry) addrOf(name string) string {
	if n := r.node(name); n != nil {
		return *n.addr.Load()
	}
	return ""
}
