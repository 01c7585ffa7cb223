package localcluster

import (
	"sync"

	"ringside/engine"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

const (
	// maxInbox and maxInboxBytes bound what waits for a node's loop, below the budget of the
	// process. More inputs would only wait longer than a client waits. Peers beyond
	// them wait (their connections fill, then their queues refuse).
	maxInbox      = 4096
	maxInboxBytes = 32 << 20
	// clientShare is the part of the inbox that clients may fill; the rest is for
	// peers, whose messages end requests instead of beginning them.
	clientShare = 2
)

// An arrival is an input on its way to a node's loop. The loop gives back the arrival's memory
// after the turn.
type arrival struct {
	in     engine.Input
	answer func(engine.Reply) // for Request, Describe and Compare; called by the loop, never blocks
	size   int
	held   *budget.Account // the account that holds size bytes for it; nil: its memory is not counted
}

// inbox is the bounded queue in front of one node's loop.
type inbox struct {
	mu     sync.Mutex
	items  []arrival
	bytes  int
	closed bool
	space  broadcast.Signal // the items were taken, or the inbox was closed
	ready  chan struct{}    // holds a token if items may be there
}

func newInbox() *inbox { return &inbox{ready: make(chan struct{}, 1)} }

// force adds what the driver itself has to say or to ask, which must not be lost
// and takes no memory to speak of. It is not bounded here, but by who calls: a
// link tells a change of state once per connection made or lost, and whoever
// asks for the node's state waits for the answer.
func (b *inbox) force(a arrival) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(a)
}

// offer adds a if the share of the inbox that is free for it has room: 1/share of the whole. A
// closed inbox swallows everything. If offer fails, the caller still holds the memory of a.
func (b *inbox) offer(a arrival, share int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full(a.size, share) {
		return false
	}
	b.add(a)
	return true
}

// full lets in whatever finds the inbox empty, or a large message would never get through.
func (b *inbox) full(size, share int) bool {
	n := len(b.items)
	return n > 0 && !b.closed && (n >= maxInbox/share || b.bytes+size > maxInboxBytes/share)
}

func (b *inbox) add(a arrival) {
	if b.closed {
		a.giveBack()
		return
	}
	b.items = append(b.items, a)
	b.bytes += a.size
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take exchanges the items that wait for the empty slice into.
func (b *inbox) take(into []arrival) []arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.items
	b.items, b.bytes = into[:0], 0
	b.space.Broadcast()
	return out
}

// close throws away what waits and everything that still comes.
func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	giveBack(b.items)
	b.closed, b.items = true, nil
	b.space.Broadcast()
}
