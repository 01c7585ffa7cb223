package engine

import (
	"slices"
	"time"
)

// Timings are the node's patience. They are the same on all nodes of a cluster.
type Timings struct {
	Patience    time.Duration // silence after which a peer that was asked is suspected (§4.8.3)
	Request     time.Duration // a client's request fails after that
	Fresh       time.Duration // a peer heard within it need not be pinged before a put is handed to it
	Probe       time.Duration // between pings to a suspected peer
	Handoff     time.Duration // between scans of the hint store (§4.6)
	RepairGrace time.Duration // how long a read waits for stragglers after its reply (§5)
	AntiEntropy time.Duration // between two comparisons of a key range with another home of it (§4.7); 0: never unasked
	Gossip      time.Duration // between two exchanges of the membership with a random peer (§4.8.1); 0: never unasked
	Transfer    time.Duration // between two looks at what is to be handed over to new homes (§4.9)
	Foreground  time.Duration // 99th percentile of replicas' answers to clients' requests above which background work yields (§6.5); 0: it never does
	Tombstones  time.Duration // grace after which a tombstone may be collected, and between the two rounds of that (§4.4); 0: they stay
	Reunion     time.Duration // from a peer's return to a comparison of all that is shared with it; up to twice that
}

// DefaultTimings suit one machine: a flush to disk may stall for a few hundred
// milliseconds, and a person should not wait longer than that for a stand-in.
func DefaultTimings() Timings {
	return Timings{
		Patience:    500 * time.Millisecond,
		Request:     2 * time.Second,
		Fresh:       20 * time.Millisecond,
		Probe:       500 * time.Millisecond,
		Handoff:     time.Second,
		RepairGrace: 100 * time.Millisecond,
		AntiEntropy: 10 * time.Second,
		Gossip:      time.Second,
		Transfer:    500 * time.Millisecond,
		Foreground:  50 * time.Millisecond,  // the paper's
		Tombstones:  5 * time.Minute,        // of two messages at most a minute late each, with room
		Reunion:     500 * time.Millisecond, // hints go first: what they bring need not be compared
	}
}

// timers holds what is due later. There are few distinct delays and many
// timers, so that each delay has its own queue, in which timers stand in the order in which they fall due.
type timers struct {
	queues []*timerQueue
	seq    uint64
}

type timerQueue struct {
	delay time.Duration
	items []*timer
}

type timer struct {
	at   time.Duration
	seq  uint64
	fire func() // nil once stopped or fired
}

func (t *timer) stop() { t.fire = nil }

func (ts *timers) after(now, delay time.Duration, fire func()) *timer {
	i := slices.IndexFunc(ts.queues, func(q *timerQueue) bool { return q.delay == delay })
	if i < 0 {
		i = len(ts.queues)
		ts.queues = append(ts.queues, &timerQueue{delay: delay})
	}
	ts.seq++
	t := &timer{at: now + delay, seq: ts.seq, fire: fire}
	ts.queues[i].items = append(ts.queues[i].items, t)
	return t
}

// next returns the timer that falls due first, nil if there is none.
func (ts *timers) next() *timer {
	var first *timer
	for _, q := range ts.queues {
		for len(q.items) > 0 && q.items[0].fire == nil {
			q.items[0] = nil
			q.items = q.items[1:]
		}
		if len(q.items) == 0 {
			continue
		}
		if t := q.items[0]; first == nil || t.at < first.at || t.at == first.at && t.seq < first.seq {
			first = t
		}
	}
	return first
}

// fire runs everything due by now, in order; what that adds is run too if it is due.
func (ts *timers) fire(now time.Duration) {
	for t := ts.next(); t != nil && t.at <= now; t = ts.next() {
		f := t.fire
		t.fire = nil
		f()
	}
}
