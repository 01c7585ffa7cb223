package engine

// §6.1 Balancing Performance and Durability: "each storage node maintains an object buffer
// in its main memory. Each write operation is stored in the buffer and gets periodically
// written to storage by a writer thread", and "the coordinator chooses one out of the N
// replicas to perform a durable write", for which it does not wait in particular.
//
// The buffer itself is the driver's (store.Buffer). Here is which writes may stay in it for
// a while: those of a client's put, at all its replicas but one. Whatever another node builds
// upon stays durable before it is told: a hint that came home, a replica that
// anti-entropy brought, a node's incarnation. Such an Output waits for all that was written
// before it, too, since what it tells may rest on a write that is in the buffer: a
// home may refuse a hint because it has heard of a descendant.
//
// A crash loses the end of the order of a node's writes, the counters of its dots among
// them. So every life of a node with a buffer counts in an incarnation of its own.

import (
	"bytes"
	"slices"

	"ringside/engine/record"
	"ringside/engine/store"
)

// keepAs runs do, which keeps a replica: its writes may wait in the object buffer if lazy,
// or else this step is durable, also where do changes nothing: what makes it so
// may be in the buffer.
func (n *Node) keepAs(lazy bool, do func()) {
	if !lazy || !n.cfg.Buffered {
		n.durably()
		do()
		return
	}
	n.lazy = true
	do()
	n.lazy = false
}

// durably makes all that the node wrote so far durable before anything of this step leaves.
func (n *Node) durably() { n.out.Durable = true }

// chooseDurable picks the node that is to write durably among those that a put goes to: by
// chance, so that no disk has to do it for all, homes before stand-ins. The
// coordinator itself does only if it is alone: all that it sends would wait.
func (p *put) chooseDurable(assigned []assignment) {
	n := p.n
	if !n.cfg.Buffered {
		return
	}
	var homes, others []string
	for _, a := range assigned {
		switch {
		case a.node == n.cfg.Name:
		case a.home == a.node:
			homes = append(homes, a.node)
		default:
			others = append(others, a.node)
		}
	}
	if len(homes) == 0 {
		homes = others
	}
	if len(homes) == 0 {
		p.durable = n.cfg.Name
		return
	}
	p.durable = homes[n.rng.IntN(len(homes))]
}

// isLazy says whether the replica at node may stay in its buffer for a while.
func (p *put) isLazy(node string) bool { return p.n.cfg.Buffered && node != p.durable }

// KeysOf lists the clients' keys that writes are about, sorted: what a crash took with
// the buffer, for a driver that wants to know what is left of them.
func KeysOf(writes []store.Write) [][]byte {
	var out [][]byte
	for _, w := range writes {
		switch w.Space {
		case store.Data:
			_, key := record.ParseDataKey(w.Key)
			out = append(out, key)
		case store.Hints:
			if _, key, ok := record.ParseHintKey(w.Key); ok {
				out = append(out, key)
			}
		}
	}
	slices.SortFunc(out, bytes.Compare)
	return slices.CompactFunc(out, bytes.Equal)
}
