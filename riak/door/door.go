package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"

	"ringside/engine/event"
	"ringside/riak/kv"
)

// A Cluster is what Doors need of the cluster.
type Cluster interface {
	kv.Cluster
	// Running returns the names of the nodes that take requests now.
	Running() []string
	// Count calls fn with the events of some kinds, old and new ones, until ctx ends.
	Count(ctx context.Context, kinds []event.Kind, fn func([]event.Event) error) error
	// Snapshot returns events that give the state of the cluster.
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
	// Serves records that a node serves clients at addr by a service; addr "" ends that. note says
	// what is unusual.
	Serves(node, service, addr, note string)
}

// A Service is one interface of all nodes.
type Service struct {
	Name string // such as riak
	Base int    // the port of the first node; 0: free ports
	// Serve serves the connections of ln for a node, until the result is closed, which also closes
	// ln.
	Serve func(ln net.Listener, n Node) io.Closer
}

// A Node is what a Service needs of a node.
type Node struct {
	Store *kv.Store
	Name  string // Riak's name
	// Stalled returns a channel that is closed when the node goes on, nil if it is not paused.
	Stalled func() <-chan struct{}
}

// Options of Doors.
type Options struct {
	Cluster  Cluster
	Services []Service
	Types    map[string]kv.Props // bucket types that are to exist
}

// Doors are the listeners of all nodes.
type Doors struct {
	o      Options
	cancel context.CancelFunc
	watch  sync.WaitGroup

	mu    sync.Mutex
	nodes map[string]*node // those that the cluster has, or had
}

// Open opens the ports of all running nodes. A port that is taken is an error, which says what to
// do. The caller closes the Doors before the cluster.
func Open(ctx context.Context, o Options) (*Doors, error) {
	d := &Doors{o: o, nodes: map[string]*node{}}
	names := o.Cluster.Settings().Nodes
	d.mu.Lock()
	for _, name := range names {
		d.add(name)
	}
	d.mu.Unlock()
	watching, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	for _, name := range o.Cluster.Running() {
		if err := d.nodes[name].open(true); err != nil {
			d.Close()
			return nil, err
		}
	}
	if err := d.createTypes(ctx); err != nil {
		d.Close()
		return nil, err
	}
	d.watch.Go(func() { d.follow(watching) })
	return d, nil
}

// Check returns the error of Open for a port that is taken, for the first nodes of a cluster that
// has not started yet. So a start that must fail leaves nothing behind.
func Check(services []Service, nodes int) error {
	for i := range services {
		for place := range nodes {
			if services[i].Base == 0 {
				continue
			}
			port := services[i].Base + place
			ln, err := net.Listen("tcp4", loopback(port))
			if err != nil {
				return taken(&services[i], fmt.Sprintf("node %d", place+1), port, err)
			}
			_ = ln.Close()
		}
	}
	return nil
}

// createTypes makes the types of the options.
func (d *Doors) createTypes(ctx context.Context) error {
	running := d.o.Cluster.Running()
	if len(running) == 0 {
		return errors.New("create bucket types: no node is running")
	}
	store := d.nodes[running[0]].store
	for name, p := range d.o.Types {
		if err := store.CreateType(ctx, name, p); err != nil {
			return fmt.Errorf("create bucket type %q: %w", name, err)
		}
	}
	return nil
}

// Close closes all ports and connections, and waits until no request is served.
func (d *Doors) Close() {
	d.cancel()
	d.watch.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	var wg sync.WaitGroup
	for _, n := range d.nodes {
		wg.Go(n.end)
	}
	wg.Wait()
}

// Addr returns the address of a node for a service, "" if the node has none now.
func (d *Doors) Addr(nodeName, service string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.nodes[nodeName]
	if n == nil {
		return ""
	}
	for _, p := range n.ports {
		if p.service.Name == service && p.server != nil {
			return p.addr
		}
	}
	return ""
}

// kinds are the events that open and close ports, and one that a node counts for its numbers.
var kinds = []event.Kind{event.NodeUp, event.NodeDown, event.NodePaused, event.NodeLeft, event.ReadRepair}

// follow opens and closes ports as events say, until ctx ends.
func (d *Doors) follow(ctx context.Context) {
	for ctx.Err() == nil {
		_ = d.o.Cluster.Count(ctx, kinds, func(events []event.Event) error {
			for i := range events {
				if events[i].Kind == event.Gap {
					d.resync(ctx)
					continue
				}
				d.apply(&events[i])
			}
			return nil
		})
		return // the cluster is down
	}
}

// resync applies the state of the cluster, because events are missing.
func (d *Doors) resync(ctx context.Context) {
	events, err := d.o.Cluster.Snapshot(ctx)
	if err != nil {
		return
	}
	for i := range events {
		d.apply(&events[i])
	}
}

// apply does what one event asks for.
func (d *Doors) apply(e *event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.nodes[e.Node]
	switch e.Kind {
	case event.NodeUp:
		if n == nil {
			n = d.add(e.Node)
		}
		n.resume()
		_ = n.open(false) // open takes a free port rather than fail
	case event.NodeDown:
		if n != nil {
			n.resume()
			n.close()
		}
	case event.NodePaused:
		if n != nil {
			n.pause()
		}
	case event.NodeLeft:
		if n != nil {
			n.resume()
			n.end()
			delete(d.nodes, e.Node)
		}
	case event.ReadRepair:
		if n != nil {
			n.store.ReadRepaired()
		}
	}
}

// add adds a node. Its place is the lowest that no node has. The caller holds mu.
func (d *Doors) add(name string) *node {
	place, taken := 0, map[int]bool{}
	for _, n := range d.nodes {
		taken[n.place] = true
	}
	for taken[place] {
		place++
	}
	n := &node{cluster: d.o.Cluster, name: name, place: place, store: kv.NewStore(d.o.Cluster, name)}
	for i := range d.o.Services {
		n.ports = append(n.ports, &port{service: &d.o.Services[i]})
	}
	d.nodes[name] = n
	return n
}

// taken returns the error for a port that a node did not get.
func taken(service *Service, nodeName string, port int, err error) error {
	why := err.Error()
	if errors.Is(err, syscall.EADDRINUSE) {
		why = "another program has the port"
	}
	return fmt.Errorf("--%s: listen on port %d for %s: %s; free it, choose another first port with --%s=PORT, "+
		"or take free ports with --%s=0", service.Name, port, nodeName, why, service.Name, service.Name)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
