package kernel

import (
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A Bug is a deliberate bug of the surroundings of nodes. A test plants it to show that the judge
// finds it. Deliberate bugs of the engine are in package mutant.
type Bug struct {
	OnMessage func(*World, *wire.Message) (drop bool)
	OnBatch   func([]store.Write) []store.Write
	OnReply   func(wire.ClientReply) wire.ClientReply

	SameIncarnation bool // every incarnation of a node is numbered 1
	NothingDurable  bool // no output of a node waits for the disk
}

func (b *Bug) message(w *World, m *wire.Message) (drop bool) {
	return b != nil && b.OnMessage != nil && b.OnMessage(w, m)
}

func (b *Bug) batch(writes []store.Write) []store.Write {
	if b == nil || b.OnBatch == nil {
		return writes
	}
	return b.OnBatch(writes)
}

func (b *Bug) reply(r wire.ClientReply) wire.ClientReply {
	if b == nil || b.OnReply == nil {
		return r
	}
	return b.OnReply(r)
}

func (b *Bug) incarnation(n uint64) uint64 {
	if b != nil && b.SameIncarnation {
		return 1
	}
	return n
}

// node returns the node that the driver of a host steps.
func (b *Bug) node(n driver.Node) driver.Node {
	if b == nil || !b.NothingDurable {
		return n
	}
	return hastyNode{n}
}

// hastyNode marks no output as durable.
type hastyNode struct{ driver.Node }

func (n hastyNode) Step(now time.Duration, in engine.Input) engine.Output {
	o := n.Node.Step(now, in)
	o.Durable = false
	return o
}
