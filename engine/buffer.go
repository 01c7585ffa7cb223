package engine

// §6.1 Balancing Performance and Durability: "each storage node maintains an object buffer in its
// main memory. Each write operation is stored in the buffer and gets periodically written to
// storage by a writer thread", and "the coordinator chooses one out of the N replicas to perform a
// durable write", for which it does not wait in particular.
//
// The driver keeps the buffer (store.Buffer). The node says which writes may stay in the buffer for
// a while: those of a client's put, at all its replicas but one. Everything that other nodes rely
// on must be durable before they are told: a hint that its home holds, a replica that anti-entropy
// brought, a node's incarnation. An Output with such a write waits for all earlier writes as well,
// because it may rest on one that is still in the buffer. For example, a home may refuse a hint
// because it has heard of a descendant.
//
// A crash loses the end of the sequence of a node's writes, and with it the latest counters. So
// every run of a node with a buffer has an incarnation of its own.

import (
	"bytes"
	"slices"

	"ringside/engine/quorum"
	"ringside/engine/record"
	"ringside/engine/store"
)

// withDurability runs keep, which keeps a replica. If lazy, the writes of keep may stay in the
// object buffer. Otherwise this step must be durable even if keep writes nothing, because the
// replica that keep finds may be in the buffer.
func (n *Node) withDurability(lazy bool, keep func()) {
	if !lazy || !n.cfg.Buffered {
		n.requireDurable()
		keep()
		return
	}
	n.lazy = true
	keep()
	n.lazy = false
}

// requireDurable makes everything that the node wrote so far durable before an output of this step
// leaves the node.
func (n *Node) requireDurable() { n.out.Durable = true }

// chooseDurable picks the node that has to write durably, among the nodes that get a replica of the
// put. The choice is random, so that the work is spread over the disks. Homes come before
// fallbacks. The coordinator is picked only if it is alone, because all messages of its step would
// wait.
func (p *put) chooseDurable(assigned []quorum.Assignment) {
	n := p.n
	if !n.cfg.Buffered {
		return
	}
	var homes, others []string
	for _, a := range assigned {
		switch {
		case a.Node == n.cfg.Name:
		case a.Home == a.Node:
			homes = append(homes, a.Node)
		default:
			others = append(others, a.Node)
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

// isLazy reports whether the replica at node may stay in that node's buffer for a while.
func (p *put) isLazy(node string) bool { return p.n.cfg.Buffered && node != p.durable }

// KeysOf lists the clients' keys that writes are about, sorted. A driver uses it to find out which
// keys a crash took with the buffer.
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
