package engine

import "fmt"

// Overrun says which of the node's queues is longer than its bound, "" if none is. It is for tests and simulators.
func (n *Node) Overrun() string {
	for _, q := range []struct {
		what        string
		used, bound int
	}{
		{"requests", n.requests, MaxRequests},
		{"rounds of anti-entropy", n.sync.running, maxRounds},
		{"batches of tombstones", len(n.collector.batches), maxBatches},
		{"watched keys", len(n.collector.watched), maxWatched},
		{"hints", n.hints.total, n.maxHints()},
		{"hints under way to one home", n.mostDraining(), handoffWindow},
	} {
		if q.used < 0 || q.used > q.bound {
			return fmt.Sprintf("%d %s, the bound is %d", q.used, q.what, q.bound)
		}
	}
	return ""
}

// mostDraining returns the greatest number of hints that are under way to one home.
func (n *Node) mostDraining() int {
	most := 0
	for _, p := range n.peers {
		most = max(most, p.draining)
	}
	return most
}

// Requests returns the number of client requests that the node works on. It is for tests and simulators.
func (n *Node) Requests() int { return n.requests }
