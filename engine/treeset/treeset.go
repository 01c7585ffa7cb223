package treeset

import (
	"maps"

	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/ring"
)

// A Set holds trees by range. A tree of a range without keys takes no memory for hashes.
type Set struct {
	trees  map[keyrange.ID]*merkle.Tree
	fill   func(*merkle.Tree)
	pruned *ring.Ring // the ring of the latest Prune
	built  int        // trees that fill found keys for
}

// New returns an empty Set. fill adds to an empty tree what the store holds of its range.
func New(fill func(*merkle.Tree)) *Set {
	return &Set{trees: map[keyrange.ID]*merkle.Tree{}, fill: fill}
}

// Init makes an empty tree for each range of r. The caller then updates them with every record.
func (s *Set) Init(r *ring.Ring) {
	for _, rg := range r.Ranges() {
		s.Empty(keyrange.Of(r, rg))
	}
}

// Empty gives the range an empty tree, because the store holds nothing of the range.
func (s *Set) Empty(id keyrange.ID) *merkle.Tree {
	t := merkle.New(id.Start, id.End, id.Depth)
	s.trees[id] = t
	return t
}

// Update tells the tree of a range of r that the state of the key at p changed. A range that has no
// tree gets one from the store later.
func (s *Set) Update(r *ring.Ring, p ring.Position, before, after merkle.State) {
	if len(r.Members()) == 0 {
		return
	}
	if t := s.trees[keyrange.At(r, p)]; t != nil {
		t.Update(p, before, after)
	}
}

// Tree returns the tree of a range.
func (s *Set) Tree(id keyrange.ID) *merkle.Tree {
	if t := s.trees[id]; t != nil {
		return t
	}
	t := s.Empty(id)
	if s.fill(t); t.Keys() > 0 {
		s.built++
	}
	return t
}

// Rebuild builds the tree of a range from the store, and returns its root before and after that.
func (s *Set) Rebuild(id keyrange.ID) (before, after uint64) {
	before = s.Tree(id).Root()
	s.Forget(id)
	return before, s.Tree(id).Root()
}

// Forget drops the tree of a range. The next call of Tree builds it from the store.
func (s *Set) Forget(id keyrange.ID) { delete(s.trees, id) }

// Prune drops the trees of ranges that r does not have.
func (s *Set) Prune(r *ring.Ring) {
	if s.pruned == r {
		return
	}
	s.pruned = r
	maps.DeleteFunc(s.trees, func(id keyrange.ID, _ *merkle.Tree) bool {
		_, ok := id.Find(r)
		return !ok
	})
}

// Built returns how often a tree was built from records of the store, which takes a scan.
func (s *Set) Built() int { return s.built }

// Len returns the number of trees in memory.
func (s *Set) Len() int { return len(s.trees) }
