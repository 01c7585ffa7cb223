package localcluster

import (
	"context"
	"sync"

	"ringside/engine/wire"
)

const (
	// maxAtWork is how many bytes of requests and of their replies, as far as these
	// can be foreseen, a node works on at once. A get moves its value N times
	// between nodes, and all of it has to arrive before they lose patience with
	// each other; more at once makes nothing faster.
	maxAtWork = 4 << 20
	// leastCost makes maxAtWork a bound on the number of requests, too.
	leastCost = 2 << 10
	// replyMemory is the part of the foreseen size that one reply does not change.
	replyMemory = 7.0 / 8
)

// gate holds clients' requests back, one of each connection and unread all after it,
// so that a crowd of large ones takes turns instead of filling
// every queue at once.
type gate struct {
	mu     sync.Mutex
	atWork int
	reply  float64 // the size of a reply, as far as it can be foreseen
	freed  bell
}

// newGate expects the worst until replies show better.
func newGate() *gate { return &gate{reply: wire.MaxValue} }

// enter waits until there is room for a request of size bytes, and returns what
// is to be given back to leave. A gate that nobody is in lets everybody in.
func (g *gate) enter(ctx context.Context, size int) (cost int, ok bool) {
	if cost, ok := g.tryEnter(size); ok {
		return cost, true
	}
	for {
		freed := g.freed.wait() // before the next look
		if cost, ok := g.tryEnter(size); ok {
			return cost, true
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

func (g *gate) tryEnter(size int) (cost int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	cost = leastCost + size + int(g.reply)
	if g.atWork > 0 && g.atWork+cost > maxAtWork {
		return 0, false
	}
	g.atWork += cost
	return cost, true
}

// leave ends a request whose reply took size bytes.
func (g *gate) leave(cost, size int) {
	g.mu.Lock()
	g.atWork -= cost
	g.reply = replyMemory*g.reply + (1-replyMemory)*float64(size)
	g.mu.Unlock()
	g.freed.ring()
}
