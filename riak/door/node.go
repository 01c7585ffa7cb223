package door

import (
	"fmt"
	"io"
	"net"
	"sync"

	"ringside/riak/kv"
)

// A node has the ports of one node of the cluster. Doors.mu guards it, except for stalled.
type node struct {
	cluster Cluster
	name    string
	place   int // among the nodes, which gives its ports
	store   *kv.Store
	ports   []*port

	stallMu sync.Mutex
	stalled chan struct{} // closed when the node goes on; nil if it is not paused
}

// A port is a node's port for one service.
type port struct {
	service *Service
	addr    string    // the one that the node has, or had last
	server  io.Closer // nil while the port is closed
}

// open opens the ports that are closed. If a port is taken, that is an error if strict is set, and
// otherwise the node takes a free port.
func (n *node) open(strict bool) error {
	for _, p := range n.ports {
		if p.server != nil {
			continue
		}
		ln, note, err := n.listen(p, strict)
		if err != nil {
			return err
		}
		p.addr = ln.Addr().String()
		p.server = p.service.Serve(ln, Node{Store: n.store, Name: kv.NodeName(n.name), Stalled: n.stall})
		n.cluster.Serves(n.name, p.service.Name, p.addr, note)
	}
	return nil
}

// listen takes the node's port of a service: the one that it had, or the one of its place.
func (n *node) listen(p *port, strict bool) (ln net.Listener, note string, err error) {
	addr, number := p.addr, p.service.Base+n.place
	if addr == "" && p.service.Base > 0 {
		addr = loopback(number)
	}
	if addr != "" {
		if ln, err = net.Listen("tcp4", addr); err == nil {
			return ln, "", nil
		}
		err = taken(p.service, n.name, number, err)
		if strict {
			return nil, "", err
		}
		note = fmt.Sprintf("%s was taken, so %s has a free port", addr, n.name)
	}
	if ln, err = net.Listen("tcp4", loopback(0)); err != nil {
		err = taken(p.service, n.name, 0, err)
		n.cluster.Serves(n.name, p.service.Name, "", err.Error())
	}
	return ln, note, err
}

// close closes the ports.
func (n *node) close() {
	for _, p := range n.ports {
		if p.server != nil {
			_ = p.server.Close()
			p.server = nil
			n.cluster.Serves(n.name, p.service.Name, "", "")
		}
	}
}

// end closes the ports and the store.
func (n *node) end() {
	n.close()
	n.store.Close()
}

// pause makes the connections stand still.
func (n *node) pause() {
	n.stallMu.Lock()
	defer n.stallMu.Unlock()
	if n.stalled == nil {
		n.stalled = make(chan struct{})
	}
}

// resume lets the connections go on.
func (n *node) resume() {
	n.stallMu.Lock()
	defer n.stallMu.Unlock()
	if n.stalled != nil {
		close(n.stalled)
		n.stalled = nil
	}
}

// stall implements Node.Stalled.
func (n *node) stall() <-chan struct{} {
	n.stallMu.Lock()
	defer n.stallMu.Unlock()
	return n.stalled
}
