package localcluster

import (
	"maps"
	"slices"
	"sync"

	"ringside/engine/event"
)

// services has the addresses at which nodes serve clients of other protocols. The driver's user
// serves them, and reports them with Serves.
type services struct {
	mu sync.Mutex
	by map[string]map[string]string // by node and service
}

// Serves records that a node serves clients at addr by a service, such as riak. An empty addr ends
// that. note says what is unusual. Events and snapshots of the cluster have what Serves records.
func (c *Cluster) Serves(node, service, addr, note string) {
	if c.registry.node(node) == nil {
		return // it left meanwhile
	}
	c.services.set(node, service, addr)
	c.publish(event.Event{Kind: event.Serves, Node: node, Op: service, Addr: addr, Message: note})
}

func (s *services) set(node, service, addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]map[string]string{}
	}
	if s.by[node] == nil {
		s.by[node] = map[string]string{}
	}
	if s.by[node][service] = addr; addr == "" {
		delete(s.by[node], service)
	}
}

// forget removes a node.
func (s *services) forget(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, node)
}

// events returns what is recorded of the nodes of a registry, for a snapshot.
func (s *services) events(r *registry) []event.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []event.Event
	for _, n := range r.nodes() {
		for _, service := range slices.Sorted(maps.Keys(s.by[n.name])) {
			out = append(out, event.Event{Kind: event.Serves, Node: n.name, Op: service, Addr: s.by[n.name][service]})
		}
	}
	return out
}
