package merkle

import (
	"encoding/binary"
	"math/bits"
	"sort"

	"ringside/engine/mutant"
	"ringside/engine/ring"
)

// A wide is a number modulo 2¹²⁸: a position, or the distance between two positions.
type wide struct{ hi, lo uint64 }

func toWide(p ring.Position) wide {
	return wide{binary.BigEndian.Uint64(p[:8]), binary.BigEndian.Uint64(p[8:])}
}

func (w wide) position() (p ring.Position) {
	binary.BigEndian.PutUint64(p[:8], w.hi)
	binary.BigEndian.PutUint64(p[8:], w.lo)
	return p
}

func (w wide) plus(o wide) wide {
	lo, carry := bits.Add64(w.lo, o.lo, 0)
	hi, _ := bits.Add64(w.hi, o.hi, carry)
	return wide{hi, lo}
}

func (w wide) minus(o wide) wide {
	lo, borrow := bits.Sub64(w.lo, o.lo, 0)
	hi, _ := bits.Sub64(w.hi, o.hi, borrow)
	return wide{hi, lo}
}

func (w wide) less(o wide) bool { return w.hi < o.hi || w.hi == o.hi && w.lo < o.lo }

// part returns w·b/2ᵈ, where w = 0 means 2¹²⁸. b must be from 1 to 2ᵈ-1.
func (w wide) part(b uint64, d int) wide {
	if w == (wide{}) {
		return wide{b << (64 - d), 0}
	}
	c0, p0 := bits.Mul64(w.lo, b)
	c1, p1 := bits.Mul64(w.hi, b)
	p1, carry := bits.Add64(p1, c0, 0)
	p2 := c1 + carry
	return wide{p1>>d | p2<<(64-d), p0>>d | p1<<(64-d)}
}

// Bucket returns the number of the bucket of the key at p. p must be in the range.
func (t *Tree) Bucket(p ring.Position) int {
	one := wide{0, 1}
	off := toWide(p).minus(toWide(t.start)).minus(one)
	if mutant.Is(mutant.BucketsShifted) && toWide(p).less(toWide(t.start)) {
		off = toWide(p)
	}
	return sort.Search(1<<t.depth-1, func(b int) bool { return off.less(t.width.part(uint64(b+1), t.depth)) })
}

// Span returns the first and the last position of so many neighbouring buckets. The span wraps
// around zero if last is before first. ok is false if the buckets have no positions, which happens
// in a range with fewer positions than buckets.
func (t *Tree) Span(bucket, buckets int) (first, last ring.Position, ok bool) {
	var from wide
	if bucket > 0 {
		from = t.width.part(uint64(bucket), t.depth)
	}
	to := t.width
	if end := bucket + buckets; end < 1<<t.depth {
		to = t.width.part(uint64(end), t.depth)
	}
	if whole := buckets == 1<<t.depth && t.width == (wide{}); from == to && !whole {
		return first, last, false
	}
	base := toWide(t.start).plus(wide{0, 1})
	if mutant.Is(mutant.WrapCutOff) && base.plus(to).less(base.plus(from)) {
		return base.plus(from).position(), wide{^uint64(0), ^uint64(0)}.position(), true
	}
	return base.plus(from).position(), base.plus(to).minus(wide{0, 1}).position(), true
}
