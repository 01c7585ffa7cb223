package localcluster

import (
	"context"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"ringside/engine/trace"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
)

// All queues of a cluster take their memory from one budget, Cluster.memory, so that its bound does not grow with the
// square of the nodes. See package budget for how the queues share it. A message that finds no room in its link is
// told to its sender (engine.Unsent), a request of a client is refused (wire.Overloaded), and a connection from which
// nothing can be taken waits, until its other end has no room either.

// noMemory refuses a request.
const noMemory = "the queues of all nodes together have taken all the memory that they may; try again"

const (
	// refuseTime bounds how long a node waits for the rest of a request that it reads only to refuse: others wait
	// for the same memory.
	refuseTime = time.Second
	// keepBuffer is the largest write buffer that is used again; a value of the largest size fits.
	keepBuffer = 2 << 20
)

// buffers are write buffers that are free. All connections share them, and the garbage collector takes them when
// nothing is written.
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

// A holder is what a connection's frames hold of the budget's In pool, from their first byte until a node has worked on them.
type holder struct {
	account *budget.Account
	pool    *budget.Pool
	end     <-chan struct{} // closed when the connection's owner ends
}

func newHolder(pool *budget.Pool, end <-chan struct{}) *holder {
	return &holder{account: pool.Open(), pool: pool, end: end}
}

// await waits until take finds room. It fails if the owner ends.
func (h *holder) await(take func() bool) error {
	for {
		freed := h.pool.Freed() // before the next look
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

// admitPeer takes the memory for a peer's frame, and waits for it.
func (h *holder) admitPeer(size int) error {
	return h.await(func() bool { return h.account.Take(size, 1) })
}

// admitClient takes the memory for a client's request. If there is none it says so: then the request is read, from
// the reserve and without delay, only to be refused.
func (h *holder) admitClient(conn net.Conn, size int) (refuse bool, err error) {
	if h.account.Take(size, clientShare) {
		return false, nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(refuseTime))
	return true, h.await(func() bool { return h.account.TakeReserved(size) })
}

// giveBack ends the memory of arrivals that were worked on, or thrown away.
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

// free gives back what the life's queues still hold. It has ended.
func (l *life) free() {
	for _, k := range l.links {
		k.takeDown(nil) // of what the loop said last
		k.out.account.Close()
	}
	l.gate.close()
	l.own.Close()
}

// memoryEvent tells what the queues hold.
func (c *Cluster) memoryEvent() trace.Event {
	u := c.memory.Use()
	return trace.Event{Kind: trace.Memory, Count: u.Used, Want: u.Limit}
}

const (
	// trimEvery is how often a cluster looks whether a load is over.
	trimEvery = 2 * time.Second
	// A load is over when the queues hold less than 1/calmPart of the budget, after more than 1/busyPart.
	busyPart = 16
	calmPart = 256
)

// trim gives memory back to the system after a load: the garbage collector alone would keep it for minutes.
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

// frameSize is what a payload takes in a queue.
func frameSize(payload []byte) int { return wire.FrameHeader + len(payload) }
