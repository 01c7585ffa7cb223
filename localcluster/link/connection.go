package link

import (
	"net"
	"sync/atomic"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

// idleTime is how long a connection carries no message before one of its ends closes it, counted in
// whole periods. It is longer than the second between two exchanges of gossip, so that a few nodes
// keep their connections, and short enough that many nodes, which rarely draw the same peer again,
// have few.
const idleTime = 2 * time.Second

// A connection is one end of a TCP connection between two nodes. Messages travel both ways on it.
// It belongs to the link of its node to the peer.
//
// An end that has nothing more to send writes a farewell and ends its half. It reads on until the
// other end has ended its half also. So a connection that is closed in order loses no message. A
// connection that ends without a farewell is broken.
type connection struct {
	k       *link
	conn    net.Conn
	byLower bool          // the node with the lower name made the connection
	wake    chan struct{} // holds a token if the writer has something to look at
	ended   chan struct{} // closed when nothing can be read
	dead    atomic.Bool   // messages that are still in buffers of this end are lost
	used    atomic.Bool   // a message was read or written since the last look

	heard uint64 // the cuts of the link from the peer that the peer knew of; belongs to the reader

	direct *transport.Direct // only the node's loop uses it, and only while writing is loopWrites

	// The fields below are guarded by link.mu.

	writing writing
	rest    []byte // frames that the loop could not write at once; nil: none
	restOf  []byte // the frames that rest is the end of
	told    uint64 // the cuts of the link to the peer that the peer was told of
	over    bool   // the writer has ended
}

// Serve carries the messages of a connection that a peer has made, until the connection ends. The
// caller closes conn.
func (e *Endpoint) Serve(conn net.Conn, peer string) {
	if k := e.linkTo(peer); k != nil {
		k.carry(conn, peer)
	}
}

// carry makes conn a connection of the link, and carries messages on it until it ends. dialer is
// the node that made it.
func (k *link) carry(conn net.Conn, dialer string) {
	c := &connection{k: k, conn: conn, byLower: dialer == min(k.peer, k.e.o.Node),
		wake: make(chan struct{}, 1), ended: make(chan struct{}), direct: transport.NewDirect(conn)}
	if !k.enter(c, dialer == k.e.o.Node) {
		_ = conn.Close()
		return
	}
	k.e.trim(c)
	written := make(chan struct{})
	k.e.spawn(func() {
		defer close(written)
		c.write()
	})
	farewell := c.read()
	if farewell {
		<-written // this end says farewell also, after its last message
	}
	close(c.ended)
	_ = conn.Close()
	k.leave(c, farewell)
	<-written
}

// read delivers the messages of the peer until the connection ends or carries an invalid frame. It
// reports whether the peer said farewell.
func (c *connection) read() (farewell bool) {
	e := c.k.e
	var decoder wire.Decoder
	frames := transport.NewReader(c.conn, wire.MaxFrame, e.net.o.Memory.In, e.ctx.Done())
	defer frames.Close()
	for {
		b, err := frames.Next()
		if err != nil {
			return farewell
		}
		if isSignal(b) {
			s, ok := parseSignal(b)
			switch {
			case !ok:
				return false
			case s.farewell:
				farewell = true
				c.k.retire(c)
			default:
				c.heard = s.cuts
			}
			continue
		}
		m, err := decoder.Message(b)
		if err != nil || m.From != c.k.peer || m.To != e.o.Node {
			return false
		}
		if !c.used.Load() {
			c.used.Store(true)
		}
		a := inbox.Arrival{Message: m}
		if a.Held, a.Size = frames.Detach(); !c.deliver(a) { // the loop gives the memory back
			a.GiveBack()
			return false
		}
	}
}

// deliver puts a message of the peer into the node's inbox. If the inbox is full, deliver waits:
// the connection fills, then the sender's queue, and only that link suffers. It returns false if
// the connection is to be closed.
func (c *connection) deliver(a inbox.Arrival) bool {
	e := c.k.e
	var emptied <-chan struct{} // nil in the first round, which most often delivers
	for {
		delivered, ok := c.offer(a)
		switch {
		case delivered || !ok:
			return ok
		case emptied == nil:
			emptied = e.o.Inbox.Emptied() // before the next offer
			continue
		}
		select {
		case <-emptied:
			emptied = nil
		case <-e.ctx.Done():
			return false
		}
	}
}

// offer offers a message to the inbox, or discards it if the link was cut since the message was
// sent. The look at the link's condition and the offer are one act: once a split is on, no message
// that was under way arrives. ok is false if the connection is to be closed. delivered is false if
// the inbox is full.
func (c *connection) offer(a inbox.Arrival) (delivered, ok bool) {
	n := c.k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	switch {
	case c.dead.Load():
		return false, false
	case c.k.from.Cut || c.heard != c.k.from.cuts:
		a.GiveBack()
		return true, true
	}
	return c.k.e.o.Inbox.Offer(a, 1), true
}

// write writes the messages of the link while they travel on this connection, and then a farewell.
// An error ends the connection, which its reader notices.
func (c *connection) write() {
	k := c.k
	defer k.endWriter(c)
	idle := time.NewTimer(k.e.net.idle)
	defer idle.Stop()
	var due *time.Timer // nil unless a delayed message waits
	for {
		t := k.take(c)
		if len(t.frames) > 0 {
			err := c.writeFrames(t)
			k.out.Written(t.whole)
			if err != nil {
				_ = c.conn.Close()
				return
			}
			continue
		}
		if t.retired {
			c.sayFarewell()
			return
		}
		var ripe <-chan time.Time
		if t.due > 0 {
			due = reset(due, max(t.due-k.e.net.o.Now(), 0))
			ripe = due.C
		}
		select {
		case <-c.wake:
		case <-ripe:
		case <-idle.C:
			if !c.used.Swap(false) {
				k.closeIdle(c)
			}
			idle.Reset(k.e.net.idle)
		case <-c.ended:
			return
		case <-k.e.ctx.Done():
			return
		}
	}
}

// reset sets a timer, and makes it if it is nil.
func reset(t *time.Timer, d time.Duration) *time.Timer {
	if t == nil {
		return time.NewTimer(d)
	}
	t.Reset(d)
	return t
}

// writeFrames writes frames of the link. The peer is first told of the cuts that the frames came
// after.
func (c *connection) writeFrames(t taken) error {
	if t.tell {
		if _, err := c.conn.Write(signal{cuts: t.cuts}.frame()); err != nil {
			return err
		}
	}
	_, err := c.conn.Write(t.frames)
	return err
}

// sayFarewell ends this end's half of the connection.
func (c *connection) sayFarewell() {
	_, err := c.conn.Write(signal{farewell: true}.frame())
	half, ok := c.conn.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		_ = c.conn.Close()
	}
}

// kill closes the connection, and loses the messages in its buffers. The link no longer sends on
// the connection. The caller holds link.mu.
func (c *connection) kill() {
	c.dead.Store(true)
	_ = c.conn.Close()
	notify(c.wake)
}
