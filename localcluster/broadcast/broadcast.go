package broadcast

import (
	"sync"
	"sync/atomic"
)

// A Signal wakes waiting goroutines. The zero value is ready. It is safe for concurrent use.
type Signal struct {
	waited atomic.Bool // a goroutine may wait; Broadcast takes no lock otherwise
	mu     sync.Mutex
	next   chan struct{} // closed by the next Broadcast; nil if Wait was not called since the last one
}

// Wait returns a channel that the next Broadcast closes.
func (s *Signal) Wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	s.waited.Store(true)
	return s.next
}

// Broadcast closes the channel that Wait has returned since the last Broadcast.
func (s *Signal) Broadcast() {
	if !s.waited.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waited.Store(false)
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}
