package link

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/transport"
)

const (
	// minRedial and maxRedial bound the pause between attempts to reach a node that refuses. A link
	// that was mended and a node that was restarted are tried at once.
	minRedial = 20 * time.Millisecond
	maxRedial = 500 * time.Millisecond
	// dropBurst bounds the events of lost messages that a link publishes at once. After that the
	// link publishes one event per dropEvery. The events are for people; link.lost counts the
	// messages.
	dropBurst = 32
	dropEvery = 100 * time.Millisecond
)

// A state is what the node knows of a link.
type state int

const (
	unknown state = iota // nothing yet: the first attempt to connect is under way
	up
	down
)

// A link is one direction from a running node to another: a connection that the node makes, and the
// messages that wait to be written to it.
type link struct {
	e    *Endpoint
	peer string
	cond *fault.Condition // guarded by Network.mu
	gone atomic.Bool      // the peer has left for good
	wake chan struct{}    // holds a token if the writer has something to look at
	kick chan struct{}    // holds a token if the link is to dial at once

	mu       sync.Mutex
	conn     net.Conn // nil while the link is down
	reported state
	out      transport.Outbox
	late     []lateFrame // delayed messages, in the order in which they were sent
	lateSize int         // bytes

	lost        atomic.Int64  // messages, since the start of the incarnation
	reportAfter time.Duration // bounds the rate of Dropped events; belongs to the caller of Send
}

// A lateFrame is a message that leaves once it is due.
type lateFrame struct {
	due     time.Duration
	payload []byte
}

func newLink(e *Endpoint, peer string, cond *fault.Condition) *link {
	return &link{e: e, peer: peer, cond: cond, out: transport.NewOutbox(e.net.o.Memory.Out),
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1)}
}

// notify puts a token into c unless c has one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// enqueue queues a message, or loses it as the link's condition says. It returns false if there is
// no room for the message. On a link that is being made, the message waits: the answer to the first
// message over a mended link must not be lost because the other direction is mended a moment later.
// The caller is the node's loop and holds Network.mu for reading.
func (k *link) enqueue(request uint64, payload []byte) (ok bool) {
	switch {
	case k.cond.Cut:
		k.dropped(request, "cut")
		return true
	case k.cond.Percent > 0 && k.e.net.lose(k.cond.Percent):
		k.dropped(request, "loss")
		return true
	}
	if why := k.queue(payload); why != "" {
		k.dropped(request, why)
		return false
	}
	notify(k.wake)
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

// run keeps the link up until the incarnation ends.
func (k *link) run() {
	pause := minRedial
	for k.e.ctx.Err() == nil {
		if k.isCut() || k.gone.Load() {
			k.takeDown(nil)
			k.await(nil)
			pause = minRedial
			continue
		}
		conn, err := k.dial()
		if err == nil && k.establish(conn) {
			pause = minRedial
			k.carry(conn)
			continue
		}
		k.takeDown(nil)
		if kicked := k.await(time.After(pause)); kicked {
			pause = minRedial
			continue
		}
		pause = min(2*pause, maxRedial)
	}
}

// await waits for a kick, the end of the pause or the end of the incarnation.
func (k *link) await(pause <-chan time.Time) (kicked bool) {
	select {
	case <-k.kick:
		return true
	case <-pause:
	case <-k.e.ctx.Done():
	}
	return false
}

func (k *link) isCut() bool {
	k.e.net.mu.RLock()
	defer k.e.net.mu.RUnlock()
	return k.cond.Cut
}

// dial connects to the peer.
func (k *link) dial() (net.Conn, error) {
	return transport.Dial(k.e.ctx, k.e.net.o.Secret,
		transport.Peer{Addr: k.e.net.o.Addr(k.peer), Name: k.peer, Role: wire.RoleNode, Self: k.e.o.Node})
}

// establish makes conn the link's connection. It returns false if the link was cut, or its node
// killed, meanwhile.
func (k *link) establish(conn net.Conn) bool {
	n := k.e.net
	n.mu.RLock()
	defer n.mu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cond.Cut || k.e.ctx.Err() != nil {
		_ = conn.Close()
		return false
	}
	k.conn = conn
	k.report(up)
	n.up.Broadcast()
	return true
}

// report reports a change of the link's state to the node, once. The caller holds mu.
func (k *link) report(s state) {
	if k.reported == s {
		return
	}
	k.reported = s
	k.e.o.PeerChanged(k.peer, s == up)
}

// takeDown ends the link's connection if it is conn, or if conn is nil. The messages that wait are
// lost.
func (k *link) takeDown(conn net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if conn != nil && k.conn != conn {
		return
	}
	if k.conn != nil {
		_ = k.conn.Close()
		k.conn = nil
	}
	k.lost.Add(int64(k.out.Count() + len(k.late)))
	k.out.Clear(k.lateSize)
	k.late, k.lateSize = nil, 0
	k.report(down)
}

// isUp reports whether messages can travel.
func (k *link) isUp() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.conn != nil
}

// queued returns the bytes of the messages that wait.
func (k *link) queued() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.out.Bytes() + k.lateSize
}

// changed acts on a change of the link's condition. Delayed messages leave within the delay that
// holds now. The caller holds Network.mu.
func (k *link) changed() {
	if k.cond.Cut {
		k.takeDown(nil)
		return
	}
	k.mu.Lock()
	latest := k.e.net.o.Now() + k.cond.Delay
	for i := range k.late {
		k.late[i].due = min(k.late[i].due, latest)
	}
	k.mu.Unlock()
	notify(k.wake)
	notify(k.kick)
}

// carry writes messages until the connection breaks.
func (k *link) carry(conn net.Conn) {
	broken := make(chan struct{})
	go func() { // the peer writes nothing after the handshake, so any result of the read ends the connection
		defer close(broken)
		var b [1]byte
		_, _ = conn.Read(b[:])
		k.takeDown(conn)
	}()
	k.write(conn, broken)
	k.takeDown(conn)
	_ = conn.Close()
	<-broken
}

func (k *link) write(conn net.Conn, broken <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		buf, due := k.take(conn)
		if len(buf) > 0 {
			_, err := conn.Write(buf)
			k.out.Written(buf)
			if err != nil {
				return
			}
			continue
		}
		if timer.Stop(); due > 0 {
			timer.Reset(max(due-k.e.net.o.Now(), 0))
		}
		select {
		case <-k.wake:
		case <-timer.C:
		case <-broken:
			return
		case <-k.e.ctx.Done():
			return
		}
	}
}

// take returns the frames that may be written to conn now. due is the time when the next delayed
// message leaves, 0 if there is none.
func (k *link) take(conn net.Conn) (buf []byte, due time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != conn {
		return nil, 0
	}
	if len(k.late) > 0 {
		now, i := k.e.net.o.Now(), 0
		for ; i < len(k.late) && k.late[i].due <= now; i++ {
			k.out.Add(k.late[i].payload)
			k.lateSize -= transport.FrameSize(k.late[i].payload)
			k.late[i].payload = nil
		}
		if k.late = k.late[i:]; len(k.late) > 0 {
			due = k.late[0].due
		} else {
			k.late = nil
		}
	}
	return k.out.Take(), due
}
