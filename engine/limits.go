package engine

import (
	"fmt"

	"ringside/engine/tombstone"
)

// Overrun says which of the node's queues is longer than its bound, "" if none is. It is for tests
// and simulators.
func (n *Node) Overrun() string {
	for _, q := range []struct {
		what        string
		used, bound int
	}{
		{"requests", n.coordinator.requests, MaxRequests},
		{"rounds of anti-entropy", n.syncer.running, maxRounds},
		{"batches of tombstones", n.collector.batches.Len(), tombstone.MaxBatches},
		{"watched keys", n.collector.watches.Len(), tombstone.MaxWatched},
		{"hints", n.handoff.index.Len(), n.handoff.index.Max()},
		{"hints under way to one home", n.handoff.index.MostInFlight(), handoffWindow},
	} {
		if q.used < 0 || q.used > q.bound {
			return fmt.Sprintf("%d %s, the bound is %d", q.used, q.what, q.bound)
		}
	}
	return ""
}

// Requests returns the number of client requests that the node works on. It is for tests and
// simulators.
func (n *Node) Requests() int { return n.coordinator.requests }
