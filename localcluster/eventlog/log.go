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
	// chunkLen is the number of events for which a Log takes memory at once, about 100 kB. An idle
	// cluster has few events. A ring that grew by copying would stop the publishers meanwhile.
	chunkLen = 256
)

// A Log numbers events and remembers the newest ones. The zero value is ready. It is safe for
// concurrent use.
type Log struct {
	changed broadcast.Signal // events were published, or the log was closed

	mu     sync.Mutex
	chunks [MaxEvents / chunkLen]*[chunkLen]event.Event // a ring; nil where no event was yet
	last   uint64                                       // number of the newest event
	closed bool
}

// at returns the place of event number s. The caller holds l.mu.
func (l *Log) at(s uint64) *event.Event {
	i := (s - 1) % MaxEvents
	return &l.chunks[i/chunkLen][i%chunkLen]
}

// oldest returns the number of the oldest event that l remembers, 1 if there was none. The caller
// holds l.mu.
func (l *Log) oldest() uint64 { return l.last - min(l.last, MaxEvents) + 1 }

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
	for i := range events {
		if chunk := l.last % MaxEvents / chunkLen; l.chunks[chunk] == nil {
			l.chunks[chunk] = new([chunkLen]event.Event)
		}
		l.last++
		e := l.at(l.last)
		*e = events[i]
		e.Seq = l.last
		e.Versions = event.Preview(e.Versions)
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
