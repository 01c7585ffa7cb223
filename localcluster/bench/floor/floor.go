package floor

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// An Op is an operation of clients.
type Op uint8

// The operations.
const (
	Put Op = iota
	Get
)

// Sizes are the sizes of the messages of an operation in bytes, with their frames. A size below
// MinSize counts as MinSize.
type Sizes struct {
	Request int `json:"request"` // client to coordinator
	Ask     int `json:"ask"`     // coordinator to replica
	Answer  int `json:"answer"`  // replica to coordinator
	Reply   int `json:"reply"`   // coordinator to client
}

// Options of a Floor.
type Options struct {
	Nodes   int      // at least 1
	N, R, W int      // as of a cluster: 1 to Nodes, R and W at most N
	Sizes   [2]Sizes // by Op
}

// maxPeers bounds the nodes that one node asks, and so the connections of a large Floor. With up to
// twice as many nodes, every two of them have traffic, as in a cluster.
const maxPeers = 15

// A Floor is a set of nodes that exchange messages. It is safe for concurrent use.
type Floor struct {
	o     Options
	peers int // how many of the next nodes a node asks
	nodes []*node
	ready chan struct{} // closed when all nodes are connected
	done  chan struct{}
	wg    sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool // all that are open
	closed bool
}

// ErrClosed is the error of an operation whose connection broke.
var ErrClosed = errors.New("floor: connection closed")

// Start starts the nodes. The caller calls Close.
func Start(o Options) (*Floor, error) {
	if o.Nodes < 1 || o.Nodes >= clientSender || o.N < 1 || o.N > o.Nodes || o.R < 1 || o.R > o.N || o.W < 1 || o.W > o.N {
		return nil, fmt.Errorf("start floor: invalid options %+v", o)
	}
	for i := range o.Sizes {
		for _, p := range []*int{&o.Sizes[i].Request, &o.Sizes[i].Ask, &o.Sizes[i].Answer, &o.Sizes[i].Reply} {
			if *p > MaxSize {
				return nil, fmt.Errorf("start floor: a message of %d bytes: want at most %d", *p, MaxSize)
			}
			*p = max(*p, MinSize)
		}
	}
	f := &Floor{o: o, peers: min(o.Nodes-1, max(maxPeers, o.N-1)), ready: make(chan struct{}), done: make(chan struct{}),
		conns: map[net.Conn]bool{}}
	for i := range o.Nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("start floor: %w", err)
		}
		f.nodes = append(f.nodes, &node{f: f, index: i, listener: l, peers: make([]*outbox, o.Nodes)})
	}
	for _, n := range f.nodes {
		f.wg.Go(n.accept)
	}
	for _, n := range f.nodes {
		if err := n.connect(); err != nil {
			f.Close()
			return nil, fmt.Errorf("start floor: %w", err)
		}
	}
	close(f.ready)
	return f, nil
}

// Close ends the nodes and all clients.
func (f *Floor) Close() {
	f.stop()
	f.wg.Wait()
}

// stop closes all connections. It also ends all operations if one connection broke, because the
// operations that wait for it would never end.
func (f *Floor) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.closed = true
	close(f.done)
	for _, n := range f.nodes {
		_ = n.listener.Close()
	}
	for c := range f.conns {
		_ = c.Close()
	}
}

// adopt lets stop close the connection, and runs fns in goroutines that Close waits for. If the
// Floor is closed, adopt closes the connection and runs nothing.
func (f *Floor) adopt(c net.Conn, fns ...func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		_ = c.Close()
		return
	}
	f.conns[c] = true
	for _, fn := range fns {
		f.wg.Go(fn)
	}
}

// drop closes a connection.
func (f *Floor) drop(c net.Conn) {
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
	_ = c.Close()
}

// dial connects to a node. sender is the index of the dialing node, or clientSender. id is that of
// the hello.
func (f *Floor) dial(to, sender int, id uint64) (net.Conn, error) {
	c, err := net.Dial("tcp", f.nodes[to].listener.Addr().String())
	if err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	if _, err := c.Write(appendFrame(nil, header{size: MinSize, kind: hello, sender: sender, id: id})); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("floor: %w", err)
	}
	return c, nil
}
