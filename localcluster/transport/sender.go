package transport

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

// StallTime is how long a client may read nothing of the replies that wait for it.
const StallTime = 5 * time.Second

// A Sender writes frames to a connection on which no frame is delayed: that of a client, at both
// ends.
type Sender struct {
	conn  net.Conn
	stall time.Duration    // Run gives up if it can write nothing for so long; 0: never
	wake  chan struct{}    // holds a token if there is something to write
	taken broadcast.Signal // Run took the frames that wait, or ended

	mu    sync.Mutex
	out   Outbox
	ended bool // Run has ended
}

// NewSender returns the sender of a connection. Run writes the frames and gives back all memory
// that the sender takes from pool. stall is how long the other end may read nothing; 0 is no bound.
func NewSender(conn net.Conn, pool *budget.Pool, stall time.Duration) *Sender {
	return &Sender{conn: conn, stall: stall, out: NewOutbox(pool), wake: make(chan struct{}, 1)}
}

// Send queues a payload. It returns false if the other end reads too slowly for a payload of this
// size. After the end of Run, Send discards the payload.
func (s *Sender) Send(payload []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return true
	}
	if size := FrameSize(payload); s.out.Reserve(size, Backlog{}) != "" && !s.out.reserveSmall(size) {
		return false
	}
	s.out.Add(payload)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return true
}

// AwaitRoom waits until few enough frames wait, or Run has ended.
func (s *Sender) AwaitRoom() {
	for !s.hasRoom() {
		taken := s.taken.Wait()
		if s.hasRoom() {
			return
		}
		<-taken
	}
}

func (s *Sender) hasRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended || s.out.Count() < maxBacklog && s.out.Bytes() < maxBacklogBytes
}

// CloseConn closes the connection, which ends Run.
func (s *Sender) CloseConn() { _ = s.conn.Close() }

// Run writes the frames until done is closed or the connection breaks.
func (s *Sender) Run(done <-chan struct{}) error {
	defer func() {
		s.mu.Lock()
		s.ended = true
		s.out.Clear(0)
		s.out.Close()
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
		frames := s.out.Take()
		s.mu.Unlock()
		s.taken.Broadcast()
		err := s.write(frames)
		s.out.Written(frames)
		if err != nil {
			return err
		}
	}
}

// write writes all frames, however slowly, as long as there is progress.
func (s *Sender) write(frames []byte) error {
	for len(frames) > 0 {
		if s.stall > 0 {
			_ = s.conn.SetWriteDeadline(time.Now().Add(s.stall))
		}
		n, err := s.conn.Write(frames)
		if slow := n > 0 && errors.Is(err, os.ErrDeadlineExceeded); err != nil && !slow {
			return err
		}
		frames = frames[n:]
	}
	return nil
}
