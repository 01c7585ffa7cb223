package member

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"ringside/engine/ring"
)

// MaxChanges bounds a history, so that it fits into one message. Nodes refuse further changes.
const MaxChanges = 4096

// MaxWeight bounds the weight of a node: its capacity relative to the smallest node.
const MaxWeight = 100

// A Kind is the kind of a change.
type Kind uint8

const (
	Join   Kind = iota // the node takes its share of the ring
	Leave              // the node hands over all that it holds, and leaves
	Remove             // the node is lost; the others do without what it held
	Gone               // the node left or was removed, holds nothing, and takes nothing until it joins again
)

// String returns the name of the kind, for people and JSON.
func (k Kind) String() string { return [...]string{"join", "leave", "remove", "gone"}[k] }

// ParseKind returns the kind with the name s.
func ParseKind(s string) (Kind, error) {
	for k := Join; k.Valid(); k++ {
		if k.String() == s {
			return k, nil
		}
	}
	return Join, fmt.Errorf("invalid kind of change %q: want join, leave, remove or gone", s)
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) (err error) {
	*k, err = ParseKind(string(b))
	return err
}

// Valid reports whether k is a known kind. Decoders check it.
func (k Kind) Valid() bool { return k <= Gone }

// A Change is one command of an administrator (§4.8.1), or the announcement of a node that it is
// gone.
type Change struct {
	Time   int64  `json:"time,string"` // ns since 1970, above 0; later than all changes that By knew
	By     string `json:"by"`          // the node that wrote the change
	Node   string `json:"node"`
	Kind   Kind   `json:"kind"`
	Weight int    `json:"weight,omitempty"` // Join: capacity relative to other nodes (§4.2), 1 to MaxWeight
	Zone   string `json:"zone,omitempty"`   // Join: data centre (§4.6)
}

// A Request is a change that an administrator asks a cluster to make.
type Request struct {
	Kind   Kind   `json:"kind"`
	Node   string `json:"node,omitempty"` // Join: "" means the next free name
	Via    string `json:"via,omitempty"`  // the node that writes the change; "" means any
	Weight int    `json:"weight,omitempty"`
	Zone   string `json:"zone,omitempty"`
}

// Before reports whether c comes before o in a history.
func (c Change) Before(o Change) bool { return c.Compare(o) < 0 }

// Compare orders changes by time, and then by their other fields.
func (c Change) Compare(o Change) int {
	return cmp.Or(cmp.Compare(c.Time, o.Time), cmp.Compare(c.Node, o.Node), cmp.Compare(c.By, o.By),
		cmp.Compare(c.Kind, o.Kind), cmp.Compare(c.Weight, o.Weight), cmp.Compare(c.Zone, o.Zone))
}

// Founders returns the history of a new cluster with members: each wrote its own join, at 1 ns, 2
// ns and so on, before all other changes.
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

// Covers reports whether h has all changes of o.
func (h History) Covers(o History) bool {
	return !slices.ContainsFunc(o, func(c Change) bool { return !h.Has(c) })
}

// Has reports whether c is one of the changes.
func (h History) Has(c Change) bool {
	_, ok := slices.BinarySearchFunc(h, c, Change.Compare)
	return ok
}

// Without returns the changes of h that o does not have.
func (h History) Without(o History) History {
	return slices.DeleteFunc(slices.Clone(h), o.Has)
}

// With returns h with one more change, and that change. Its time is now, or just after all changes
// of h if they are later.
func (h History) With(now int64, c Change) (History, Change) {
	c.Time = now
	if len(h) > 0 {
		c.Time = max(now, h[len(h)-1].Time+1)
	}
	return append(slices.Clone(h), c), c
}

// Last returns the latest change of node, false if there is none.
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

// Departure returns the change by which node announces that it is gone. ok is false if node has no
// change, or has announced that already. The time is 1 ns after the latest change of node, whatever
// the clocks say, so that any later change of node comes after the announcement.
func (h History) Departure(node string) (c Change, ok bool) {
	last, ok := h.Last(node)
	if !ok || last.Kind == Gone {
		return Change{}, false
	}
	return Change{Time: last.Time + 1, By: node, Node: node, Kind: Gone}, true
}

// Digest returns a hash of all changes. Equal histories have equal digests. A digest is never 0.
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

// Ring returns the ring that follows from the history. It may have no members.
func (h History) Ring(cfg ring.Config) *ring.Ring { return ring.Replay(cfg, h.steps()) }

// steps returns the steps of the ring that the history means.
func (h History) steps() []ring.Step {
	steps := make([]ring.Step, 0, len(h))
	for _, c := range h {
		if c.Kind != Gone { // Gone changes no ring
			m := ring.Member{Name: c.Node, Weight: max(c.Weight, 1), Zone: c.Zone}
			steps = append(steps, ring.Step{Member: m, Leave: c.Kind != Join})
		}
	}
	return steps
}

// Rings remembers the rings of a few histories, because a large ring takes long to build. Nodes
// that run in one goroutine may share one.
type Rings struct {
	cfg   ring.Config
	known map[uint64]*ring.Ring
	last  History // the history of the ring that was built last; most others continue it
}

// NewRings returns an empty Rings for rings with the configuration cfg.
func NewRings(cfg ring.Config) *Rings { return &Rings{cfg: cfg, known: map[uint64]*ring.Ring{}} }

// maxRings bounds the rings that Rings remembers. The histories of nodes differ by a few changes.
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

// build builds the ring of h. It starts from the ring that was built last if h continues its
// history.
func (r *Rings) build(h History) *ring.Ring {
	k := len(r.last)
	if k > 0 && k <= len(h) && slices.Equal(h[:k], r.last) {
		if before := r.known[r.last.Digest()]; before != nil {
			return before.Go(h[k:].steps())
		}
	}
	return h.Ring(r.cfg)
}
