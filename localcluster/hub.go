package localcluster

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"ringside/engine/event"
)

const (
	// MaxEvents is how many events a cluster remembers: some seconds of full
	// load, hours of a person's. An event is about half a kilobyte.
	MaxEvents = 16384
	// maxEventBatch is how many events a subscriber is handed at once; it
	// bounds how long publishers wait while they are copied.
	maxEventBatch = 512
)

// hub is the cluster's one event stream. Nodes publish into a ring buffer and
// never wait for a reader; readers go through it by sequence number, each at its own pace.
type hub struct {
	mu     sync.Mutex
	ring   []event.Event // grows to MaxEvents; then event of number s is at (s-1) % MaxEvents
	last   uint64        // number of the newest event
	more   chan struct{} // closed on the next publish or close; nil if nobody waits
	closed bool
}

// publish numbers the events and remembers them.
func (h *hub) publish(events ...event.Event) {
	if len(events) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for _, e := range events {
		h.last++
		e.Seq = h.last
		e.Versions = event.Preview(e.Versions)
		if len(h.ring) < MaxEvents {
			h.ring = append(h.ring, e)
			continue
		}
		h.ring[(h.last-1)%MaxEvents] = e
	}
	h.wake()
}

// wake lets those that wait look again. The caller holds mu.
func (h *hub) wake() {
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
}

// close ends the stream: readers get what is left, and then return.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}

// seq is the number of the newest event.
func (h *hub) seq() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// next appends to batch the events after number after, up to maxEventBatch. If
// some of them are forgotten already it begins with a Gap event, which carries the number of
// the last one missed. If there is none, more is closed when there may be.
func (h *hub) next(after uint64, batch []event.Event) (_ []event.Event, more <-chan struct{}, closed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if after > h.last {
		// The reader knew an earlier life of this cluster: it has to begin anew.
		after = 0
		batch = append(batch, event.Event{Kind: event.Gap, Message: "the cluster was restarted; its events begin anew"})
	}
	oldest := h.last - uint64(len(h.ring)) + 1
	if after+1 < oldest {
		gap := event.Event{Seq: oldest - 1, Kind: event.Gap, Count: int(oldest - 1 - after)}
		gap.Time = h.ring[(oldest-1)%MaxEvents].Time
		gap.Message = fmt.Sprintf("%d events were not delivered", gap.Count)
		batch = append(batch, gap)
		after = oldest - 1
	}
	for s := after + 1; s <= h.last && len(batch) < maxEventBatch; s++ {
		batch = append(batch, h.ring[(s-1)%MaxEvents])
	}
	if len(batch) > 0 || h.closed {
		return batch, nil, h.closed
	}
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return batch, h.more, false
}

// read calls fn with batches of events after number after: those remembered
// now and, with follow, all that come until ctx ends or the hub is closed.
func (h *hub) read(ctx context.Context, after uint64, follow bool, fn func([]event.Event) error) error {
	upTo := h.seq()
	var batch []event.Event
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !follow && after == upTo {
			return nil
		}
		var more <-chan struct{}
		var closed bool
		batch, more, closed = h.next(after, batch[:0])
		if !follow {
			batch = slices.DeleteFunc(batch, func(e event.Event) bool { return e.Seq > upTo })
		}
		if len(batch) > 0 {
			if err := fn(batch); err != nil {
				return err
			}
			after = batch[len(batch)-1].Seq
			continue
		}
		if closed || !follow {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
