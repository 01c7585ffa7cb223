package sim

import (
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A bug is planted by a test, which proves that the checker would see it: a
// check that cannot fail is worth nothing. All runs but those have none.
type bug struct {
	onMessage func(*world, *wire.Message) (drop bool)
	onBatch   func([]store.Write) []store.Write
	onReply   func(wire.ClientReply) wire.ClientReply
	oldLife   bool // every life of a disk takes itself for the first
	hasty     bool // buffers let out what should wait for the disk
}

func (b *bug) message(w *world, m *wire.Message) (drop bool) {
	return b != nil && b.onMessage != nil && b.onMessage(w, m)
}

func (b *bug) batch(writes []store.Write) []store.Write {
	if b == nil || b.onBatch == nil {
		return writes
	}
	return b.onBatch(writes)
}

func (b *bug) reply(r wire.ClientReply) wire.ClientReply {
	if b == nil || b.onReply == nil {
		return r
	}
	return b.onReply(r)
}

// stepped is the node that a host's driver steps.
func (b *bug) stepped(n driver.Node) driver.Node {
	if b == nil || !b.hasty {
		return n
	}
	return hastyNode{n}
}

// A hastyNode has nothing that must wait for the disk.
type hastyNode struct{ driver.Node }

func (n hastyNode) Step(now time.Duration, in engine.Input) engine.Output {
	o := n.Node.Step(now, in)
	o.Durable = false
	return o
}

// incarnation is what a disk's life is told to call itself.
func (b *bug) incarnation(life uint64) uint64 {
	if b != nil && b.oldLife {
		return 1
	}
	return life
}
