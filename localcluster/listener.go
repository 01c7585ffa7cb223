package localcluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"ringside/engine"
	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

const (
	// maxConns bounds the connections to one node: its peers, and clients.
	maxConns = 1024
	// maxOpening bounds the connections that have not yet proved that they know the cluster's
	// secret, because any program of the machine can dial. One more connection closes the oldest
	// of them. A peer proves itself within milliseconds, so it is not affected by a program that
	// only holds connections.
	maxOpening = 64
	// maxClientConns bounds the connections of clients, so that each peer finds room.
	maxClientConns = maxConns - maxOpening - 2*config.MaxNodes
	// acceptPause is how long a node waits when the system has no connection
	// to give (too many open files).
	acceptPause = 50 * time.Millisecond
)

// inbound is a connection on which a peer sends to us.
type inbound struct {
	conn net.Conn
	peer string
	cond *fault.Condition // of the link from the peer to us; guarded by Cluster.netMu
	dead atomic.Bool      // what is still in our buffers is lost
}

func (in *inbound) close() {
	in.dead.Store(true)
	_ = in.conn.Close()
}

// listen takes the node's port: the one it had or was given, or a free one.
// Only this machine can reach it.
func (n *node) listen() (net.Listener, error) {
	if last := n.addr.Load(); *last != "" {
		if ln, err := net.Listen("tcp4", *last); err == nil {
			return ln, nil
		} else if n.c.basePort != 0 {
			return nil, n.noPort(err)
		}
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", n.name, err)
	}
	return ln, nil
}

// noPort returns the error of a node that did not get its port, with what to do.
func (n *node) noPort(err error) error {
	why := ""
	if errors.Is(err, syscall.EADDRINUSE) {
		why = "another program has the port; "
	}
	return fmt.Errorf("listen for %s: %sfree it, or choose another base port with up --port: %w", n.name, why, err)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// accept serves the node's port until the life ends.
func (l *life) accept() {
	for {
		conn, err := l.ln.Accept()
		if err != nil {
			if l.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-time.After(acceptPause):
			case <-l.ctx.Done():
			}
			continue
		}
		if !l.admitConn(conn) {
			_ = conn.Close()
			continue
		}
		l.wg.Go(func() {
			defer l.forgetConn(conn)
			l.serve(conn)
		})
	}
}

// admitConn registers a connection that has not yet proved its role. It returns false if the life
// is over.
func (l *life) admitConn(conn net.Conn) bool {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if l.conns == nil {
		return false
	}
	if len(l.opening) >= maxOpening {
		_ = l.opening[0].Close()
		l.opening = slices.Delete(l.opening, 0, 1)
	}
	l.conns[conn] = true
	l.opening = append(l.opening, conn)
	return true
}

// proved ends the opening of a connection. It returns false if clients already have
// maxClientConns.
func (l *life) proved(conn net.Conn, role wire.Role) bool {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	l.endOpening(conn)
	if role != wire.RoleClient {
		return true
	}
	if l.clientConns >= maxClientConns {
		return false
	}
	l.clientConns++
	return true
}

// endOpening removes conn from opening. The caller holds connMu.
func (l *life) endOpening(conn net.Conn) {
	if i := slices.Index(l.opening, conn); i >= 0 {
		l.opening = slices.Delete(l.opening, i, i+1)
	}
}

func (l *life) forgetConn(conn net.Conn) {
	_ = conn.Close()
	l.connMu.Lock()
	defer l.connMu.Unlock()
	l.endOpening(conn)
	delete(l.conns, conn)
}

// closeConns closes all connections, and lets no more in.
func (l *life) closeConns() {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	for conn := range l.conns {
		_ = conn.Close()
	}
	for _, in := range l.inbound {
		in.dead.Store(true)
	}
	l.conns = nil
}

// serve finds out who is there. Whatever does not know the cluster's secret is
// shown the door without a word.
func (l *life) serve(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(transport.OpeningTime))
	role, peer, err := wire.Accept(conn, l.c.claim.Secret, l.node.name, rand.Reader)
	if err != nil || !l.proved(conn, role) {
		return
	}
	_ = conn.SetDeadline(time.Time{})
	switch role {
	case wire.RoleNode:
		l.servePeer(conn, peer)
	case wire.RoleClient:
		l.serveClient(conn)
	}
}

// servePeer takes in what a peer sends until the connection ends or carries garbage.
func (l *life) servePeer(conn net.Conn, peer string) {
	cond := l.c.condition(fault.Link{From: peer, To: l.node.name})
	if cond == nil {
		return // no node of ours
	}
	in := &inbound{conn: conn, peer: peer, cond: cond}
	if !l.enter(in) {
		return
	}
	defer l.leave(in)
	frames := transport.NewReader(conn, wire.MaxFrame, l.c.memory.In, l.ctx.Done())
	defer frames.Close()
	for {
		b, err := frames.Next()
		if err != nil {
			return
		}
		m, err := wire.ParseMessage(b)
		if err != nil || m.From != peer || m.To != l.node.name {
			return
		}
		a := inbox.Arrival{In: engine.Receive{Message: m}}
		if a.Held, a.Size = frames.Detach(); !l.deliver(in, a) { // the loop gives the memory back
			a.GiveBack()
			return
		}
	}
}

// enter makes in the connection of its peer; an earlier one is dead. It fails
// if the link is cut.
func (l *life) enter(in *inbound) bool {
	l.c.netMu.RLock()
	defer l.c.netMu.RUnlock()
	if in.cond.Cut {
		return false
	}
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if old := l.inbound[in.peer]; old != nil {
		old.close()
	}
	l.inbound[in.peer] = in
	return true
}

func (l *life) leave(in *inbound) {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if l.inbound[in.peer] == in {
		delete(l.inbound, in.peer)
	}
}

// cutInbound closes the connection of a peer whose link is cut. The caller
// holds netMu, so that nothing is being delivered.
func (l *life) cutInbound(peer string) {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if in := l.inbound[peer]; in != nil {
		in.close()
	}
}

// deliver puts a peer's message into the inbox. If that is full it waits: the
// connection fills, then the sender's queue, and only that link suffers.
func (l *life) deliver(in *inbound, a inbox.Arrival) bool {
	var emptied <-chan struct{} // nil in the first round, which most often delivers
	for {
		delivered, ok := l.tryDeliver(in, a)
		switch {
		case delivered || !ok:
			return ok
		case emptied == nil:
			emptied = l.inbox.Emptied() // before the next look at the inbox
			continue
		}
		select {
		case <-emptied:
			emptied = nil
		case <-l.ctx.Done():
			return false
		}
	}
}

// tryDeliver looks at the link's condition and delivers as one act: once a
// split is on, nothing that was under way arrives.
func (l *life) tryDeliver(in *inbound, a inbox.Arrival) (delivered, ok bool) {
	l.c.netMu.RLock()
	defer l.c.netMu.RUnlock()
	if in.cond.Cut || in.dead.Load() {
		return false, false
	}
	return l.inbox.Offer(a, 1), true
}

// serveClient takes in requests until the connection ends or carries garbage,
// or its client reads nothing of what it asked for.
func (l *life) serveClient(conn net.Conn) {
	defer func() {
		l.connMu.Lock()
		defer l.connMu.Unlock()
		l.clientConns--
	}()
	out := transport.NewSender(conn, l.c.memory.Out, transport.StallTime)
	done := make(chan struct{})
	l.wg.Go(func() {
		_ = out.Run(done)
		_ = conn.Close()
	})
	defer close(done)
	frames := transport.NewRequestReader(conn, l.c.memory.In, l.ctx.Done())
	defer frames.Close()
	for {
		out.AwaitRoom()
		b, err := frames.Next()
		if err != nil {
			return
		}
		id, req, err := wire.ParseClientRequest(b)
		if err != nil {
			return
		}
		if frames.Refused() {
			frames.GiveBack()
			answer(out, id, req, transport.Failure(req, wire.Overloaded, false, noMemory))
			continue
		}
		cost, ok := l.gate.Enter(l.ctx, len(b))
		if !ok && l.ctx.Err() != nil {
			return
		}
		if !ok {
			frames.GiveBack()
			answer(out, id, req, transport.Failure(req, wire.Overloaded, false, l.node.name+" has too much to do; try again"))
			continue
		}
		a := inbox.Arrival{
			In:     engine.Request{Body: req},
			Answer: func(r engine.Reply) { l.gate.Leave(cost, answer(out, id, req, r.Body)) },
		}
		a.Held, a.Size = frames.Detach() // the loop gives the memory back
		l.offer(a)
	}
}

// offer puts a request into the inbox, or refuses it at once.
func (l *life) offer(a inbox.Arrival) {
	if !l.inbox.Offer(a, transport.ClientShare) {
		a.GiveBack()
		req := a.In.(engine.Request).Body
		a.Answer(engine.Reply{Body: transport.Failure(req, wire.Overloaded, false, l.node.name+" has too much to do; try again")})
	}
}

// answer sends the reply to req and returns its size. To a client that reads more
// slowly than it asks, a reply that does not fit becomes a refusal, for which
// there always is room; only a client that reads nothing is cut off, by the writer.
func answer(out *transport.Sender, id uint64, req wire.ClientRequest, r wire.ClientReply) (size int) {
	b, err := wire.AppendClientReply(nil, id, r)
	if err != nil { // more siblings than a frame takes
		b, err = wire.AppendClientReply(nil, id, transport.Failure(req, wire.TooLarge, true, err.Error()))
	}
	if err == nil && out.Send(b) {
		return len(b)
	}
	size = len(b) // the next one may be as large
	b, err = wire.AppendClientReply(nil, id, transport.Failure(req, wire.Overloaded, true, "too many replies wait to be read on this connection; try again"))
	if err != nil || !out.Send(b) {
		out.CloseConn()
	}
	return size
}
