package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/control"
	"ringside/localcluster/gate"
	"ringside/localcluster/transport"
)

const (
	// requestTime is how long a request waits for its reply. It is above the engine's own
	// time-outs, including the one for handing a put to another node, and above the wait at a gate.
	// So the node's account of a failure arrives first.
	requestTime = gate.WaitTime + time.Second
	// sweepEvery is how often a connection looks for requests that have waited for requestTime.
	sweepEvery = requestTime / 16
	// maxInFlight bounds the requests on one connection.
	maxInFlight = 8192
	// clientName is the name that a client gives itself. Nodes do not use it.
	clientName = "client"
)

var (
	errInFlight = errors.New("too many requests in flight")
	errBroken   = errors.New("connection broke")
	errDown     = errors.New("it is down")
)

// A Target is one incarnation of a node.
type Target struct {
	Addr        string // of its TCP port
	Incarnation uint64 // differs for each run of the node
}

// Options of a Client.
type Options struct {
	Secret []byte
	Memory *budget.Budget
	Lookup func(node string) (_ Target, running bool) // safe for concurrent use
}

// A Client has one connection to each node of a cluster. It is safe for concurrent use.
type Client struct {
	o      Options
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	conns map[string]*connection  // by node; nil after Close
	dials map[dialTarget]*dialing // under way
}

// A dialTarget names a node and its incarnation.
type dialTarget struct {
	node        string
	incarnation uint64
}

// A dialing is an attempt to connect. All requests that wait for the connection share it, because a
// node turns away a client that dials hundreds of times at once. done is closed when conn and err
// are set.
type dialing struct {
	done chan struct{}
	conn *connection
	err  error
}

// New returns a client without connections.
func New(o Options) *Client {
	c := &Client{o: o, conns: map[string]*connection{}, dials: map[dialTarget]*dialing{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Do sends the request to a node and waits for its reply. A failure that the client finds itself is
// a reply with an error code. The error is that of ctx.
func (c *Client) Do(ctx context.Context, node string, req wire.ClientRequest) (wire.ClientReply, error) {
	conn, err := c.connect(ctx, node)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return transport.Failure(req, wire.NodeDown, false, fmt.Sprintf("%s does not answer: %v", node, err)), nil
	}
	k, err := conn.send(req)
	if errors.Is(err, errBroken) && c.runs(node) { // an earlier incarnation broke the connection
		c.drop(node, conn)
		if conn, err = c.connect(ctx, node); err == nil {
			k, err = conn.send(req)
		} else {
			err = errBroken
		}
	}
	if err != nil {
		return c.notSent(node, req, err), nil
	}
	select {
	case r := <-k.reply:
		k.release()
		return r, nil
	case <-conn.done:
		select { // the reply may have arrived before the end
		case r := <-k.reply:
			return r, nil
		default:
		}
		return transport.Failure(req, wire.NodeDown, true, node+c.lossOf(node)+" before it answered"), nil
	case <-ctx.Done():
		conn.forget(k.id)
		return nil, ctx.Err()
	}
}

// notSent returns the reply to a request that did not leave because of err.
func (c *Client) notSent(node string, req wire.ClientRequest, err error) wire.ClientReply {
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return transport.Failure(req, wire.TooLarge, false, err.Error())
	case errors.Is(err, errInFlight):
		return transport.Failure(req, wire.Overloaded, false, node+" has too many requests in flight; try again")
	case errors.Is(err, errBroken):
		return transport.Failure(req, wire.NodeDown, false, node+c.lossOf(node)+"; nothing was sent")
	}
	return transport.Failure(req, wire.BadRequest, false, err.Error())
}

func (c *Client) runs(node string) bool {
	_, running := c.o.Lookup(node)
	return running
}

// lossOf says in words how the connection to a node was lost.
func (c *Client) lossOf(node string) string {
	if !c.runs(node) {
		return " went down"
	}
	return " broke the connection or was restarted"
}

// connect returns the connection to a node, and waits for one if there is none.
func (c *Client) connect(ctx context.Context, node string) (*connection, error) {
	c.mu.Lock()
	if k := c.conns[node]; k != nil {
		c.mu.Unlock()
		return k, nil
	}
	d, err := c.dialing(node)
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-d.done:
		return d.conn, d.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dialing returns the attempt to connect to the node's present incarnation, and begins it if there
// is none. The caller holds mu.
func (c *Client) dialing(node string) (*dialing, error) {
	if c.conns == nil {
		return nil, control.ErrStopped
	}
	target, running := c.o.Lookup(node)
	if !running {
		return nil, errDown
	}
	key := dialTarget{node, target.Incarnation}
	if d := c.dials[key]; d != nil {
		return d, nil
	}
	d := &dialing{done: make(chan struct{})}
	c.dials[key] = d
	c.wg.Go(func() {
		d.conn, d.err = c.dial(node, target.Addr)
		c.mu.Lock()
		delete(c.dials, key)
		c.mu.Unlock()
		close(d.done)
	})
	return d, nil
}

// dial makes the connection to a node. It is not bound to the context of one request, because other
// requests wait for the connection also.
func (c *Client) dial(node, addr string) (*connection, error) {
	raw, err := transport.Dial(c.ctx, c.o.Secret,
		transport.Peer{Addr: addr, Name: node, Role: wire.RoleClient, Self: clientName})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.conns[node]; other != nil { // a dial of another incarnation was faster
		_ = raw.Close()
		return other, nil
	}
	if c.conns == nil {
		_ = raw.Close()
		return nil, control.ErrStopped
	}
	k := newConnection(raw, c.o.Memory.Out, func(req wire.ClientRequest) wire.ClientReply {
		return transport.Failure(req, wire.QuorumNotReached, true,
			fmt.Sprintf("%s did not answer within %v", node, requestTime))
	})
	c.conns[node] = k
	in := transport.NewReader(raw, wire.MaxFrame, c.o.Memory.In, c.ctx.Done())
	c.wg.Go(k.write)
	c.wg.Go(func() {
		k.receive(in)
		c.drop(node, k)
	})
	return k, nil
}

// Drop closes the connection to a node, if there is one.
func (c *Client) Drop(node string) { c.drop(node, nil) }

// drop closes the connection to a node if it is k, or if k is nil.
func (c *Client) drop(node string, k *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.conns[node]; old != nil && (k == nil || k == old) {
		old.out.CloseConn()
		delete(c.conns, node)
	}
}

// Close closes all connections and makes no more. It waits for their goroutines.
func (c *Client) Close() {
	c.cancel()
	c.mu.Lock()
	for _, k := range c.conns {
		k.out.CloseConn()
	}
	c.conns = nil
	c.mu.Unlock()
	c.wg.Wait()
}
