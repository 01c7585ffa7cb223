package inbox

import (
	"sync"

	"ringside/engine"
	"ringside/engine/wire"
	"ringside/localcluster/broadcast"
	"ringside/localcluster/budget"
)

const (
	// MaxInputs and MaxBytes bound the inputs that wait for a node's loop, below the budget of the
	// process. More inputs would only wait longer than a client waits. If there is no room, peers
	// wait: their connections fill, then their queues refuse.
	MaxInputs = 4096
	MaxBytes  = 32 << 20
)

// An Arrival is an input on its way to a node's loop. The loop gives back the memory of the Arrival
// after the turn.
type Arrival struct {
	In      engine.Input    // nil for a message of a peer
	Message wire.Message    // of a peer, if In is nil
	Asker   Asker           // gets the reply, if In has one
	Size    int             // bytes
	Held    *budget.Account // holds Size bytes for the Arrival; nil: its memory is not counted
}

// An Asker waits for the reply to an input. The loop calls its methods, which never block.
type Asker interface {
	// Answer takes the reply.
	Answer(engine.Reply)
	// Flush lets the replies leave that the Asker took. The loop calls Flush after all Answers of a
	// turn.
	Flush()
}

// GiveBack releases the memory of an Arrival that was worked on or discarded.
func (a Arrival) GiveBack() {
	if a.Held != nil {
		a.Held.Give(a.Size)
	}
}

// GiveBack releases the memory of all arrivals of a batch.
func GiveBack(batch []Arrival) {
	for _, a := range batch {
		a.GiveBack()
	}
}

// An Inbox is the bounded queue in front of one node's loop. It is safe for concurrent use.
type Inbox struct {
	ready   chan struct{}    // holds a token if items may be there
	emptied broadcast.Signal // the items were taken, or the inbox was closed

	mu     sync.Mutex
	items  []Arrival
	bytes  int
	closed bool
}

// New returns an empty inbox.
func New() *Inbox { return &Inbox{ready: make(chan struct{}, 1)} }

// Ready returns a channel that has a token if arrivals may wait.
func (b *Inbox) Ready() <-chan struct{} { return b.ready }

// Emptied returns a channel that is closed when the arrivals are taken or the inbox is closed. Call
// Emptied before Offer, so that no change is missed.
func (b *Inbox) Emptied() <-chan struct{} { return b.emptied.Wait() }

// Force adds an input of the node's own host. Such an input must not be lost and takes almost no
// memory. Its callers bound their number: a link reports one change of state for each connection
// made or lost, and a caller that asks for the node's state waits for the answer.
func (b *Inbox) Force(a Arrival) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(a)
}

// Offer adds a if it fits into 1/share of the inbox. A closed inbox discards every arrival. If
// Offer fails, the caller still holds the memory of a.
func (b *Inbox) Offer(a Arrival, share int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full(a.Size, share) {
		return false
	}
	b.add(a)
	return true
}

// full reports whether there is no room. An empty inbox takes an arrival of any size.
func (b *Inbox) full(size, share int) bool {
	n := len(b.items)
	return n > 0 && !b.closed && (n >= MaxInputs/share || b.bytes+size > MaxBytes/share)
}

func (b *Inbox) add(a Arrival) {
	if b.closed {
		a.GiveBack()
		return
	}
	b.items = append(b.items, a)
	b.bytes += a.Size
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// Take exchanges the arrivals that wait for the slice into, which the inbox uses from then on.
func (b *Inbox) Take(into []Arrival) []Arrival {
	b.mu.Lock()
	out := b.items
	b.items, b.bytes = into[:0], 0
	b.mu.Unlock()
	b.emptied.Broadcast()
	return out
}

// Waiting returns a copy of the arrivals that wait, and their bytes.
func (b *Inbox) Waiting() (arrivals []Arrival, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Arrival(nil), b.items...), b.bytes
}

// Close discards the arrivals that wait and all that still come.
func (b *Inbox) Close() {
	b.mu.Lock()
	GiveBack(b.items)
	b.closed, b.items = true, nil
	b.mu.Unlock()
	b.emptied.Broadcast()
}
