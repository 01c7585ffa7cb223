package kv

import (
	"context"
	"slices"
	"sync"
	"time"

	"ringside/engine/wire"
)

const (
	// reapAfter is the time between a delete and the first attempt to forget its tombstone, as in
	// Riak (delete_mode).
	reapAfter = 3 * time.Second
	// reapAgain is the time between two attempts. It is short, because clients of Riak and their
	// tests wait for some 6 s. An attempt that finds a replica without the tombstone ends at once.
	reapAgain = 250 * time.Millisecond
	// maxReapTries bounds the attempts. The cluster collects the tombstones that are left.
	maxReapTries = 12
	// maxReaps bounds the tombstones that wait. The cluster collects those beyond.
	maxReaps = 1 << 16
	// reapers bounds the attempts at once. Each takes about wire.ForgetAfter.
	reapers = 256
	// reapTime bounds one attempt.
	reapTime = 10 * time.Second
)

// A reaper has the cluster forget tombstones.
type reaper struct {
	store  *Store
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{} // one for each attempt at once

	mu      sync.Mutex
	waiting []grave // those of a first attempt, and those of a later one, each in the order of due
	retries []grave
	added   chan struct{} // has room for one
	running bool
}

// A grave is a tombstone that waits for an attempt.
type grave struct {
	key   []byte
	due   time.Time
	tries int
}

func newReaper(s *Store) *reaper {
	r := &reaper{store: s, slots: make(chan struct{}, reapers), added: make(chan struct{}, 1)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

func (r *reaper) close() {
	r.mu.Lock()
	r.running = true // no goroutine begins after this
	r.mu.Unlock()
	r.cancel()
	r.wg.Wait()
}

// add makes the tombstone of a key wait.
func (r *reaper) add(key []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= maxReaps {
		return
	}
	r.waiting = append(r.waiting, grave{key: key, due: time.Now().Add(reapAfter)})
	r.wake()
}

// again makes a tombstone wait for another attempt.
func (r *reaper) again(g grave) {
	if g.tries++; g.tries >= maxReapTries {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g.due = time.Now().Add(reapAgain)
	r.retries = append(r.retries, g)
	r.wake()
}

// wake starts the goroutine, or has it look again. The caller holds mu.
func (r *reaper) wake() {
	if !r.running {
		r.running = true
		r.wg.Go(r.run)
	}
	select {
	case r.added <- struct{}{}:
	default:
	}
}

// run makes the attempts that are due, until close.
func (r *reaper) run() {
	for {
		g, wait, ok := r.next()
		if ok {
			select {
			case r.slots <- struct{}{}:
				r.wg.Go(func() {
					defer func() { <-r.slots }()
					r.forget(g)
				})
			case <-r.ctx.Done():
				return
			}
			continue
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-timer:
		case <-r.added:
		case <-r.ctx.Done():
			return
		}
	}
}

// next returns a tombstone that is due, or how long it is until one is; 0 if none waits.
func (r *reaper) next() (g grave, wait time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, list := range []*[]grave{&r.retries, &r.waiting} {
		if len(*list) == 0 {
			continue
		}
		left := time.Until((*list)[0].due)
		if left <= 0 {
			g = (*list)[0]
			*list = (*list)[1:]
			return g, 0, true
		}
		if wait == 0 || left < wait {
			wait = left
		}
	}
	return grave{}, wait, false
}

// forget makes one attempt. Only a home of the key can make it. If the store's node is not one,
// the reaper asks a home itself: a home forgets nothing unless it reaches all members.
func (r *reaper) forget(g grave) {
	ctx, cancel := context.WithTimeout(r.ctx, reapTime)
	defer cancel()
	s := r.store
	homes, at := s.rings.of(s.cluster.Settings()).Homes(g.key), s.node
	if len(homes) > 0 && !slices.Contains(homes, at) {
		at = homes[g.tries%len(homes)]
	}
	reply, err := s.cluster.Do(ctx, at, wire.ForgetRequest{Key: g.key})
	if f, ok := reply.(wire.ForgetReply); err == nil && ok && (f.Forgotten || f.Live) {
		return
	}
	r.again(g)
}
