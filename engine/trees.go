package engine

// §4.7: "each node maintains a separate Merkle tree for each key range (the set of keys covered by
// a virtual node) it hosts". Package treeset keeps the trees; here they follow the node's records.

import (
	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/treeset"
)

// trees holds the Merkle trees of the node's records.
type trees struct {
	*treeset.Set
	n *Node
}

// newTrees returns trees that are built from the store when they are asked for.
func newTrees(n *Node) *trees {
	return &trees{n: n, Set: treeset.New(func(t *merkle.Tree) {
		scanBuckets(n.db, t, 0, 1<<t.Depth(), func(s scanned) bool {
			t.Update(s.at, merkle.State{}, s.state)
			return true
		})
	})}
}

// update tells the tree of a record's range that the record changed. dataKey is the record's key in
// the store.
func (t *trees) update(dataKey []byte, before, after record.Record) {
	p, key := record.ParseDataKey(dataKey)
	t.Update(t.n.members.ring, p, stateOf(key, before), stateOf(key, after))
}

// rebuildAt builds the tree of the range that p falls into from the store, and returns its root
// before and after that.
func (t *trees) rebuildAt(p ring.Position) (before, after uint64) {
	return t.Rebuild(keyrange.At(t.n.members.ring, p))
}

// prune drops the trees of ranges that the ring no longer has.
func (t *trees) prune() {
	r := t.n.members.ring
	t.Prune(r)
	if t.n.cfg.Buggify == nil {
		return
	}
	for _, rg := range r.Ranges() {
		if t.n.buggify(ForgottenTrees) {
			t.Forget(keyrange.Of(r, rg))
		}
	}
}

// of returns the tree of a range of the ring as the node knows it.
func (t *trees) of(rg ring.Range) *merkle.Tree {
	return t.Tree(keyrange.Of(t.n.members.ring, rg))
}

// roots lists the ranges of which the node holds a record, clockwise.
func (t *trees) roots() []event.TreeRoot {
	var out []event.TreeRoot
	for _, rg := range t.n.members.ring.Ranges() {
		if t := t.of(rg); t.Root() != 0 {
			out = append(out, event.TreeRoot{Start: rg.Start, End: rg.End, Root: t.Root(), Keys: t.Keys(), Size: t.Size()})
		}
	}
	return out
}

// stateOf returns what a tree holds of a key with this record.
func stateOf(key []byte, rec record.Record) merkle.State {
	switch {
	case mutant.Is(mutant.FirstSiblingHashed):
		rec.Siblings = rec.Siblings[:min(len(rec.Siblings), 1)]
	case mutant.Is(mutant.TombstonesUnhashed):
		rec.Siblings = rec.Siblings.Live()
	}
	return merkle.StateOf(key, rec.Siblings, rec.LWW)
}

// spanOf returns the range as events name it.
func spanOf(id keyrange.ID) *event.Span { return &event.Span{Start: id.Start, End: id.End} }
