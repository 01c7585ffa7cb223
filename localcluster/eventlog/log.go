package eventlog

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"ringside/engine/event"
	"ringside/localcluster/broadcast"
)

const (
	// MaxEvents is the number of events that a Log remembers: some seconds of full load, hours of a
	// user's own commands. An event takes about half a kilobyte.
	MaxEvents = 16384
	// maxBatch is the number of events that a reader receives at once. Publishers wait while a
	// batch is copied.
	maxBatch = 512
)

// A Log numbers events and remembers the newest ones. The zero value is ready. It is safe for
// concurrent use.
type Log struct {
	changed broadcast.Signal // events were published, or the log was closed

	mu     sync.Mutex
	ring   []event.Event // grows to MaxEvents; then event number s is at (s-1) % MaxEvents
	last   uint64        // number of the newest event
	closed bool
}

// Publish numbers the events and remembers them. It never waits for a reader. After Close it does
// nothing.
func (l *Log) Publish(events ...event.Event) {
	if len(events) == 0 {
		return
	}
	l.append(events)
	l.changed.Broadcast()
}

func (l *Log) append(events []event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	for _, e := range events {
		l.last++
		e.Seq = l.last
		e.Versions = event.Preview(e.Versions)
		if len(l.ring) < MaxEvents {
			l.ring = append(l.ring, e)
			continue
		}
		l.ring[(l.last-1)%MaxEvents] = e
	}
}

// Close ends the log. Readers receive the events that they have not seen, and then return.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.changed.Broadcast()
}

// Last returns the number of the newest event, 0 if there is none.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// next appends to batch the events after number after, up to maxBatch. If the log no longer
// remembers some of them, the batch begins with a Gap event, which carries the number of the last
// event that the reader missed.
func (l *Log) next(after uint64, batch []event.Event) (_ []event.Event, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if after > l.last {
		// The number is from an earlier run of the cluster.
		after = 0
		batch = append(batch, event.Event{Kind: event.Gap, Message: "the cluster was restarted; its events begin anew"})
	}
	oldest := l.last - uint64(len(l.ring)) + 1
	if after+1 < oldest {
		gap := event.Event{Seq: oldest - 1, Kind: event.Gap, Count: int(oldest - 1 - after)}
		gap.Time = l.ring[(oldest-1)%MaxEvents].Time
		gap.Message = fmt.Sprintf("%d events were not delivered", gap.Count)
		batch = append(batch, gap)
		after = oldest - 1
	}
	for s := after + 1; s <= l.last && len(batch) < maxBatch; s++ {
		batch = append(batch, l.ring[(s-1)%MaxEvents])
	}
	return batch, l.closed
}

// Read calls fn with batches of the events after number after. Without follow, Read returns after
// the event that was the newest when Read began. With follow, Read returns when ctx ends or the log
// is closed. fn must not keep the slice. An error of fn ends Read and is returned.
func (l *Log) Read(ctx context.Context, after uint64, follow bool, fn func([]event.Event) error) error {
	upTo := l.Last()
	var batch []event.Event
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !follow && after == upTo {
			return nil
		}
		changed := l.changed.Wait()
		var closed bool
		batch, closed = l.next(after, batch[:0])
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
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
