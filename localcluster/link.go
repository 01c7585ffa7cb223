package localcluster

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

const (
	// minRedial and maxRedial are the pauses between attempts to reach a node
	// that refuses; a mended link or a restarted node is tried at once.
	minRedial = 20 * time.Millisecond
	maxRedial = 500 * time.Millisecond
	// Events of lost messages are told at most dropBurst at once and one per
	// dropEvery and link after that: they are there to be seen, not counted.
	dropBurst = 32
	dropEvery = 100 * time.Millisecond
)

// What a node was told of a link.
type standing int

const (
	unknown standing = iota // nothing yet: the first attempt is under way
	up
	down
)

// A link is one direction from a running node to another: a connection that it
// made, and what waits to be written to it.
type link struct {
	from *life
	to   *node
	cond *fault.Condition // guarded by Cluster.netMu
	wake chan struct{}    // holds a token if the writer has something to look at
	kick chan struct{}    // holds a token if it is worth dialing at once

	mu       sync.Mutex
	conn     net.Conn // nil while the link is down
	told     standing
	out      transport.Outbox
	late     []lateFrame // slowed messages, in the order in which they were sent
	lateSize int

	lost      atomic.Int64  // messages, since the start of the life
	tellAfter time.Duration // bounds the rate of Dropped events; belongs to the sender's loop
}

// A lateFrame is a message that leaves once it is due.
type lateFrame struct {
	due     time.Duration
	payload []byte
}

func newLink(from *life, to *node, cond *fault.Condition) *link {
	return &link{from: from, to: to, cond: cond, out: transport.NewOutbox(from.c.memory.Out),
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1)}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// enqueue takes a message on its way, or loses it as the network's condition
// wants; false means that there was no room for it. On a link that is being made
// it waits: the answer to the first message over a mended link must not be lost
// because the other direction is mended a moment later. The caller is the
// sender's loop and holds netMu for reading.
func (k *link) enqueue(request uint64, payload []byte) (ok bool) {
	switch {
	case k.cond.Cut:
		k.dropped(request, "cut")
		return true
	case k.cond.Percent > 0 && k.from.c.chance(k.cond.Percent):
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

func (k *link) queue(payload []byte) (refused string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if why := k.out.Reserve(transport.FrameSize(payload), transport.Backlog{Count: len(k.late), Bytes: k.lateSize}); why != "" {
		return why
	}
	if k.cond.Delay == 0 && len(k.late) == 0 {
		k.out.Add(payload)
		return ""
	}
	due := k.from.c.now() + k.cond.Delay
	if n := len(k.late); n > 0 { // delays never reorder
		due = max(due, k.late[n-1].due)
	}
	k.late = append(k.late, lateFrame{due, append([]byte(nil), payload...)})
	k.lateSize += transport.FrameSize(payload)
	return ""
}

// dropped counts a lost message and, within limits, tells of it and of how many there were. What a node
// says on its own account to one that is cut off or down is not worth telling.
func (k *link) dropped(request uint64, why string) {
	total := k.lost.Add(1)
	if request == 0 && why != "loss" {
		return
	}
	now := k.from.c.now()
	k.tellAfter = max(k.tellAfter, now-dropBurst*dropEvery)
	if k.tellAfter >= now {
		return
	}
	k.tellAfter += dropEvery
	k.from.c.tell(event.Event{Node: k.from.node.name, Kind: event.Dropped, Peer: k.to.name, Request: request, Message: why, Count: int(total)})
}

// run keeps the link up until its node's life ends.
func (k *link) run() {
	pause := minRedial
	for k.from.ctx.Err() == nil {
		if k.cut() || k.to.gone.Load() {
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

// await waits until it is worth dialing.
func (k *link) await(pause <-chan time.Time) (kicked bool) {
	select {
	case <-k.kick:
		return true
	case <-pause:
	case <-k.from.ctx.Done():
	}
	return false
}

func (k *link) cut() bool {
	k.from.c.netMu.RLock()
	defer k.from.c.netMu.RUnlock()
	return k.cond.Cut
}

// dial connects to the peer and proves to it who we are, and it to us.
func (k *link) dial() (net.Conn, error) {
	return transport.Dial(k.from.ctx, k.from.c.claim.Secret,
		transport.Peer{Addr: *k.to.addr.Load(), Name: k.to.name, Role: wire.RoleNode, Self: k.from.node.name})
}

// establish makes conn the link's connection and tells the node, unless the
// link was cut, or its node killed, meanwhile.
func (k *link) establish(conn net.Conn) bool {
	c := k.from.c
	c.netMu.RLock()
	defer c.netMu.RUnlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cond.Cut || k.from.ctx.Err() != nil {
		_ = conn.Close()
		return false
	}
	k.conn = conn
	k.tell(up)
	c.linked.Broadcast()
	return true
}

// tell gives the node a change of the link's standing, once. The caller holds mu.
func (k *link) tell(s standing) {
	if k.told == s {
		return
	}
	k.told = s
	in := engine.Input(engine.PeerUp{Peer: k.to.name})
	if s == down {
		in = engine.PeerDown{Peer: k.to.name}
	}
	k.from.inbox.Force(inbox.Arrival{In: in})
}

// takeDown ends the link's connection, if it is still conn or conn is nil. What waits is lost.
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
	k.tell(down)
}

// isUp says whether messages can travel.
func (k *link) isUp() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.conn != nil
}

// retime lets slowed messages leave within the delay that holds now. The
// caller holds netMu.
func (k *link) retime() {
	k.mu.Lock()
	defer k.mu.Unlock()
	latest := k.from.c.now() + k.cond.Delay
	for i := range k.late {
		k.late[i].due = min(k.late[i].due, latest)
	}
	notify(k.wake)
}

// carry writes what comes until the connection breaks.
func (k *link) carry(conn net.Conn) {
	broken := make(chan struct{})
	go func() { // a peer says nothing on our connection: whatever is read ends it
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
			timer.Reset(max(due-k.from.c.now(), 0))
		}
		select {
		case <-k.wake:
		case <-timer.C:
		case <-broken:
			return
		case <-k.from.ctx.Done():
			return
		}
	}
}

// take returns all that may be written to conn now, and when there will be more.
func (k *link) take(conn net.Conn) (buf []byte, due time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conn != conn {
		return nil, 0
	}
	if len(k.late) > 0 {
		now, i := k.from.c.now(), 0
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
