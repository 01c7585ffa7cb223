package localcluster

import (
	"context"
	"sync"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

const (
	// maxAtWork is how many bytes of requests and of their replies, as far as these
	// can be foreseen, a node works on at once. A get moves its value N times
	// between nodes, and all of it has to arrive before they lose patience with
	// each other; more at once makes nothing faster.
	maxAtWork = 4 << 20
	// leastCost makes maxAtWork a bound on the number of requests, too.
	leastCost = 2 << 10
	// gateTime is how long a request waits at a gate. It is shorter than the client's time-out, so
	// that the client learns that the request was refused and nothing was done.
	gateTime = requestTime - time.Second
	// replyMemory is the part of the foreseen size that one reply does not change.
	replyMemory = 7.0 / 8
)

// gate holds clients' requests back, one of each connection and unread all after it,
// so that a crowd of large ones takes turns instead of filling
// every queue at once.
type gate struct {
	mu     sync.Mutex
	atWork int
	reply  float64          // the size of a reply, as far as it can be foreseen
	freed  broadcast.Signal // leave was called
	pool   *budget.Pool
	held   *budget.Account // holds atWork bytes of pool
}

// newGate expects the worst until replies show better.
func newGate(pool *budget.Pool) *gate {
	return &gate{reply: wire.MaxValue, pool: pool, held: pool.Open()}
}

// enter waits until there is room for a request of size bytes, but not longer than gateTime. It
// returns the cost to pass to leave. An empty gate admits every request for which the budget has
// room.
func (g *gate) enter(ctx context.Context, size int) (cost int, ok bool) {
	var late <-chan time.Time
	for {
		left, freed := g.freed.Wait(), g.pool.Freed() // before tryEnter, so that no release is missed
		cost, full := g.tryEnter(size)
		switch full {
		case noObstacle:
			return cost, true
		case thisGate:
			freed = nil // under load, memory is freed too often to try again each time
		case thePool:
			left = nil
		}
		if late == nil {
			late = time.After(gateTime)
		}
		select {
		case <-late:
			return 0, false
		case <-left:
		case <-freed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// An obstacle is the part of a node that has no room for a request.
type obstacle int

const (
	noObstacle obstacle = iota
	thisGate
	thePool
)

func (g *gate) tryEnter(size int) (cost int, full obstacle) {
	g.mu.Lock()
	defer g.mu.Unlock()
	cost = leastCost + size + int(g.reply)
	if g.atWork > 0 && g.atWork+cost > maxAtWork {
		return 0, thisGate
	}
	if !g.held.Take(cost, 1) {
		return 0, thePool
	}
	g.atWork += cost
	return cost, noObstacle
}

// leave ends a request whose reply took size bytes.
func (g *gate) leave(cost, size int) {
	g.mu.Lock()
	g.atWork -= cost
	g.held.Give(cost)
	g.reply = replyMemory*g.reply + (1-replyMemory)*float64(size)
	g.mu.Unlock()
	g.freed.Broadcast()
}

// close gives back the memory of requests that the life did not answer.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held.Give(g.atWork)
	g.held.Close()
	g.atWork = 0
}
