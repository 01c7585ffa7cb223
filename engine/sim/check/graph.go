package check

import (
	mathbits "math/bits"
	"slices"

	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
)

// operation is an operation of a client with what the Judge knows of it.
type operation struct {
	*client.Operation
	index   int            // in graph.byKey
	past    bits           // indices of all ancestors
	version vclock.Version // of a put or delete, once a coordinator has stamped it
	read    []uint64       // writes that a get found, without tombstones
	views   []nodeView     // of all nodes, when the operation began; nil once it has ended

	early []ackedUnder // acknowledgements of which the Judge heard before the client was answered

	// Of an acknowledged put or delete:
	copies    int       // least number of nodes that keep the write
	homes     []string  // nodes that acknowledged the write as homes in the ring of ackedIn
	ackedIn   *ringView // of all nodes that acknowledged the write; nil if their views differed or changed
	settledIn *ringView // ackedIn; nil if ackedIn lacks a change that another node had written down
}

// acked reports whether the operation is a put or delete that succeeded.
func (op *operation) acked() bool { return op.Kind != plan.Get && op.Outcome == client.OK }

// stamped reports whether a coordinator has made a version of the write.
func (op *operation) stamped() bool { return op.version.Dot.Counter > 0 }

// graph holds all operations and their causal order. The parents of a write are the writes that its
// client had read when it took the context of the write.
type graph struct {
	ops   map[uint64]*operation
	byKey map[string][]*operation // in the order in which they began
}

func newGraph() graph {
	return graph{ops: map[uint64]*operation{}, byKey: map[string][]*operation{}}
}

// add enters an operation that begins. Its parents have ended, so their ancestors are known.
func (g *graph) add(op *operation) {
	op.index = len(g.byKey[op.Key])
	for id := range op.Parents {
		if p := g.ops[id]; p != nil {
			op.past.union(p.past)
			op.past.add(p.index)
		}
	}
	g.ops[op.ID] = op
	g.byKey[op.Key] = append(g.byKey[op.Key], op)
}

// descends reports whether write b is an ancestor of write a.
func (g *graph) descends(a, b uint64) bool {
	x, y := g.ops[a], g.ops[b]
	return x != nil && y != nil && x.Key == y.Key && x.past.has(y.index)
}

// carries reports whether a write or a descendant of it is among ids.
func (g *graph) carries(ids []uint64, id uint64) bool {
	return slices.ContainsFunc(ids, func(x uint64) bool { return x == id || g.descends(x, id) })
}

// overwritten reports whether a coordinator has stamped a descendant of w.
func (g *graph) overwritten(w *operation) bool {
	return slices.ContainsFunc(g.byKey[w.Key], func(d *operation) bool { return d.stamped() && g.descends(d.ID, w.ID) })
}

// idOf returns the write that made a version, as the client that wrote the version identified it.
func idOf(v vclock.Version) uint64 {
	if v.Deleted {
		return v.Request
	}
	id, _ := client.ValueID(v.Value)
	return id
}

func idsOf(s vclock.Siblings) []uint64 {
	out := make([]uint64, len(s))
	for i, v := range s {
		out[i] = idOf(v)
	}
	return out
}

// bits is a set of small numbers. The nil set is empty.
type bits []uint64

func (b *bits) add(i int) {
	for i/64 >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b *bits) union(o bits) {
	for i, x := range o {
		if i >= len(*b) {
			*b = append(*b, x)
		} else {
			(*b)[i] |= x
		}
	}
}

func (b *bits) has(i int) bool { return b != nil && i/64 < len(*b) && (*b)[i/64]&(1<<(i%64)) != 0 }

func (b *bits) count() int {
	if b == nil {
		return 0
	}
	n := 0
	for _, x := range *b {
		n += mathbits.OnesCount64(x)
	}
	return n
}
