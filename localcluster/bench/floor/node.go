package floor

import (
	"bufio"
	"net"
	"sync"
)

// A node coordinates the requests of its clients and answers those of its peers.
type node struct {
	f        *Floor
	index    int
	listener net.Listener

	peers []*outbox // by index; nil for nodes without messages to or from this one; fixed once ready

	mu    sync.Mutex
	ops   []operation // under way; a free one has left == 0
	free  []uint32    // indexes of ops that are free
	begun int         // operations so far
}

// An operation of a client is under way until all replicas have answered.
type operation struct {
	need, left int // answers until the reply, and until the end
	to         replier
	reply      header
}

// A replier sends the reply of an operation to the client.
type replier interface{ send(h header) }

// accept takes connections until the listener is closed.
func (n *node) accept() {
	for {
		c, err := n.listener.Accept()
		if err != nil {
			return
		}
		n.f.adopt(c, func() { n.serve(c) })
	}
}

// serve reads the frames of a connection until the connection breaks.
func (n *node) serve(c net.Conn) {
	defer n.f.drop(c)
	in := bufio.NewReaderSize(c, readBuffer)
	first, err := read(in)
	if err != nil || first.kind != hello {
		return
	}
	select {
	case <-n.f.ready:
	case <-n.f.done:
		return
	}
	var client replier
	done := make(chan struct{})
	defer close(done)
	switch {
	case first.sender != clientSender:
		defer n.f.stop() // no operation can end without this connection
	case first.id == sharedHello:
		out := newOutbox(c)
		n.f.wg.Go(func() { _ = out.run(done) })
		client = out
	default:
		client = &direct{conn: c}
	}
	for {
		h, err := read(in)
		if err != nil || !n.take(h, client) {
			return
		}
	}
}

// take works on a frame. client is nil on the connection of a peer. take returns false for a frame
// that does not belong there.
func (n *node) take(h header, client replier) bool {
	switch {
	case h.kind == request && client != nil:
		n.coordinate(h, client)
		return true
	case h.kind == ask && client == nil:
		n.peers[h.sender].send(header{size: n.f.o.Sizes[h.op].Answer, kind: answer, op: h.op, id: h.id})
		return true
	case h.kind == answer && client == nil:
		n.answered(uint32(h.id))
		return true
	}
	return false
}

// A direct replier writes each reply by itself. Its client has one request at a time under way.
type direct struct {
	conn net.Conn

	mu  sync.Mutex // the next reply may be due before a write returns
	buf []byte
}

func (d *direct) send(h header) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.buf = appendFrame(d.buf[:0], h)
	_, _ = d.conn.Write(d.buf) // the client sees that its connection broke
}

// coordinate asks the other replicas, which follow the coordinator at a distance that differs from
// request to request, so that every two nodes have traffic.
func (n *node) coordinate(h header, to replier) {
	o := n.f.o
	need := o.W - 1
	if h.op == Get {
		need = o.R - 1
	}
	back := header{size: o.Sizes[h.op].Reply, kind: reply, op: h.op, id: h.id}
	if o.N > 1 {
		id, first := n.begin(operation{need: need, left: o.N - 1, to: to, reply: back})
		for i := range o.N - 1 {
			peer := (n.index + 1 + (first+i)%n.f.peers) % o.Nodes
			n.peers[peer].send(header{size: o.Sizes[h.op].Ask, kind: ask, op: h.op, sender: n.index, id: uint64(id)})
		}
	}
	if need == 0 {
		to.send(back)
	}
}

// begin stores an operation. It returns its index, and how many operations the node began.
func (n *node) begin(op operation) (id uint32, begun int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begun++
	if last := len(n.free) - 1; last >= 0 {
		id := n.free[last]
		n.free = n.free[:last]
		n.ops[id] = op
		return id, n.begun
	}
	n.ops = append(n.ops, op)
	return uint32(len(n.ops) - 1), n.begun
}

// answered counts the answer of a replica, and replies if enough replicas have answered.
func (n *node) answered(id uint32) {
	n.mu.Lock()
	op := &n.ops[id]
	op.need--
	op.left--
	due, to, back := op.need == 0, op.to, op.reply
	if op.left == 0 {
		op.to = nil
		n.free = append(n.free, id)
	}
	n.mu.Unlock()
	if due {
		to.send(back)
	}
}

// connect connects to the nodes that this one asks, and to those that it answers.
func (n *node) connect() error {
	for i, other := range n.f.nodes {
		if there, back := n.distance(i), other.distance(n.index); i == n.index || min(there, back) > n.f.peers {
			continue
		}
		c, err := n.f.dial(i, n.index, 0)
		if err != nil {
			return err
		}
		out := newOutbox(c)
		n.peers[i] = out
		n.f.adopt(c, func() {
			if out.run(n.f.done) != nil {
				n.f.stop()
			}
		})
	}
	return nil
}

// distance returns how many nodes after n the node with that index is.
func (n *node) distance(index int) int { return (index - n.index + n.f.o.Nodes) % n.f.o.Nodes }
