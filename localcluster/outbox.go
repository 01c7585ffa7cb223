package localcluster

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

const (
	// maxQueue and maxQueueBytes bound what waits to be written to one
	// connection, below the budget of the process. An empty queue takes one frame, however
	// large, if the budget has room for it. Memory is taken
	// only by what waits, which is little unless the other end stands still.
	maxQueue      = 8192
	maxQueueBytes = wire.MaxFrame
	// smallPayload is the size up to which a client's reply fits even beyond
	// maxQueueBytes, into a reserve of such for every place in the queue: there
	// is always room to say that a request was carried out, or failed.
	smallPayload = 2 << 10
	replyReserve = maxQueue * smallPayload
	// maxBacklog and maxBacklogBytes are how much may wait before a node stops
	// reading a client's requests; with all that are being worked on
	// (maxAtWork/leastCost) there are no more replies than maxQueue.
	maxBacklog      = maxQueue - maxAtWork/leastCost
	maxBacklogBytes = maxQueueBytes / 2
	// stallTime is how long a client may read nothing of the replies that wait for it.
	stallTime = 5 * time.Second
)

// outbox collects frames for one connection. Its writer takes all that is there and writes it with
// one system call. It has no mutex of its own: its owner's mutex guards it.
type outbox struct {
	buf     []byte
	count   int
	account *budget.Account // holds the frames that wait for this connection or are being written
}

// room takes the memory for a frame of size bytes. otherCount frames with otherBytes bytes wait for
// the connection elsewhere. If there is no memory, room returns the reason.
func (o *outbox) room(size, otherCount, otherBytes int) (refused string) {
	n, bytes := o.count+otherCount, len(o.buf)+otherBytes
	switch {
	case n > 0 && (n >= maxQueue || bytes+size > maxQueueBytes):
		return "queue full"
	case !o.account.Take(size, 1):
		return "no memory left"
	}
	return ""
}

// reserve takes the memory for a small frame beyond the limit.
func (o *outbox) reserve(size int) bool {
	return size <= smallPayload+wire.FrameHeader && o.count < maxQueue &&
		len(o.buf)+size <= maxQueueBytes+replyReserve && o.account.TakeReserved(size)
}

// add adds a payload for whose frame there is memory.
func (o *outbox) add(payload []byte) {
	if o.buf == nil {
		o.buf = takeBuffer()
	}
	o.buf = wire.AppendFrame(o.buf, payload)
	o.count++
}

// take returns the frames that wait. The caller passes them to written afterwards.
func (o *outbox) take() (out []byte) {
	out, o.buf, o.count = o.buf, nil, 0
	return out
}

// written releases the memory of frames that were taken. The caller need not hold the owner's
// mutex.
func (o *outbox) written(buf []byte) {
	o.account.Give(len(buf))
	freeBuffer(buf)
}

// clear discards the frames that wait.
func (o *outbox) clear() { o.written(o.take()) }

// sender is an outbox with its lock and its writer, for connections on which
// nothing is ever delayed: those of clients, both ends.
type sender struct {
	conn  net.Conn
	stall time.Duration // give up when nothing could be written for so long; 0: never
	mu    sync.Mutex
	out   outbox
	wake  chan struct{}    // holds a token if there is something to write
	taken broadcast.Signal // the writer took the frames that wait, or ended
	ended bool             // there is no writer any more
}

// newSender returns the sender of a connection. run gives back all memory that the sender takes.
func newSender(conn net.Conn, pool *budget.Pool) *sender {
	return &sender{conn: conn, out: outbox{account: pool.Open()}, wake: make(chan struct{}, 1)}
}

// send queues a payload. It returns false if the other end reads too slowly for a payload of this
// size. After the end of the connection, a payload is discarded.
func (s *sender) send(payload []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return true
	}
	if size := frameSize(payload); s.out.room(size, 0, 0) != "" && !s.out.reserve(size) {
		return false
	}
	s.out.add(payload)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// awaitRoom waits until the backlog is bearable, or the writer has ended.
func (s *sender) awaitRoom() {
	for !s.bearable() {
		taken := s.taken.Wait()
		if s.bearable() {
			return
		}
		<-taken
	}
}

func (s *sender) bearable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended || s.out.count < maxBacklog && len(s.out.buf) < maxBacklogBytes
}

// run writes until done is closed or the connection breaks.
func (s *sender) run(done <-chan struct{}) error {
	defer func() {
		s.mu.Lock()
		s.ended = true
		s.out.clear()
		s.out.account.Close()
		s.mu.Unlock()
		s.taken.Broadcast()
	}()
	for {
		select {
		case <-s.wake:
		case <-done:
			return nil
		}
		s.mu.Lock()
		buf := s.out.take()
		s.mu.Unlock()
		s.taken.Broadcast()
		err := s.write(buf)
		s.out.written(buf)
		if err != nil {
			return err
		}
	}
}

// write writes all of buf, however slowly, as long as there is progress.
func (s *sender) write(buf []byte) error {
	for len(buf) > 0 {
		if s.stall > 0 {
			_ = s.conn.SetWriteDeadline(time.Now().Add(s.stall))
		}
		n, err := s.conn.Write(buf)
		if slow := n > 0 && errors.Is(err, os.ErrDeadlineExceeded); err != nil && !slow {
			return err
		}
		buf = buf[n:]
	}
	return nil
}
