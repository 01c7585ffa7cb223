package keyrange

import (
	"cmp"
	"maps"
	"slices"

	"ringside/engine/merkle"
	"ringside/engine/ring"
)

// An ID identifies the key range (Start, End] that a Merkle tree covers.
type ID struct {
	Start, End ring.Position
	// Depth is the number of levels of the tree below its root. It follows from the number of
	// ranges, so nodes that know the same ring agree on it.
	Depth int
}

// Of returns the ID of a range of r.
func Of(r *ring.Ring, rg ring.Range) ID {
	return ID{Start: rg.Start, End: rg.End, Depth: merkle.Depth(len(r.Ranges()))}
}

// At returns the ID of the range of r that p falls into. r must have members.
func At(r *ring.Ring, p ring.Position) ID { return Of(r, Range(r, p)) }

// Range returns the range of r that p falls into. r must have members.
func Range(r *ring.Ring, p ring.Position) ring.Range { return r.Ranges()[r.Index(p)] }

// Find returns the range of r that id identifies. It returns false if r is cut differently, or has
// no members.
func (id ID) Find(r *ring.Ring) (ring.Range, bool) {
	if len(r.Members()) == 0 {
		return ring.Range{}, false
	}
	rg := Range(r, id.End)
	return rg, Of(r, rg) == id
}

// HasHomes reports whether r has the range and all nodes are homes of it.
func (id ID) HasHomes(r *ring.Ring, nodes ...string) bool {
	rg, ok := id.Find(r)
	return ok && !slices.ContainsFunc(nodes, func(n string) bool { return !slices.Contains(rg.Homes, n) })
}

// Overlaps reports whether a key can be in both ranges.
func (id ID) Overlaps(o ID) bool { return id.holds(o.End) || o.holds(id.End) }

// holds reports whether p lies in the range.
func (id ID) holds(p ring.Position) bool { return ring.Range{Start: id.Start, End: id.End}.Holds(p) }

// Size returns the part of the key space that the range covers, above 0 and at most 1.
func (id ID) Size() float64 { return ring.Range{Start: id.Start, End: id.End}.Size() }

// Compare orders IDs by End, then by Start.
func (id ID) Compare(o ID) int {
	return cmp.Or(id.End.Compare(o.End), id.Start.Compare(o.Start))
}

// Sorted lists the keys of m in the order of Compare.
func Sorted[V any](m map[ID]V) []ID { return slices.SortedFunc(maps.Keys(m), ID.Compare) }
