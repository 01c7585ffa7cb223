package floor

import (
	"net"
	"sync"
)

// An outbox collects frames for a connection that several goroutines send on. Its writer takes all
// frames that wait and writes them with one system call.
type outbox struct {
	conn net.Conn
	wake chan struct{} // holds a token if frames wait

	mu  sync.Mutex
	buf []byte // the frames that wait
}

func newOutbox(conn net.Conn) *outbox { return &outbox{conn: conn, wake: make(chan struct{}, 1)} }

// send adds a frame.
func (o *outbox) send(h header) {
	o.mu.Lock()
	o.buf = appendFrame(o.buf, h)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// appendFrame appends a frame to b. The padding is whatever the buffer holds.
func appendFrame(b []byte, h header) []byte {
	n := len(b)
	if cap(b) < n+h.size {
		b = append(make([]byte, 0, max(2*cap(b), n+h.size, readBuffer)), b...)
	}
	b = b[:n+h.size]
	h.put(b[n:])
	return b
}

// run writes frames until done is closed or the connection breaks. Only the latter is an error.
func (o *outbox) run(done <-chan struct{}) error {
	var spare []byte
	for {
		select {
		case <-o.wake:
		case <-done:
			return nil
		}
		o.mu.Lock()
		frames := o.buf
		o.buf = spare[:0]
		o.mu.Unlock()
		if _, err := o.conn.Write(frames); err != nil {
			return err
		}
		spare = frames
	}
}
