package sim

// The checker's own causal graph: a write's parents are the writes that its client had read when
// it took the context. What the store's clocks say is no evidence.

import (
	mathbits "math/bits"
	"slices"

	"ringside/engine/vclock"
)

// bits is a set of small numbers.
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

// begin enters an operation into the graph. Its parents ended before, so their
// ancestors are known.
func (c *checker) begin(op *operation) {
	op.place = len(c.byKey[op.Key])
	for id := range op.parents {
		if p := c.ops[id]; p != nil {
			op.past.union(p.past)
			op.past.add(p.place)
		}
	}
	c.ops[op.ID] = op
	c.byKey[op.Key] = append(c.byKey[op.Key], op)
}

// descends says whether write a has write b among its ancestors.
func (c *checker) descends(a, b uint64) bool {
	x, y := c.ops[a], c.ops[b]
	return x != nil && y != nil && x.Key == y.Key && x.past.has(y.place)
}

func (c *checker) carries(ids []uint64, id uint64) bool {
	return slices.ContainsFunc(ids, func(x uint64) bool { return x == id || c.descends(x, id) })
}

// idOf tells which write made a version, by what the client put there.
func idOf(v vclock.Version) uint64 {
	if v.Deleted {
		return v.Request
	}
	id, _ := valueID(v.Value)
	return id
}

func idsOf(s vclock.Siblings) []uint64 {
	out := make([]uint64, len(s))
	for i, v := range s {
		out[i] = idOf(v)
	}
	return out
}
