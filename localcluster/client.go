package localcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/control"
	"ringside/localcluster/transport"
)

const (
	// requestTime is how long a client waits: above the engine's own time-outs,
	// the one for handing a put to another node included, so that the node's
	// account of what went wrong gets here first.
	requestTime = 5 * time.Second
	// maxInFlight bounds the requests on one client connection.
	maxInFlight = 8192
	// clientName is what clients say their name is; nodes do not care.
	clientName = "client"
)

var (
	errInFlight = errors.New("too many requests in flight")
	errBroken   = errors.New("connection broke")
	errDown     = errors.New("it is down")
)

// client is the cluster's own client: one connection to each node, on which
// any number of requests travel at once, each with a number.
type client struct {
	c     *Cluster
	mu    sync.Mutex
	conns map[string]*clientConn // nil once the cluster goes down
	dials map[*life]*dialing     // under way
}

// A dialing is an attempt to connect, shared by all who wait for it: a node
// turns away who dials it hundreds of times at once. Its done is closed when
// conn and err are set.
type dialing struct {
	done chan struct{}
	conn *clientConn
	err  error
}

// clientConn is one connection to a node. Its done is closed when it is broken.
type clientConn struct {
	out  *sender
	done chan struct{}

	mu     sync.Mutex
	calls  map[uint64]chan wire.ClientReply // nil once the connection is broken
	lastID uint64
}

// Do sends a client's request over TCP to the node called via; "" chooses the
// first running node of the key's preference list, as a load balancer would, and leaves it to
// that one to find a put's coordinator. A request that the cluster
// answers with a failure is no error: see the reply's Err.
func (c *Cluster) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.ctx.Err() != nil {
		return nil, control.ErrStopped
	}
	req, key := c.number(req)
	if req == nil {
		return nil, usage.Errorf("a request is a GetRequest, a PutRequest or a MembershipRequest")
	}
	if via == "" {
		if via = c.firstRunning(key); via == "" {
			return c.explain(transport.Failure(req, wire.NodeDown, false, "no node is running; start one with restart NODE")), nil
		}
		if put, ok := req.(wire.PutRequest); ok {
			put.Balanced = true
			req = put
		}
	}
	n := c.node(via)
	if n == nil {
		return nil, c.unknownNode(via)
	}
	if n.life.Load() == nil {
		return c.explain(transport.Failure(req, wire.NodeDown, false,
			fmt.Sprintf("%s is down; start it with restart %s, or ask another node", via, via))), nil
	}
	reply, err := c.client.do(ctx, n, req)
	return c.explain(reply), err
}

// number gives the request its number if it has none, and returns its key.
func (c *Cluster) number(req wire.ClientRequest) (wire.ClientRequest, []byte) {
	switch r := req.(type) {
	case wire.GetRequest:
		if r.Request == 0 {
			r.Request = c.requests.Add(1)
		}
		return r, r.Key
	case wire.PutRequest:
		if r.Request == 0 {
			r.Request = c.requests.Add(1)
		}
		return r, r.Key
	case wire.MembershipRequest:
		return r, nil
	}
	return nil, nil
}

// firstRunning is the first node of the key's preference list that works, "" if none does.
func (c *Cluster) firstRunning(key []byte) string {
	for _, name := range c.roll.ring().Preference(key) {
		if n := c.node(name); n != nil {
			if l := n.working(); l != nil && l.inRing.Load() {
				return name
			}
		}
	}
	return ""
}

func (c *Cluster) unknownNode(name string) error {
	return usage.Errorf("there is no node '%s'; there are %s", escape.TerminalShort([]byte(name), 60), strings.Join(c.roll.settings().Nodes, " "))
}

// do sends the request to the node and waits for its reply.
func (cl *client) do(ctx context.Context, n *node, req wire.ClientRequest) (wire.ClientReply, error) {
	conn, err := cl.conn(ctx, n)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return transport.Failure(req, wire.NodeDown, false, fmt.Sprintf("%s does not answer: %v", n.name, err)), nil
	}
	id, reply, err := conn.call(req)
	if errors.Is(err, errBroken) && n.life.Load() != nil { // by a life before this one
		cl.drop(n.name, conn)
		if conn, err = cl.conn(ctx, n); err == nil {
			id, reply, err = conn.call(req)
		} else {
			err = errBroken
		}
	}
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return transport.Failure(req, wire.TooLarge, false, err.Error()), nil
	case errors.Is(err, errInFlight):
		return transport.Failure(req, wire.Overloaded, false, n.name+" has too many requests in flight; try again"), nil
	case errors.Is(err, errBroken):
		return transport.Failure(req, wire.NodeDown, false, n.name+lost(n)+"; nothing was sent"), nil
	case err != nil:
		return transport.Failure(req, wire.BadRequest, false, err.Error()), nil
	}
	timer := time.NewTimer(requestTime)
	defer timer.Stop()
	select {
	case r := <-reply:
		return r, nil
	case <-conn.done:
		select { // it may have come before the end
		case r := <-reply:
			return r, nil
		default:
		}
		return transport.Failure(req, wire.NodeDown, true, n.name+lost(n)+" before it answered"), nil
	case <-timer.C:
		conn.forget(id)
		return transport.Failure(req, wire.QuorumNotReached, true, fmt.Sprintf("%s did not answer within %v", n.name, requestTime)), nil
	case <-ctx.Done():
		conn.forget(id)
		return nil, ctx.Err()
	}
}

// lost says what became of the connection to the node: a life can end, and a
// connection within a life.
func lost(n *node) string {
	if n.life.Load() == nil {
		return " went down"
	}
	return " broke the connection or was restarted"
}

// conn returns the connection to the node, and waits for one if there is none.
func (cl *client) conn(ctx context.Context, n *node) (*clientConn, error) {
	cl.mu.Lock()
	if k := cl.conns[n.name]; k != nil {
		cl.mu.Unlock()
		return k, nil
	}
	d, err := cl.dialing(n)
	cl.mu.Unlock()
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

// dialing returns the attempt to connect to the node's present life that is
// under way, and begins it if there is none. The caller holds mu.
func (cl *client) dialing(n *node) (*dialing, error) {
	if cl.conns == nil {
		return nil, control.ErrStopped
	}
	l := n.life.Load()
	if l == nil {
		return nil, errDown
	}
	if d := cl.dials[l]; d != nil {
		return d, nil
	}
	d := &dialing{done: make(chan struct{})}
	cl.dials[l] = d
	cl.c.wg.Go(func() {
		d.conn, d.err = cl.dial(n)
		cl.mu.Lock()
		delete(cl.dials, l)
		cl.mu.Unlock()
		close(d.done)
	})
	return d, nil
}

// dial makes the connection to the node. It is bound to no single request: others wait for it, too.
func (cl *client) dial(n *node) (k *clientConn, err error) {
	raw, err := dial(cl.c.ctx, *n.addr.Load(), cl.c.claim.Secret, wire.RoleClient, clientName, n.name)
	if err != nil {
		return nil, err
	}
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if other := cl.conns[n.name]; other != nil { // to another life, and it was faster
		_ = raw.Close()
		return other, nil
	}
	if cl.conns == nil {
		_ = raw.Close()
		return nil, control.ErrStopped
	}
	k = &clientConn{out: newSender(raw, cl.c.memory.Out), done: make(chan struct{}),
		calls: map[uint64]chan wire.ClientReply{}}
	cl.conns[n.name] = k
	cl.c.wg.Go(func() { _ = k.out.run(k.done); _ = raw.Close() })
	cl.c.wg.Go(func() {
		k.receive(raw, newHolder(cl.c.memory.In, cl.c.ctx.Done()))
		cl.drop(n.name, k)
	})
	return k, nil
}

// drop forgets the connection to a node, if it is still k or k is nil.
func (cl *client) drop(name string, k *clientConn) {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	if old := cl.conns[name]; old != nil && (k == nil || k == old) {
		_ = old.out.conn.Close()
		delete(cl.conns, name)
	}
}

// close closes all connections and makes no more.
func (cl *client) close() {
	cl.mu.Lock()
	defer cl.mu.Unlock()
	for _, k := range cl.conns {
		_ = k.out.conn.Close()
	}
	cl.conns = nil
}

// call sends the request. Its reply will come on the channel.
func (k *clientConn) call(req wire.ClientRequest) (id uint64, reply <-chan wire.ClientReply, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.calls == nil {
		return 0, nil, errBroken
	}
	if len(k.calls) >= maxInFlight {
		return 0, nil, errInFlight
	}
	k.lastID++
	b, err := wire.AppendClientRequest(nil, k.lastID, req)
	if err != nil {
		return 0, nil, err
	}
	if !k.out.send(b) {
		return 0, nil, errInFlight
	}
	ch := make(chan wire.ClientReply, 1)
	k.calls[k.lastID] = ch
	return k.lastID, ch, nil
}

func (k *clientConn) forget(id uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.calls, id)
}

// receive hands out replies until the connection breaks.
func (k *clientConn) receive(conn net.Conn, h *holder) {
	defer close(k.done)
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.calls = nil
	}()
	frames := wire.NewFrameReader(conn, wire.MaxFrame)
	frames.Admit = h.admitPeer
	defer h.account.Close()
	for {
		h.account.Give(h.account.Used()) // the caller has the last reply
		b, err := frames.Next()
		if err != nil {
			h.account.Give(h.account.Used())
			return
		}
		id, r, err := wire.ParseClientReply(b)
		if err != nil {
			return
		}
		k.mu.Lock()
		ch := k.calls[id]
		delete(k.calls, id)
		k.mu.Unlock()
		if ch != nil {
			ch <- r // has room for the one reply
		}
	}
}
