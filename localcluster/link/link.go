package link

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/localcluster/transport"
)

const (
	// dropBurst bounds the events of lost messages that a link publishes at once. After that the
	// link publishes one event per dropEvery. The events are for people; link.lost counts the
	// messages.
	dropBurst = 32
	dropEvery = 100 * time.Millisecond
)

// A state is what the node knows of a link.
type state int

const (
	unknown state = iota // nothing was reported; the node takes the link for passable
	up
	down
)

// A condition is the state of one direction between two nodes. It is guarded by Network.mu.
type condition struct {
	fault.Condition
	cuts uint64 // how often the direction was cut
}

// A link is one direction from a running node to another: the messages that wait to be sent, and
// the node's ends of the connections to the peer. The first message makes a connection. There is
// one connection at a time, except while two nodes dial each other or while one is closed in order.
type link struct {
	e    *Endpoint
	peer string
	cond *condition    // of the direction to the peer
	from *condition    // of the direction from the peer
	gone atomic.Bool   // the peer has left for good
	kick chan struct{} // holds a token if the link is to dial at once

	mu       sync.Mutex
	conns    []*connection // all that are open
	sending  *connection   // carries the messages; one of conns, or nil
	spare    *connection   // carries them if the peer leaves sending; another one of conns, or nil
	dialing  bool          // a goroutine makes a connection
	reported state
	cuts     uint64 // as cond.cuts
	out      transport.Outbox
	late     []lateFrame // delayed messages, in the order in which they were sent
	lateSize int         // bytes

	lost        atomic.Int64  // messages that were discarded here, since the start of the incarnation
	reportAfter time.Duration // bounds the rate of Dropped events; belongs to the caller of Send
}

// A lateFrame is a message that leaves once it is due.
type lateFrame struct {
	due     time.Duration
	payload []byte
}

// newLink returns a link from the node of e to a peer. Between Open and Run the Network does not
// know e, so changes of conditions do not reach the link. The owner of e makes no such change
// meanwhile. The caller holds Network.mu.
func newLink(e *Endpoint, peer string) *link {
	to := e.net.conditions[fault.Link{From: e.o.Node, To: peer}]
	return &link{e: e, peer: peer, cond: to, from: e.net.conditions[fault.Link{From: peer, To: e.o.Node}],
		cuts: to.cuts, out: transport.NewOutbox(e.net.o.Memory.Out), kick: make(chan struct{}, 1)}
}

// notify puts a token into c unless c has one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// enqueue queues a message, or loses it as the link's condition says. It returns false if there is
// no room for the message. While a connection is being made, the message waits. The caller is the
// node's loop and holds Network.mu for reading.
func (k *link) enqueue(request uint64, payload []byte) (ok bool) {
	switch {
	case k.cond.Cut:
		k.dropped(request, "cut")
		return true
	case k.gone.Load():
		k.dropped(request, "the node has left")
		return true
	case k.cond.Percent > 0 && k.e.net.lose(k.cond.Percent):
		k.dropped(request, "loss")
		return true
	}
	if why := k.queue(payload); why != "" {
		k.dropped(request, why)
		return false
	}
	return true
}

// queue takes the memory for a message and queues it. If there is no room, queue returns the
// reason.
func (k *link) queue(payload []byte) (refused string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if why := k.out.Reserve(transport.FrameSize(payload),
		transport.Backlog{Count: len(k.late), Bytes: k.lateSize}); why != "" {
		return why
	}
	if k.cond.Delay == 0 && len(k.late) == 0 {
		k.out.Add(payload)
		return ""
	}
	due := k.e.net.o.Now() + k.cond.Delay
	if n := len(k.late); n > 0 { // a shorter delay does not reorder messages
		due = max(due, k.late[n-1].due)
	}
	k.late = append(k.late, lateFrame{due, append([]byte(nil), payload...)})
	k.lateSize += transport.FrameSize(payload)
	return ""
}

// flush sends the waiting messages: flush wakes the writer of the connection, or makes a
// connection. The caller holds mu, and Network.mu for reading.
func (k *link) flush() {
	if k.sending != nil {
		notify(k.sending.wake)
		return
	}
	k.dialSoon()
}

// dropped counts a lost message. Within limits, it publishes an event with the reason and the
// number of lost messages. Messages that no request has caused are not worth an event if the peer
// is cut off or down.
func (k *link) dropped(request uint64, why string) {
	total := k.lost.Add(1)
	if request == 0 && why != "loss" {
		return
	}
	now := k.e.net.o.Now()
	k.reportAfter = max(k.reportAfter, now-dropBurst*dropEvery)
	if k.reportAfter >= now {
		return
	}
	k.reportAfter += dropEvery
	k.e.net.o.Publish(event.Event{Node: k.e.o.Node, Kind: event.Dropped, Peer: k.peer, Request: request, Message: why,
		Count: int(total)})
}

// report reports a change of the link's state to the node, once. The caller holds mu.
func (k *link) report(s state) {
	if k.reported == s {
		return
	}
	k.reported = s
	k.e.o.PeerChanged(k.peer, s == up)
	if s == up {
		k.e.net.up.Broadcast()
	}
}

// enter adds a connection to the link. own says that this end has dialed. enter returns false if
// the link is cut both ways, or its node killed, meanwhile.
func (k *link) enter(c *connection, own bool) bool {
	n := k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if own {
		k.dialing = false
	}
	if k.cond.Cut && k.from.Cut || k.gone.Load() || k.e.detached {
		return false
	}
	k.conns = append(k.conns, c)
	k.e.ends.Add(1)
	k.choose(c)
	if !k.cond.Cut {
		k.report(up)
	}
	return true
}

// choose chooses the connection that carries the messages, after c was added. A node dials only if
// it has left the connection before. If both nodes have dialed, the connection that the lower name
// made carries the messages of both. Only the higher name knows whether it has left that connection
// already, so only the higher name says farewell. The lower name keeps the other connection as a
// spare until it reads a farewell on one of the two. The caller holds mu.
func (k *link) choose(c *connection) {
	old := k.sending
	switch isLower := k.e.o.Node < k.peer; {
	case old == nil:
		k.sending = c
	case c.byLower == old.byLower, c.byLower && !isLower:
		k.sending = c
		notify(old.wake) // to say farewell
	case !isLower: // the writer of c says farewell when it begins
	default:
		if k.spare != nil {
			notify(k.spare.wake)
		}
		if k.spare = c; c.byLower {
			k.sending, k.spare = c, old
		}
	}
}

// drop ends the use of a connection for messages, and uses the spare connection instead, if there
// is one. The caller holds mu.
func (k *link) drop(c *connection) {
	switch c {
	case k.sending:
		k.sending, k.spare = k.spare, nil
	case k.spare:
		k.spare = nil
	}
	notify(c.wake) // to say farewell
}

// leave removes a connection that has ended. If it ended without a farewell, the link is down, and
// the messages that wait are lost.
func (k *link) leave(c *connection, farewell bool) {
	n := k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.Index(k.conns, c)
	if i < 0 {
		return // closed by this end
	}
	k.conns = slices.Delete(k.conns, i, i+1)
	k.e.ends.Add(-1)
	k.drop(c)
	switch {
	case k.sending != nil: // another connection works
		notify(k.sending.wake)
	case !farewell:
		k.fail()
	}
}

// retire ends the sending on a connection whose other end has said farewell. Messages that wait get
// a new connection.
func (k *link) retire(c *connection) {
	n := k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(c)
	if k.waits() && !k.e.detached {
		k.flush()
	}
}

// closeIdle ends the sending on a connection that was not used for a while, if no message waits. A
// link closes one connection at a time. closeIdle reports whether it did.
func (k *link) closeIdle(c *connection) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sending != c || k.waits() || len(k.conns) != 1 {
		return false
	}
	k.sending = nil
	notify(c.wake)
	return true
}

// waits reports whether a message waits. The caller holds mu.
func (k *link) waits() bool { return k.out.Count()+len(k.late) > 0 }

// fail loses the messages that wait, and reports the link as down. If the peer runs, the link dials
// it again. The caller holds mu, and Network.mu for reading.
func (k *link) fail() {
	k.discard()
	k.report(down)
	if k.passable() {
		k.dialSoon()
	}
}

// discard loses the messages that wait. The caller holds mu.
func (k *link) discard() {
	k.lost.Add(int64(k.out.Count() + len(k.late)))
	k.out.Clear(k.lateSize)
	k.late, k.lateSize = nil, 0
}

// passable reports whether messages can reach the peer: the link is not cut, and both nodes run.
// The caller holds Network.mu.
func (k *link) passable() bool {
	return !k.cond.Cut && !k.gone.Load() && !k.e.detached && k.e.net.endpoints[k.peer] != nil
}

// cut acts on a cut of the link. If the other direction is cut also, the connections end. The
// caller holds Network.mu.
func (k *link) cut() {
	if k.from.Cut {
		k.disconnect()
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cuts = k.cond.cuts
	k.discard()
	k.report(down)
}

// disconnect closes all connections of the link, and takes the link down. Messages in buffers of
// this end are lost. The caller holds Network.mu.
func (k *link) disconnect() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.conns {
		c.kill()
	}
	k.e.ends.Add(-int64(len(k.conns)))
	k.conns, k.sending, k.spare, k.cuts = nil, nil, nil, k.cond.cuts
	k.discard()
	k.report(down)
}

// bringUp reports a link that was down as up: it is no longer cut, or its peer was started. The
// caller holds Network.mu.
func (k *link) bringUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reported != down || !k.passable() {
		return
	}
	if k.dialing { // the next attempt shows whether the peer answers
		notify(k.kick)
		return
	}
	k.report(up)
}

// isUp reports whether messages can travel, as far as the node knows. The caller holds Network.mu.
func (k *link) isUp() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reported != down && k.passable()
}

// connections returns the number of open connections.
func (k *link) connections() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.conns)
}

// carrier returns the connection that carries the messages, nil if there is none.
func (k *link) carrier() *connection {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sending
}

// queued returns the bytes of the messages that wait.
func (k *link) queued() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.out.Bytes() + k.lateSize
}

// changed acts on a change of the link's condition, except for a cut. Delayed messages leave within
// the delay that holds now. The caller holds Network.mu.
func (k *link) changed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	latest := k.e.net.o.Now() + k.cond.Delay
	for i := range k.late {
		k.late[i].due = min(k.late[i].due, latest)
	}
	if k.sending != nil && len(k.late) > 0 {
		notify(k.sending.wake)
	}
}
