// Package member holds §4.8.1's membership: "the node that serves the request writes
// the membership change and its time of issue to persistent store. The membership changes
// form a history because nodes can be removed and added back multiple times."
//
// A history only grows. Two nodes reconcile theirs by taking all changes of both, and what
// the members are follows from the changes in the order of their times. So a node that was
// removed does not come back by gossip: whoever remembers it as a member learns that it left,
// never the other way around.
package member

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"ringside/engine/ring"
)

// MaxChanges bounds a history, so that one message holds it; further changes are refused.
const MaxChanges = 4096

// MaxWeight is how many times the capacity of the smallest node a node may have.
const MaxWeight = 100

// A Kind says what a change does.
type Kind uint8

const (
	Join   Kind = iota // the node takes its share of the ring
	Leave              // the node hands over all it has and goes
	Remove             // the node is gone for good; the others do without what it had
	Gone               // the node, which left or was removed, holds nothing any more and takes nothing until it joins again
)

// String is the kind as people and JSON have it.
func (k Kind) String() string { return [...]string{"join", "leave", "remove", "gone"}[k] }

// ParseKind reads what String wrote.
func ParseKind(s string) (Kind, error) {
	for k := Join; k.Valid(); k++ {
		if k.String() == s {
			return k, nil
		}
	}
	return Join, fmt.Errorf("member: no change %q", s)
}

// MarshalText makes kinds strings in JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(b []byte) (err error) {
	*k, err = ParseKind(string(b))
	return err
}

// Valid says whether k is a known kind; decoders check it.
func (k Kind) Valid() bool { return k <= Gone }

// A Change is one explicit act of an administrator (§4.8.1), or the last word of a node that went.
type Change struct {
	Time   int64  `json:"time,string"` // ns since 1970 by the clock of By; later than that of every change By knew of
	By     string `json:"by"`
	Node   string `json:"node"`
	Kind   Kind   `json:"kind"`
	Weight int    `json:"weight,omitempty"` // Join: capacity relative to other nodes (§4.2)
	Zone   string `json:"zone,omitempty"`   // Join: data centre (§4.6)
}

// A Request is what an administrator asks of a cluster.
type Request struct {
	Kind   Kind   `json:"kind"`
	Node   string `json:"node,omitempty"` // Join: "" for the next free name
	Via    string `json:"via,omitempty"`  // the node that writes it down; "" for one that is there
	Weight int    `json:"weight,omitempty"`
	Zone   string `json:"zone,omitempty"`
}

// Before says whether c stands before o in a history.
func (c Change) Before(o Change) bool { return c.Compare(o) < 0 }

// Compare orders changes by time, then by what they say.
func (c Change) Compare(o Change) int {
	return cmp.Or(cmp.Compare(c.Time, o.Time), cmp.Compare(c.Node, o.Node), cmp.Compare(c.By, o.By),
		cmp.Compare(c.Kind, o.Kind), cmp.Compare(c.Weight, o.Weight), cmp.Compare(c.Zone, o.Zone))
}

// Founders is the history of a cluster that was born with members: each of them joined
// by itself, one nanosecond after the other, before all other changes.
func Founders(members []ring.Member) History {
	h := make(History, len(members))
	for i, m := range members {
		h[i] = Change{Time: int64(i + 1), By: m.Name, Node: m.Name, Weight: m.Weight, Zone: m.Zone}
	}
	slices.SortFunc(h, Change.Compare)
	return h
}

// A History is a set of changes, sorted. It is immutable.
type History []Change

// Merge returns the changes of both. It is commutative, associative and idempotent.
func (h History) Merge(o History) History {
	if h.Covers(o) {
		return h
	}
	out := slices.Concat(h, o)
	slices.SortFunc(out, Change.Compare)
	return slices.Compact(out)
}

// Covers says whether h has every change of o.
func (h History) Covers(o History) bool {
	return !slices.ContainsFunc(o, func(c Change) bool { return !h.Has(c) })
}

// Has says whether c is one of the changes.
func (h History) Has(c Change) bool {
	_, ok := slices.BinarySearchFunc(h, c, Change.Compare)
	return ok
}

// Without returns the changes of h that o does not have.
func (h History) Without(o History) History {
	return slices.DeleteFunc(slices.Clone(h), o.Has)
}

// With returns h with the next change: what comes at now, or later than all that is known.
func (h History) With(now int64, c Change) (History, Change) {
	c.Time = now
	if len(h) > 0 {
		c.Time = max(now, h[len(h)-1].Time+1)
	}
	return append(slices.Clone(h), c), c
}

// Last returns the latest change of node.
func (h History) Last(node string) (Change, bool) {
	for _, c := range slices.Backward(h) {
		if c.Node == node {
			return c, true
		}
	}
	return Change{}, false
}

// Latest returns the latest change of each node.
func (h History) Latest() map[string]Change {
	out := make(map[string]Change)
	for _, c := range h {
		out[c.Node] = c
	}
	return out
}

// Departure is the last word of a node that went, ok is false if it was said. It stands right after the
// change that it answers, whatever the clocks say, so that any later change of the node undoes it.
func (h History) Departure(node string) (c Change, ok bool) {
	last, ok := h.Last(node)
	if !ok || last.Kind == Gone {
		return Change{}, false
	}
	return Change{Time: last.Time + 1, By: node, Node: node, Kind: Gone}, true
}

// Digest stands for all the changes; equal histories have equal ones. It is never 0.
func (h History) Digest() uint64 {
	sum := fnv.New64a()
	var num [8]byte
	write := func(s string) {
		binary.BigEndian.PutUint64(num[:], uint64(len(s)))
		_, _ = sum.Write(num[:])
		_, _ = sum.Write([]byte(s))
	}
	for _, c := range h {
		for _, x := range []uint64{uint64(c.Time), uint64(c.Kind), uint64(c.Weight)} {
			binary.BigEndian.PutUint64(num[:], x)
			_, _ = sum.Write(num[:])
		}
		write(c.By)
		write(c.Node)
		write(c.Zone)
	}
	return max(sum.Sum64(), 1)
}

// Ring is what the history makes of the ring; it may have no members.
func (h History) Ring(cfg ring.Config) *ring.Ring { return ring.Replay(cfg, h.steps()) }

func (h History) steps() []ring.Step {
	steps := make([]ring.Step, 0, len(h))
	for _, c := range h {
		if c.Kind != Gone { // it says what became of a change
			steps = append(steps, ring.Step{Member: ring.Member{Name: c.Node, Weight: max(c.Weight, 1), Zone: c.Zone}, Leave: c.Kind != Join})
		}
	}
	return steps
}

// Rings remembers the rings of histories, by digest: a large ring takes a while to build, and
// nodes of one process may share what they know. It is for one goroutine.
type Rings struct {
	cfg   ring.Config
	known map[uint64]*ring.Ring
	last  History // of the ring that was built last, which most others go on from
}

// NewRings returns an empty memory of rings made with cfg.
func NewRings(cfg ring.Config) *Rings { return &Rings{cfg: cfg, known: map[uint64]*ring.Ring{}} }

// maxRings bounds what is remembered: nodes differ by a few changes at most.
const maxRings = 16

// Of returns the ring of h.
func (r *Rings) Of(h History) *ring.Ring {
	d := h.Digest()
	if r.known[d] == nil {
		built := r.build(h)
		if len(r.known) >= maxRings {
			clear(r.known)
		}
		r.known[d], r.last = built, h
	}
	return r.known[d]
}

// build goes on from the ring that was built last, if h does.
func (r *Rings) build(h History) *ring.Ring {
	k := len(r.last)
	if k > 0 && k <= len(h) && slices.Equal(h[:k], r.last) {
		if before := r.known[r.last.Digest()]; before != nil {
			return before.Go(h[k:].steps())
		}
	}
	return h.Ring(r.cfg)
}
