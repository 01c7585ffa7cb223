package broadcast

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestBroadcastWakesAllThatWait(t *testing.T) {
	var s Signal
	s.Broadcast() // wakes no later waiter
	first, second := s.Wait(), s.Wait()
	select {
	case <-first:
		t.Fatal("woken by an earlier broadcast")
	default:
	}
	s.Broadcast()
	<-first
	<-second
	select {
	case <-s.Wait():
		t.Error("a broadcast woke a later waiter")
	default:
	}
}

// A goroutine that calls Wait before it looks at the state misses no change.
func TestNoChangeIsMissed(t *testing.T) {
	const changes = 10_000
	var s Signal
	var state atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				changed := s.Wait()
				if state.Load() == changes {
					return
				}
				<-changed
			}
		})
	}
	for range changes {
		state.Add(1)
		s.Broadcast()
	}
	wg.Wait()
}
