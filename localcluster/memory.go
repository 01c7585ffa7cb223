package localcluster

import (
	"context"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
)

// All queues of a cluster take their memory from one budget, Cluster.memory, so that its bound does
// not grow with the square of the nodes. Package budget describes how the queues share it. If a
// link has no memory for a message, the sender is told (engine.Unsent). If a node has none for a
// client's request, the request is refused (wire.Overloaded). If a connection gets none for a
// frame, the connection waits, until its other end has no room either.

// noMemory is the message of a request that is refused for lack of memory.
const noMemory = "the queues of all nodes have used up their memory; try again"

const (
	// refuseTime bounds how long a node waits for the rest of a request that the node reads only to
	// refuse it: other requests wait for the same memory.
	refuseTime = time.Second
	// keepBuffer is the largest write buffer that is reused. A value of the largest size fits.
	keepBuffer = 2 << 20
)

// buffers holds free write buffers, which all connections share. The garbage collector takes them
// when nothing is written.
var buffers sync.Pool

func takeBuffer() []byte {
	if b, ok := buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func freeBuffer(b []byte) {
	if cap(b) > 0 && cap(b) <= keepBuffer {
		buffers.Put(&b)
	}
}

// A holder accounts for the memory that a connection's frames take from the budget's In pool, from
// their first byte until a node has worked on them.
type holder struct {
	account *budget.Account
	pool    *budget.Pool
	end     <-chan struct{} // closed when the connection's owner ends
}

func newHolder(pool *budget.Pool, end <-chan struct{}) *holder {
	return &holder{account: pool.Open(), pool: pool, end: end}
}

// await waits until take succeeds. It fails if the owner ends.
func (h *holder) await(take func() bool) error {
	for {
		freed := h.pool.Freed() // before take, so that no release is missed
		if take() {
			return nil
		}
		select {
		case <-freed:
		case <-h.end:
			return context.Canceled
		}
	}
}

// admitPeer waits until there is memory for a peer's frame, and takes it.
func (h *holder) admitPeer(size int) error {
	return h.await(func() bool { return h.account.Take(size, 1) })
}

// admitClient takes the memory for a client's request. If there is none, refuse is true, and the
// memory comes from the reserve: the caller reads the request only to refuse it.
func (h *holder) admitClient(conn net.Conn, size int) (refuse bool, err error) {
	if h.account.Take(size, clientShare) {
		return false, nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(refuseTime))
	return true, h.await(func() bool { return h.account.TakeReserved(size) })
}

// giveBack releases the memory of arrivals that were worked on or discarded.
func giveBack(batch []arrival) {
	for _, a := range batch {
		a.giveBack()
	}
}

func (a arrival) giveBack() {
	if a.held != nil {
		a.held.Give(a.size)
	}
}

// free gives back the memory that the life's queues still hold. The life has ended.
func (l *life) free() {
	for _, k := range l.links {
		k.takeDown(nil) // discards the last messages of the loop
		k.out.account.Close()
	}
	l.gate.close()
	l.own.Close()
}

// memoryEvent returns an event with the memory that the queues hold.
func (c *Cluster) memoryEvent() event.Event {
	u := c.memory.Use()
	return event.Event{Kind: event.Memory, Count: u.Used, Want: u.Limit}
}

const (
	// trimEvery is the time between two checks whether a load is over.
	trimEvery = 2 * time.Second
	// A load is over when the queues hold less than 1/calmPart of the budget, after more than
	// 1/busyPart.
	busyPart = 16
	calmPart = 256
)

// trim gives memory back to the operating system after a load. The garbage collector alone would
// keep the memory for minutes.
func (c *Cluster) trim() {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	busy, peak := false, 0
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		u := c.memory.Use()
		busy = busy || u.Used > u.Limit/busyPart || u.Peak > peak+u.Limit/busyPart
		peak = u.Peak
		if busy && u.Used < u.Limit/calmPart {
			busy = false
			debug.FreeOSMemory()
		}
	}
}

// frameSize returns the bytes that a payload takes in a queue.
func frameSize(payload []byte) int { return wire.FrameHeader + len(payload) }
