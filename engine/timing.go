package engine

import "time"

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
