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
// ends. Send queues frames and Flush writes them. What Flush cannot write at once, Run writes.
type Sender struct {
	conn   net.Conn
	direct *Direct
	stall  time.Duration    // Run gives up if it can write nothing for so long; 0: never
	wake   chan struct{}    // holds a token if there is something to write for Run
	taken  broadcast.Signal // the frames that wait were taken, or Run has ended

	mu      sync.Mutex
	out     Outbox
	rest    []byte // the end of the frames that Flush has taken and could not write
	taking  []byte // the frames that rest belongs to
	writing bool   // Flush or Run writes frames, or rest is not written yet
	ended   bool   // Run has ended
}

// NewSender returns the sender of a connection. Run writes the frames and gives back all memory
// that the sender takes from pool. stall is how long the other end may read nothing; 0 is no bound.
func NewSender(conn net.Conn, pool *budget.Pool, stall time.Duration) *Sender {
	return &Sender{conn: conn, direct: NewDirect(conn), stall: stall, out: NewOutbox(pool), wake: make(chan struct{}, 1)}
}

// Send queues a payload, which the next Flush writes. It returns false if the other end reads too
// slowly for a payload of this size. After the end of Run, Send discards the payload.
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
	return true
}

// Flush writes the frames that wait, as far as that needs no waiting, and leaves the rest to Run.
// It returns at once if another goroutine is writing, which then writes these frames also.
func (s *Sender) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.writing && !s.ended && s.out.Count() > 0 {
		s.writing = true
		frames := s.out.Take()
		s.mu.Unlock()
		s.taken.Broadcast()
		n := s.direct.Write(frames)
		s.mu.Lock()
		if n == len(frames) || s.ended {
			s.out.Reuse(frames)
			s.writing = false
			continue
		}
		s.taking, s.rest = frames, frames[n:]
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
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

// Run writes what Flush leaves until done is closed or the connection breaks.
func (s *Sender) Run(done <-chan struct{}) error {
	defer s.end()
	for {
		select {
		case <-s.wake:
		case <-done:
			return nil
		}
		for {
			frames, rest := s.next()
			if len(rest) == 0 {
				if s.stall > 0 {
					_ = s.conn.SetWriteDeadline(time.Time{}) // which would end what Flush writes later
				}
				break
			}
			s.taken.Broadcast()
			err := s.write(rest)
			s.mu.Lock()
			s.out.Reuse(frames)
			s.mu.Unlock()
			if err != nil {
				return err
			}
		}
	}
}

// next returns the frames that Run has to write, and the part of them that is not written yet. If
// there are none, Flush writes again.
func (s *Sender) next() (frames, rest []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if frames, rest = s.taking, s.rest; len(rest) == 0 {
		frames = s.out.Take()
		rest = frames
	}
	s.taking, s.rest = nil, nil
	s.writing = len(rest) > 0
	return frames, rest
}

// end discards what was not written.
func (s *Sender) end() {
	s.mu.Lock()
	s.ended = true
	s.out.Reuse(s.taking)
	s.taking, s.rest = nil, nil
	s.out.Clear(0)
	s.out.Close()
	s.mu.Unlock()
	s.taken.Broadcast()
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
