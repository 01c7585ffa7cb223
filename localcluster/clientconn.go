package localcluster

import (
	"net"

	"ringside/engine"
	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/traffic"
	"ringside/localcluster/transport"
)

// A clientConn is a connection of a client to a node.
type clientConn struct {
	s       *server
	out     *transport.Sender
	traffic *traffic.Counter
}

// A clientRequest is a request that a client waits for. It is the inbox.Asker of the request.
type clientRequest struct {
	conn *clientConn
	id   uint64 // the client's number for the request
	in   engine.Request
	cost int // at the gate
}

// Answer sends the reply.
func (r *clientRequest) Answer(reply engine.Reply) {
	l := r.conn.s.i.loop
	b, size := r.conn.answer(l.scratch[:0], r.id, r.in.Body, reply.Body)
	if l.scratch = b; cap(b) > transport.KeepBuffer {
		l.scratch = nil
	}
	r.conn.s.gate.Leave(r.cost, size)
}

// Flush lets the replies leave that wait on the connection.
func (r *clientRequest) Flush() { r.conn.out.Flush() }

// serveClient takes in requests until the connection ends or carries an invalid request, or its
// client reads none of the replies.
func (s *server) serveClient(conn net.Conn) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clients--
	}()
	c := &clientConn{
		s: s, out: transport.NewSender(conn, s.i.c.memory.Out, transport.StallTime), traffic: &s.i.c.Traffic,
	}
	done := make(chan struct{})
	s.i.wg.Go(func() {
		_ = c.out.Run(done)
		_ = conn.Close()
	})
	defer close(done)
	frames := transport.NewRequestReader(conn, s.i.c.memory.In, s.i.ctx.Done())
	defer frames.Close()
	var decoder wire.Decoder
	for {
		c.out.AwaitRoom()
		b, err := frames.Next()
		if err != nil {
			return
		}
		c.traffic.Add(traffic.Client, len(b))
		id, req, err := decoder.ClientRequest(b)
		if err != nil {
			return
		}
		if frames.Refused() {
			frames.GiveBack()
			c.refuse(id, req, noMemory)
			continue
		}
		cost, ok := s.gate.Enter(s.i.ctx, len(b))
		if !ok && s.i.ctx.Err() != nil {
			return
		}
		if !ok {
			frames.GiveBack()
			c.refuse(id, req, s.i.node.name+" has too much to do; try again")
			continue
		}
		r := &clientRequest{conn: c, id: id, in: engine.Request{Body: req}, cost: cost}
		a := inbox.Arrival{In: &r.in, Asker: r}
		a.Held, a.Size = frames.Detach() // the loop gives the memory back
		if !s.i.inbox.Offer(a, transport.ClientShare) {
			a.GiveBack()
			s.gate.Leave(cost, c.refuse(id, req, s.i.node.name+" has too much to do; try again"))
		}
	}
}

// refuse answers a request that the node does not begin, and returns the size of the reply.
func (c *clientConn) refuse(id uint64, req wire.ClientRequest, why string) (size int) {
	_, size = c.answer(nil, id, req, transport.Failure(req, wire.Overloaded, false, why))
	c.out.Flush()
	return size
}

// answer queues the reply to req, encoded in the memory of scratch, and returns that memory and the
// size of the reply. If the client reads more slowly than it asks, a reply that does not fit
// becomes a refusal, for which there is always room. The sender closes the connection of a client
// that reads nothing.
func (c *clientConn) answer(scratch []byte, id uint64, req wire.ClientRequest, r wire.ClientReply) ([]byte, int) {
	b, err := wire.AppendClientReply(scratch, id, r)
	if err != nil { // the siblings do not fit into a frame
		b, err = wire.AppendClientReply(scratch, id, transport.Failure(req, wire.TooLarge, true, err.Error()))
	}
	size := len(b)
	if err == nil && c.out.Send(b) {
		c.traffic.Add(traffic.Client, size)
		return b, size
	}
	b, err = wire.AppendClientReply(b[:0], id, transport.Failure(req, wire.Overloaded, true,
		"too many replies wait to be read on this connection; try again"))
	if err != nil || !c.out.Send(b) {
		c.out.CloseConn()
	}
	return b, size // the next reply may be as large
}
