package transport

import (
	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/gate"
)

const (
	// MaxQueue and MaxQueueBytes bound the frames that wait to be written to one connection, below
	// the budget of the process. An empty queue takes one frame of any size, if the budget has room
	// for it.
	MaxQueue      = 8192
	MaxQueueBytes = wire.MaxFrame
	// smallPayload is the size in bytes up to which a client's reply also fits beyond
	// MaxQueueBytes, into a reserve that has room for one such reply in each place of the queue. So
	// there is always room to say that a request was carried out, or failed.
	smallPayload = 2 << 10
	replyReserve = MaxQueue * smallPayload
	// maxBacklog and maxBacklogBytes are the frames that may wait before a node stops reading a
	// client's requests. With the replies to all requests that the node works on, no more than
	// MaxQueue wait.
	maxBacklog      = MaxQueue - gate.MaxRequests
	maxBacklogBytes = MaxQueueBytes / 2
	// keepSpare is the size in bytes of the largest buffer that an outbox keeps for itself.
	keepSpare = 16 << 10
)

// An Outbox collects frames for one connection. Its writer takes all frames that wait and writes
// them with one system call. Its owner's lock guards it, except for Written.
type Outbox struct {
	buf     []byte
	spare   []byte // the memory of frames that were written; nil: none is kept
	count   int
	account *budget.Account // holds the frames that wait or are being written
}

// NewOutbox returns an outbox that takes its memory from pool. Close ends it.
func NewOutbox(pool *budget.Pool) Outbox { return Outbox{account: pool.Open()} }

// Backlog is the number and the bytes of frames that wait for a connection outside its outbox.
type Backlog struct{ Count, Bytes int }

// Reserve takes the memory for a frame of size bytes. If there is no room, it returns the reason.
func (o *Outbox) Reserve(size int, elsewhere Backlog) (refused string) {
	n, bytes := o.count+elsewhere.Count, len(o.buf)+elsewhere.Bytes
	switch {
	case n > 0 && (n >= MaxQueue || bytes+size > MaxQueueBytes):
		return "queue full"
	case !o.account.Take(size, 1):
		return "no memory left"
	}
	return ""
}

// reserveSmall takes the memory for a small frame beyond the limit.
func (o *Outbox) reserveSmall(size int) bool {
	return size <= smallPayload+wire.FrameHeader && o.count < MaxQueue &&
		len(o.buf)+size <= MaxQueueBytes+replyReserve && o.account.TakeReserved(size)
}

// Add adds a payload. The memory for its frame is reserved.
func (o *Outbox) Add(payload []byte) {
	if o.buf == nil {
		if o.buf, o.spare = o.spare, nil; o.buf == nil {
			o.buf = takeBuffer()
		}
	}
	o.buf = wire.AppendFrame(o.buf, payload)
	o.count++
}

// Count returns the number of frames that wait.
func (o *Outbox) Count() int { return o.count }

// Bytes returns the size of the frames that wait.
func (o *Outbox) Bytes() int { return len(o.buf) }

// Take returns the frames that wait and forgets them. The caller passes them to Written afterwards.
func (o *Outbox) Take() (frames []byte) {
	frames, o.buf, o.count = o.buf, nil, 0
	return frames
}

// Written releases the memory of frames that were taken. It needs no lock.
func (o *Outbox) Written(frames []byte) {
	o.account.Give(len(frames))
	freeBuffer(frames)
}

// Reuse is Written for the owner of the outbox's lock. It keeps the memory of small buffers for the
// next frames.
func (o *Outbox) Reuse(frames []byte) {
	if cap(frames) == 0 || cap(frames) > keepSpare || o.spare != nil {
		o.Written(frames)
		return
	}
	o.account.Give(len(frames))
	o.spare = frames[:0]
}

// Clear discards the frames that wait, and releases the memory of elsewhere bytes that were
// reserved and not added.
func (o *Outbox) Clear(elsewhere int) {
	o.Written(o.Take())
	o.account.Give(elsewhere)
}

// Close ends the outbox. Frames that are being written may still be passed to Written.
func (o *Outbox) Close() { o.account.Close() }
