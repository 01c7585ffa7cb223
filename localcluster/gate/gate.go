package gate

import (
	"context"
	"sync"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

const (
	// maxAtWork bounds the bytes of requests and of their expected replies that a node works on at
	// once. A get moves its value N times between nodes, and all of it has to arrive before their
	// time-outs. A larger bound makes nothing faster.
	maxAtWork = 4 << 20
	// leastCost is the least cost of a request in bytes.
	leastCost = 2 << 10
	// MaxRequests bounds the number of requests that a node works on at once.
	MaxRequests = maxAtWork / leastCost
	// WaitTime is how long a request waits at a gate. It is shorter than the client's time-out, so
	// that the client learns that the request was refused and nothing was done.
	WaitTime = 4 * time.Second
	// replyMemory is the part of the expected size that one reply does not change.
	replyMemory = 7.0 / 8
)

// A Gate bounds the requests that one node works on.
type Gate struct {
	mu     sync.Mutex
	atWork int              // bytes of the requests that have entered and not left
	reply  float64          // the size of a reply, as far as it can be foreseen
	freed  broadcast.Signal // Leave was called
	pool   *budget.Pool
	held   *budget.Account // holds atWork bytes of pool
}

// New returns a gate that takes its memory from pool. Until the first replies, the gate expects
// replies of the largest size.
func New(pool *budget.Pool) *Gate {
	return &Gate{reply: wire.MaxValue, pool: pool, held: pool.Open()}
}

// Enter waits until there is room for a request of size bytes, but not longer than WaitTime. It
// returns the cost to pass to Leave. An empty gate admits every request for which the budget has
// room.
func (g *Gate) Enter(ctx context.Context, size int) (cost int, ok bool) {
	if cost, full := g.tryEnter(size); full == noObstacle {
		return cost, true
	}
	var late <-chan time.Time
	for {
		left, freed := g.freed.Wait(), g.pool.Freed() // before tryEnter, so that no release is missed
		cost, full := g.tryEnter(size)
		switch full {
		case noObstacle:
			return cost, true
		case thisGate:
			freed = nil // under load, memory is freed so often that a try each time would be a waste
		case thePool:
			left = nil
		}
		if late == nil {
			late = time.After(WaitTime)
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

// An obstacle is what has no room for a request.
type obstacle int

const (
	noObstacle obstacle = iota
	thisGate
	thePool
)

func (g *Gate) tryEnter(size int) (cost int, full obstacle) {
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

// Leave ends a request whose reply took size bytes.
func (g *Gate) Leave(cost, size int) {
	g.mu.Lock()
	g.atWork -= cost
	g.held.Give(cost)
	g.reply = replyMemory*g.reply + (1-replyMemory)*float64(size)
	g.mu.Unlock()
	g.freed.Broadcast()
}

// Close gives back the memory of requests that the node did not answer.
func (g *Gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held.Give(g.atWork)
	g.held.Close()
	g.atWork = 0
}
