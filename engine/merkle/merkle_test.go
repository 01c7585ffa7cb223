package merkle

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/ring"
	"ringside/engine/vclock"
)

var genPosition = rapid.Custom(func(t *rapid.T) (p ring.Position) {
	for i := range p {
		p[i] = rapid.Byte().Draw(t, "byte")
	}
	return p
})

// genTree draws the trees of wide ranges, of narrow ranges and of the whole ring.
var genTree = rapid.Custom(func(t *rapid.T) *Tree {
	start, end := genPosition.Draw(t, "start"), genPosition.Draw(t, "end")
	switch rapid.IntRange(0, 3).Draw(t, "shape") {
	case 0:
		end = start
	case 1:
		end = toWide(start).plus(wide{0, uint64(rapid.IntRange(1, 300).Draw(t, "width"))}).position()
	}
	return New(start, end, rapid.IntRange(minDepth, 9).Draw(t, "depth"))
})

func siblings(counters ...uint64) vclock.Siblings {
	var s vclock.Siblings
	for _, c := range counters {
		s = append(s, vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: c}})
	}
	return s
}

// inside draws a position in the range of the tree.
func inside(rt *rapid.T, t *Tree) ring.Position {
	off := toWide(genPosition.Draw(rt, "at"))
	if t.width != (wide{}) && !off.less(t.width) {
		off = wide{0, off.lo % max(t.width.lo, 1)}
		if t.width.hi > 0 {
			off.hi = toWide(genPosition.Draw(rt, "hi")).hi % t.width.hi
		}
	}
	return toWide(t.start).plus(wide{0, 1}).plus(off).position()
}

type content map[ring.Position]uint64 // position → counter

func (c content) state(p ring.Position) State {
	if c[p] == 0 {
		return State{}
	}
	return StateOf(p[:], siblings(c[p]), false)
}

func (c content) fill(t *Tree) *Tree {
	out := &Tree{start: t.start, width: t.width, depth: t.depth}
	for _, p := range slices.SortedFunc(maps.Keys(c), ring.Position.Compare) {
		out.Update(p, State{}, c.state(p))
	}
	return out
}

// P10: a tree that got each write through Update equals the tree of the keys that are left.
func TestIncrementalIsRebuilt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tree := genTree.Draw(rt, "tree")
		places := make([]ring.Position, rapid.IntRange(1, 8).Draw(rt, "places"))
		for i := range places {
			places[i] = inside(rt, tree)
		}
		now := content{}
		for range rapid.IntRange(0, 40).Draw(rt, "writes") {
			p := rapid.SampledFrom(places).Draw(rt, "place")
			before := now.state(p)
			if now[p] = uint64(rapid.IntRange(0, 3).Draw(rt, "counter")); now[p] == 0 {
				delete(now, p)
			}
			tree.Update(p, before, now.state(p))
		}
		again := now.fill(tree)
		if !tree.Equal(again) {
			rt.Fatalf("the incremental tree is %x, the rebuilt one %x", tree.nodes, again.nodes)
		}
		if tree.Keys() != len(now) || tree.Size() != again.Size() {
			rt.Fatalf("the tree counts %d keys of %d bytes, there are %d of %d", tree.Keys(), tree.Size(), len(now), again.Size())
		}
	})
}

// P10: the roots of two trees are equal if and only if the trees have the same keys in the same
// states.
func TestRootsTellContents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tree := genTree.Draw(rt, "tree")
		a := content{}
		for range rapid.IntRange(0, 10).Draw(rt, "keys") {
			a[inside(rt, tree)] = uint64(rapid.IntRange(1, 3).Draw(rt, "counter"))
		}
		b := maps.Clone(a)
		for range rapid.IntRange(0, 2).Draw(rt, "changes") {
			p := inside(rt, tree)
			if len(a) > 0 && rapid.Bool().Draw(rt, "known") {
				p = rapid.SampledFrom(slices.SortedFunc(maps.Keys(a), ring.Position.Compare)).Draw(rt, "which")
			}
			if b[p] = uint64(rapid.IntRange(0, 3).Draw(rt, "to")); b[p] == 0 {
				delete(b, p)
			}
		}
		if same := a.fill(tree).Root() == b.fill(tree).Root(); same != maps.Equal(a, b) {
			rt.Fatalf("equal roots: %v, of %v and %v", same, a, b)
		}
		if len(a) == 0 && a.fill(tree).Root() != 0 {
			rt.Fatal("the root of nothing is not 0")
		}
	})
}

// The spans of the buckets cover the range without overlap, and each position is in the span of its
// bucket.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tree := genTree.Draw(rt, "tree")
		next := toWide(tree.start).plus(wide{0, 1})
		for b := range 1 << tree.depth {
			first, last, ok := tree.Span(b, 1)
			if !ok {
				continue
			}
			if toWide(first) != next {
				rt.Fatalf("bucket %d begins at %v, not at %v", b, first, next.position())
			}
			if tree.Bucket(first) != b || tree.Bucket(last) != b {
				rt.Fatalf("bucket %d spans %v to %v, which fall into %d and %d", b, first, last, tree.Bucket(first), tree.Bucket(last))
			}
			next = toWide(last).plus(wide{0, 1})
		}
		if end := toWide(tree.start).plus(tree.width).plus(wide{0, 1}); next != end {
			rt.Fatalf("the buckets end before %v, the range before %v", next.position(), end.position())
		}
		k := rapid.IntRange(0, 1<<tree.depth-1).Draw(rt, "bucket")
		m := rapid.IntRange(1, 1<<tree.depth-k).Draw(rt, "buckets")
		first, last, ok := tree.Span(k, m)
		p := inside(rt, tree)
		b := tree.Bucket(p)
		in := ok && !toWide(last).minus(toWide(first)).less(toWide(p).minus(toWide(first)))
		if in != (k <= b && b < k+m) {
			rt.Fatalf("%v of bucket %d is in the span of %d from %d: %v", p, b, m, k, in)
		}
	})
}

// The hashes of a level determine the hashes of all levels above.
func TestFold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tree := genTree.Draw(rt, "tree")
		for i := range rapid.IntRange(0, 20).Draw(rt, "keys") {
			tree.Update(inside(rt, tree), State{}, StateOf(fmt.Append(nil, i), siblings(1), false))
		}
		up := rapid.IntRange(1, tree.depth).Draw(rt, "levels")
		level := tree.depth - up
		i := rapid.IntRange(0, 1<<level-1).Draw(rt, "node")
		h := tree.Below(nil, level, i, up)
		for range up {
			h = Fold(h)
		}
		if h[0] != tree.Hash(level, i) {
			rt.Fatalf("%x folded, %x in the tree", h[0], tree.Hash(level, i))
		}
	})
}

// States differ if their keys, their dots or their modes of reconciliation do.
func TestStates(t *testing.T) {
	seen := map[uint64]string{}
	tomb := siblings(2)
	tomb[0].Deleted = true
	for name, s := range map[string]State{
		"nothing":       StateOf([]byte("cart"), nil, false),
		"one":           StateOf([]byte("cart"), siblings(1), false),
		"its successor": StateOf([]byte("cart"), tomb, false),
		"two":           StateOf([]byte("cart"), siblings(1, 2), false),
		"lww":           StateOf([]byte("cart"), siblings(1), true),
		"another key":   StateOf([]byte("cart2"), siblings(1), false),
	} {
		if other, ok := seen[s.Hash]; ok {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[s.Hash] = name
	}
	if (StateOf([]byte("cart"), nil, true) != State{}) {
		t.Error("the state of no versions is not the zero State")
	}
}

func TestDepth(t *testing.T) {
	for ranges, want := range map[int]int{0: 16, 1: 16, 2: 15, 60: 10, 64: 10, 65: 9, 1000: 6, 4096: 4, 1 << 17: 4} {
		if got := Depth(ranges); got != want {
			t.Errorf("%d ranges: depth %d, want %d", ranges, got, want)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	tree := New(ring.Position{}, ring.Position{0: 8}, Depth(60))
	var before State
	for i := range b.N {
		after := StateOf([]byte("cart"), siblings(uint64(i+1)), false)
		tree.Update(ring.Position{0: 3}, before, after)
		before = after
	}
}
