package localcluster

import (
	"net"
	"sync"

	"ringside/engine/wire"
)

const (
	// maxQueue and maxQueueBytes bound what waits to be written to one
	// connection. One frame always fits, however large it is.
	maxQueue      = 8192
	maxQueueBytes = 8 << 20
	// keepBuffer is the largest write buffer that is kept for reuse.
	keepBuffer = 1 << 20
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
	conn net.Conn
	mu   sync.Mutex
	out  outbox
	wake chan struct{} // holds a token if there is something to write
}

func newSender(conn net.Conn) *sender {
	return &sender{conn: conn, wake: make(chan struct{}, 1)}
}

// send queues a payload; false means that the other end reads too slowly.
func (s *sender) send(payload []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.out.room(len(payload), 0, 0) {
		return false
	}
	s.out.add(payload)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// run writes until done is closed or the connection breaks.
func (s *sender) run(done <-chan struct{}) error {
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
		if _, err := s.conn.Write(buf); err != nil {
			return err
		}
		spare = buf
	}
}
