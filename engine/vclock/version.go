package vclock

import (
	"cmp"
	"slices"
	"strings"

	"ringside/engine/mutant"
)

// A Version is one immutable version of an object (§4.4).
type Version struct {
	Dot     Dot
	Past    Clock  // the put's context, and what its coordinator knew to be superseded; never covers Dot
	Value   []byte // must not be changed; nil if Deleted
	Deleted bool   // the version is a tombstone: a delete made it
	Time    int64  // coordinator's wall clock at the put, ns since 1970; decides last write wins
	Request uint64 // id of the client's request; only people and checkers read it
	Meta    []byte // what the application stores beside the value; must not be changed; nil if Deleted
	Literal bool   // the clock is a plain vector clock (see supersedes)
}

// Clock returns the vector clock of the paper: past and dot.
func (v Version) Clock() Clock {
	e := v.Dot.Entry()
	e.Time = v.Time
	return v.Past.with(e)
}

// supersedes reports whether w replaces v. The past of a dotted version decides that. Plain vector
// clocks can only be compared as a whole, as in the paper: "if the counters on the first object's
// clock are less-than-or-equal to all of the nodes in the second clock, then the first is an
// ancestor of the second and can be forgotten".
func (w Version) supersedes(v Version) bool {
	if !w.Literal {
		return w.Past.Covers(v.Dot)
	}
	a, b := w.Clock(), v.Clock()
	return a.Descends(b) && !b.Descends(a)
}

// Notation returns the clock in the notation of the paper (see Clock.String).
func (v Version) Notation() string { return v.Clock().String() }

// Siblings are the versions of one key that no other version supersedes, sorted by dot. They are
// immutable.
type Siblings []Version

// Context returns the clock that covers every sibling (§4.4: "the context").
func (s Siblings) Context() Clock {
	var c Clock
	for _, v := range s {
		c = c.Merge(v.Clock())
	}
	return c
}

// Superseded returns the clock that covers all events that s knows of, without the dots of the
// siblings: the events whose versions are superseded.
func (s Siblings) Superseded() Clock {
	c := s.Context()
	for _, v := range s {
		c = c.Without(v.Dot)
	}
	return c
}

// Merge returns the versions of both sets that no other one supersedes: syntactic reconciliation
// (§4.4). It is commutative, associative and idempotent.
func (s Siblings) Merge(o Siblings) Siblings {
	if len(o) == 0 || s.Equal(o) {
		return s
	}
	if len(s) == 0 {
		return o
	}
	keptS, keptO := 0, 0
	for _, v := range s {
		if !s.supersedes(v) && !o.supersedes(v) {
			keptS++
		}
	}
	for _, v := range o {
		if !s.Has(v.Dot) && !s.supersedes(v) && !o.supersedes(v) {
			keptO++
		}
	}
	switch {
	case keptO == 0 && keptS == len(s):
		return s
	case keptS == 0 && keptO == len(o):
		return o
	}
	out := make(Siblings, 0, keptS+keptO)
	for _, v := range s {
		if !s.supersedes(v) && !o.supersedes(v) {
			out = append(out, v)
		}
	}
	for _, v := range o {
		if !s.Has(v.Dot) && !s.supersedes(v) && !o.supersedes(v) {
			out = append(out, v)
		}
	}
	out.sort()
	return out
}

// supersedes reports whether one of the siblings replaces v.
func (s Siblings) supersedes(v Version) bool {
	for i := range s {
		if s[i].supersedes(v) {
			return true
		}
	}
	return false
}

// Put returns the siblings after the put of v: s and v, without the versions that v supersedes.
func (s Siblings) Put(v Version) Siblings { return s.Merge(Siblings{v}) }

// Latest returns the one version of both sets that last write wins keeps: that with the greatest
// time, and among equal times the greatest dot. Clocks do not matter, so the order of merging does
// not either.
func (s Siblings) Latest(o Siblings) Siblings {
	all := slices.Concat(s, o)
	if len(all) == 0 {
		return nil
	}
	return Siblings{slices.MaxFunc(all, func(a, b Version) int {
		if mutant.Is(mutant.TieUndecided) {
			return cmp.Compare(a.Time, b.Time)
		}
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Dot.Compare(b.Dot))
	})}
}

// Live returns the siblings that are not tombstones.
func (s Siblings) Live() Siblings {
	if !slices.ContainsFunc(s, func(v Version) bool { return v.Deleted }) {
		return s
	}
	return slices.DeleteFunc(slices.Clone(s), func(v Version) bool { return v.Deleted })
}

// Has reports whether the version with dot d is among the siblings.
func (s Siblings) Has(d Dot) bool {
	return slices.ContainsFunc(s, func(v Version) bool { return v.Dot == d })
}

// Descends reports whether merging o into s would not change s.
func (s Siblings) Descends(o Siblings) bool { return s.Merge(o).Equal(s) }

// Equal reports whether s and o have the same versions. It compares dots only, because versions are
// immutable.
func (s Siblings) Equal(o Siblings) bool {
	return slices.EqualFunc(s, o, func(a, b Version) bool { return a.Dot == b.Dot })
}

// Size returns the number of bytes of all values.
func (s Siblings) Size() int {
	n := 0
	for _, v := range s {
		n += len(v.Value) + len(v.Meta)
	}
	return n
}

// String returns the clocks of all siblings, with the sign for concurrent between them.
func (s Siblings) String() string {
	parts := make([]string, len(s))
	for i, v := range s {
		parts[i] = v.Notation()
	}
	return strings.Join(parts, " ‖ ")
}

func (s Siblings) sort() {
	slices.SortFunc(s, func(a, b Version) int { return a.Dot.Compare(b.Dot) })
}
