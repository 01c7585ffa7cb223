package engine

import "time"

// Timings are the node's waits and periods. They are the same on all nodes of a cluster.
type Timings struct {
	// Patience is the silence after which a peer that was asked is suspected (§4.8.3).
	Patience time.Duration
	// Request is the time after which a client's request fails.
	Request time.Duration
	// Fresh is the time for which a peer that has answered needs no ping before a put is forwarded
	// to it.
	Fresh time.Duration
	// Probe is the time between two pings to a suspected peer.
	Probe time.Duration
	// Handoff is the time between two scans of the hint store (§4.6).
	Handoff time.Duration
	// RepairGrace is the time for which a get waits for further answers after its reply (§5).
	RepairGrace time.Duration
	// AntiEntropy is the time between two comparisons of a key range with another home (§4.7). With
	// 0 nodes compare only when they are asked to.
	AntiEntropy time.Duration
	// Gossip is the time between two exchanges of the membership with a random peer (§4.8.1). With
	// 0 nodes exchange it only when their views differ.
	Gossip time.Duration
	// Transfer is the time between two attempts to hand ranges over to new homes (§4.9).
	Transfer time.Duration
	// Foreground is the 99th percentile of the replicas' answers to clients' requests above which
	// background work yields (§6.5). With 0 background work never yields.
	Foreground time.Duration
	// Tombstones is the age at which a tombstone may be collected, and the time between the two
	// rounds of its collection (§4.4). At least settings.MinTombstones. With 0 tombstones stay.
	Tombstones time.Duration
	// SyncAfterRecovery is the time from a peer's recovery to a comparison of all shared ranges.
	// Half of the nodes wait twice as long.
	SyncAfterRecovery time.Duration
}

// DefaultTimings returns the timings for nodes on one machine. A flush to disk may stall for a few
// hundred milliseconds, and a person should not wait longer than that for a fallback.
func DefaultTimings() Timings {
	return Timings{
		Patience:          500 * time.Millisecond,
		Request:           2 * time.Second,
		Fresh:             20 * time.Millisecond,
		Probe:             500 * time.Millisecond,
		Handoff:           time.Second,
		RepairGrace:       100 * time.Millisecond,
		AntiEntropy:       10 * time.Second,
		Gossip:            time.Second,
		Transfer:          500 * time.Millisecond,
		Foreground:        50 * time.Millisecond,  // the paper's limit
		Tombstones:        5 * time.Minute,        // more than two messages that are a minute late each
		SyncAfterRecovery: 500 * time.Millisecond, // hints go first, and what they bring need not be compared
	}
}
