package eventlog

import (
	"sync"

	"ringside/engine/event"
	"ringside/localcluster/broadcast"
)

const (
	// MaxEvents is the number of events that a Log remembers: a tenth of a second of full load,
	// hours of a user's own commands. An event takes about half a kilobyte.
	MaxEvents = 16384
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
