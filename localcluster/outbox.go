package localcluster

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"ringside/engine/wire"
)

const (
	// maxQueue and maxQueueBytes bound what waits to be written to one
	// connection. One frame always fits, however large it is. Memory is taken
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
	// keepBuffer is the largest write buffer that is kept for reuse; a value of the
	// largest size fits.
	keepBuffer = 2 << 20
)

// outbox collects frames for one connection. Its writer takes all that is
// there and writes it with one system call. The zero value works, without a mutex of its own:
// the owner guards it.
type outbox struct {
	buf   []byte
	count int
}

// room says whether a payload of size bytes may be added, with other bytes
// waiting elsewhere.
func (o *outbox) room(size, otherCount, otherBytes int) bool {
	n, bytes := o.count+otherCount, len(o.buf)+otherBytes
	return n == 0 || n < maxQueue && bytes+size <= maxQueueBytes
}

// reserve says whether a small payload fits beyond the limit.
func (o *outbox) reserve(size int) bool {
	return size <= smallPayload && o.count < maxQueue && len(o.buf)+size <= maxQueueBytes+replyReserve
}

func (o *outbox) add(payload []byte) {
	o.buf = wire.AppendFrame(o.buf, payload)
	o.count++
}

// take exchanges what waits for an empty buffer.
func (o *outbox) take(spare []byte) (out []byte) {
	if cap(spare) > keepBuffer {
		spare = nil
	}
	out, o.buf, o.count = o.buf, spare[:0], 0
	return out
}

func (o *outbox) clear() {
	o.buf, o.count = o.buf[:0], 0
	if cap(o.buf) > keepBuffer {
		o.buf = nil
	}
}

// sender is an outbox with its lock and its writer, for connections on which
// nothing is ever delayed: those of clients, both ends.
type sender struct {
	conn  net.Conn
	stall time.Duration // give up when nothing could be written for so long; 0: never
	mu    sync.Mutex
	out   outbox
	wake  chan struct{} // holds a token if there is something to write
	taken bell          // rings when the writer takes what waits, and when it ends
	ended bool          // there is no writer any more
}

func newSender(conn net.Conn) *sender {
	return &sender{conn: conn, wake: make(chan struct{}, 1)}
}

// send queues a payload; false means that the other end reads too slowly for one of this size.
func (s *sender) send(payload []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.out.room(len(payload), 0, 0) && !s.out.reserve(len(payload)) {
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
		taken := s.taken.wait()
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
		s.mu.Unlock()
		s.taken.ring()
	}()
	var spare []byte
	for {
		select {
		case <-s.wake:
		case <-done:
			return nil
		}
		s.mu.Lock()
		buf := s.out.take(spare)
		s.mu.Unlock()
		s.taken.ring()
		if err := s.write(buf); err != nil {
			return err
		}
		spare = buf
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
