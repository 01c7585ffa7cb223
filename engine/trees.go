package engine

// §4.7: "each node maintains a separate Merkle tree for each key range (the set of
// keys covered by a virtual node) it hosts". The trees live in memory: every write of a
// record tells its tree in the same step, and a new node grows them in the scan with
// which it begins, so that no crash can part them from the records.

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"ringside/engine/event"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
)

// forest holds the trees of the ranges that are known; those of a range that
// is asked for the first time are grown from the store. An empty tree takes no memory for hashes.
type forest struct {
	trees  map[plot]*merkle.Tree
	pruned *ring.Ring // for which the trees of ranges that are gone were dropped
}

// A plot is what a tree hangs on. The depth belongs to it because it follows
// from the number of ranges: nodes that agree on their ring agree on it.
type plot struct {
	event.Span
	depth int
}

func newForest() *forest { return &forest{trees: map[plot]*merkle.Tree{}} }

func (n *Node) plotOf(rg ring.Range) plot {
	return plot{event.Span{Start: rg.Start, End: rg.End}, merkle.Depth(len(n.members.ring.Ranges()))}
}

func (n *Node) plotAt(p ring.Position) plot { return n.plotOf(n.rangeAt(p)) }

// rangeAt is the key range that p falls into.
func (n *Node) rangeAt(p ring.Position) ring.Range {
	r := n.members.ring
	return r.Ranges()[r.Index(p)]
}

// rangeOf finds the range again that a message or a round is about. It is gone
// if the ring was cut differently since.
func (n *Node) rangeOf(p plot) (ring.Range, bool) {
	if !n.members.ringKnown() {
		return ring.Range{}, false
	}
	rg := n.rangeAt(p.End)
	return rg, n.plotOf(rg) == p
}

// hosts says whether the range is there, and whether this node is a home of it.
func (n *Node) hosts(p plot) bool {
	rg, ok := n.rangeOf(p)
	return ok && slices.Contains(rg.Homes, n.cfg.Name)
}

// share says whether the range is there, and whether this node and peer are both homes of it.
func (n *Node) share(p plot, peer string) bool {
	rg, ok := n.rangeOf(p)
	return ok && slices.Contains(rg.Homes, n.cfg.Name) && slices.Contains(rg.Homes, peer)
}

// plant makes an empty tree for every range: the scan that follows fills them.
func (n *Node) plant() {
	for _, rg := range n.members.ring.Ranges() {
		n.trees.at(n.plotOf(rg))
	}
}

func (f *forest) at(p plot) *merkle.Tree {
	t := f.trees[p]
	if t == nil {
		t = merkle.New(p.Start, p.End, p.depth)
		f.trees[p] = t
	}
	return t
}

// grow tells the tree of a record's range what became of the record. A range
// without a tree gets one from the store, once it is asked for.
func (n *Node) grow(dbKey []byte, before, after record.Record) {
	p, key := record.ParseDataKey(dbKey)
	if !n.members.ringKnown() {
		return
	}
	if t := n.trees.trees[n.plotAt(p)]; t != nil {
		t.Update(p, stateOf(key, before), stateOf(key, after))
	}
}

func stateOf(key []byte, rec record.Record) merkle.State {
	switch {
	case mutant.Is(mutant.FirstSiblingHashed):
		rec.Siblings = rec.Siblings[:min(len(rec.Siblings), 1)]
	case mutant.Is(mutant.TombstonesUnhashed):
		rec.Siblings = rec.Siblings.Live()
	}
	return merkle.StateOf(key, rec.Siblings, rec.LWW)
}

// tree returns the tree of a range.
func (n *Node) tree(p plot) *merkle.Tree {
	if t := n.trees.trees[p]; t != nil {
		return t
	}
	t := n.trees.at(p)
	n.scanBuckets(t, 0, 1<<p.depth, func(h held) bool {
		t.Update(h.at, merkle.State{}, h.state)
		return true
	})
	return t
}

// regrow grows the tree of the range of p anew, and returns its root before and after.
func (n *Node) regrow(p ring.Position) (before, after uint64) {
	at := n.plotOf(n.rangeAt(p))
	before = n.tree(at).Root()
	delete(n.trees.trees, at)
	return before, n.tree(at).Root()
}

// prune drops the trees of ranges that the ring does not have any more.
func (n *Node) prune() {
	if n.trees.pruned != n.members.ring {
		n.trees.pruned = n.members.ring
		maps.DeleteFunc(n.trees.trees, func(p plot, _ *merkle.Tree) bool {
			_, ok := n.rangeOf(p)
			return !ok
		})
	}
	if n.cfg.Buggify == nil {
		return
	}
	for _, rg := range n.members.ring.Ranges() {
		if n.odd(ForgottenTrees) {
			delete(n.trees.trees, n.plotOf(rg))
		}
	}
}

// roots lists the ranges of which the node holds anything, clockwise.
func (n *Node) roots() []event.TreeRoot {
	var out []event.TreeRoot
	for _, rg := range n.members.ring.Ranges() {
		if t := n.tree(n.plotOf(rg)); t.Root() != 0 {
			out = append(out, event.TreeRoot{Start: rg.Start, End: rg.End, Root: t.Root(), Keys: t.Keys(), Size: t.Size()})
		}
	}
	return out
}

// held is one key of a bucket.
type held struct {
	at    ring.Position
	key   []byte
	rec   record.Record
	state merkle.State
	size  int // of the record as it is stored
}

// scanBuckets calls fn with the keys of neighbouring buckets of the tree, in
// the order of their positions, until it returns false. A damaged record counts as none:
// whoever holds the key whole will mend it. A store that fails is the driver's to notice.
func (n *Node) scanBuckets(t *merkle.Tree, bucket, buckets int, fn func(held) bool) {
	first, last, ok := t.Span(bucket, buckets)
	if !ok {
		return
	}
	n.scanData(first, last, func(k, v []byte) bool {
		p, key := record.ParseDataKey(k)
		rec, err := record.Decode(v)
		return err != nil || len(rec.Siblings) == 0 ||
			fn(held{at: p, key: bytes.Clone(key), rec: rec, state: stateOf(key, rec), size: len(v)})
	})
}

// scanRange calls fn with all records of a range, the damaged ones too.
func (n *Node) scanRange(s event.Span, fn func(k, v []byte)) {
	t := merkle.New(s.Start, s.End, 0)
	if first, last, ok := t.Span(0, 1); ok {
		n.scanData(first, last, func(k, v []byte) bool { fn(k, v); return true })
	}
}

// scanData visits the records from first to last, which may lie beyond zero, clockwise.
func (n *Node) scanData(first, last ring.Position, fn func(k, v []byte) bool) {
	if last.Compare(first) >= 0 {
		_ = n.db.Scan(store.Data, record.DataKeysFrom(first), record.DataKeysAfter(last), fn)
		return
	}
	more := true
	visit := func(k, v []byte) bool {
		more = fn(k, v)
		return more
	}
	_ = n.db.Scan(store.Data, record.DataKeysFrom(first), nil, visit)
	if more && !mutant.Is(mutant.WrapUnscanned) {
		_ = n.db.Scan(store.Data, nil, record.DataKeysAfter(last), visit)
	}
}

// Audit reads the whole store and says where what the node remembers of it is
// wrong. It is for tests and simulators.
func (n *Node) Audit() error {
	if !n.members.ringKnown() {
		return nil // it has forgotten, with a damaged disk, what it holds keys for, and has no trees
	}
	trees := newForest()
	var keys [][]byte
	err := n.db.Scan(store.Data, nil, nil, func(k, v []byte) bool {
		if rec, err := record.Decode(v); err == nil {
			p, key := record.ParseDataKey(k)
			trees.at(n.plotOf(n.rangeAt(p))).Update(p, merkle.State{}, stateOf(key, rec))
			if len(rec.Siblings) > 0 && len(keys) < auditedKeys {
				keys = append(keys, slices.Clone(key))
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	for _, key := range keys {
		if err := n.auditKey(key); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	for i, rg := range n.members.ring.Ranges() {
		have, want := n.tree(n.plotOf(rg)), trees.at(n.plotOf(rg))
		if !have.Equal(want) {
			return fmt.Errorf("audit: %s: the tree with root %x is not the one with %x that its keys make", event.RangeName(i), have.Root(), want.Root())
		}
		if have.Keys() != want.Keys() || have.Size() != want.Size() {
			return fmt.Errorf("audit: %s: %d keys of %d bytes, there are %d of %d", event.RangeName(i), have.Keys(), have.Size(), want.Keys(), want.Size())
		}
	}
	return nil
}

// auditedKeys bounds the keys of which an audit looks whether scans find them.
const auditedKeys = 64

// auditKey says whether key lies in its range, and scans of the range and of its bucket find it.
func (n *Node) auditKey(key []byte) error {
	p := ring.Of(key)
	rg := n.rangeAt(p)
	if !rg.Holds(p) {
		return fmt.Errorf("%s lies outside of its range, from %v to %v", key, rg.Start, rg.End)
	}
	inRange, inBucket := false, false
	n.scanRange(event.Span{Start: rg.Start, End: rg.End}, func(k, _ []byte) {
		_, other := record.ParseDataKey(k)
		inRange = inRange || bytes.Equal(key, other)
	})
	at := n.plotOf(rg)
	t := merkle.New(at.Start, at.End, at.depth)
	n.scanBuckets(t, t.Bucket(p), 1, func(h held) bool {
		inBucket = inBucket || bytes.Equal(key, h.key)
		return true
	})
	if !inRange || !inBucket {
		return fmt.Errorf("a scan of the range of %s finds it: %v; of its bucket: %v", key, inRange, inBucket)
	}
	return nil
}
