package treeset

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/ring"
)

// content is a store: the state of each key.
type content map[string]merkle.State

// fill adds what the store holds of the tree's range.
func (c content) fill(t *merkle.Tree) {
	first, last, _ := t.Span(0, 1<<t.Depth())
	for key, state := range c {
		p := ring.Of([]byte(key))
		inside := p.Compare(first) >= 0 && p.Compare(last) <= 0
		if first.Compare(last) > 0 {
			inside = p.Compare(first) >= 0 || p.Compare(last) <= 0
		}
		if inside {
			t.Update(p, merkle.State{}, state)
		}
	}
}

func newRing(t interface{ Fatal(...any) }, q, members int) *ring.Ring {
	var all []ring.Member
	for i := range members {
		all = append(all, ring.Member{Name: fmt.Sprintf("n%d", i+1), Weight: 1})
	}
	r, err := ring.New(ring.Config{Strategy: ring.EqualPartitions, N: 2, Q: q}, all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever happens to the store and to the ring, each tree is the tree of what the store holds.
func TestTreesFollowTheStore(t *testing.T) {
	rings := []*ring.Ring{newRing(t, 16, 3), newRing(t, 16, 4), newRing(t, 32, 3)}
	rapid.Check(t, func(rt *rapid.T) {
		stored, r := content{}, rings[0]
		s := New(stored.fill)
		s.Init(r)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			key := fmt.Sprintf("key%d", rapid.IntRange(0, 9).Draw(rt, "key"))
			at := keyrange.At(r, ring.Of([]byte(key)))
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0, 1:
				before, after := stored[key], merkle.State{}
				if rapid.Bool().Draw(rt, "deleted") {
					delete(stored, key)
				} else {
					after = merkle.State{Hash: rapid.Uint64Range(1, 9).Draw(rt, "hash"), Size: rapid.IntRange(1, 9).Draw(rt, "size")}
					stored[key] = after
				}
				s.Update(r, ring.Of([]byte(key)), before, after)
			case 2:
				s.Forget(at)
			case 3:
				if before, after := s.Rebuild(at); before != after {
					rt.Fatalf("the root was %x, and %x after building it again", before, after)
				}
			case 4:
				r = rapid.SampledFrom(rings).Draw(rt, "ring")
			case 5:
				if s.Prune(r); s.Len() > len(r.Ranges()) {
					rt.Fatalf("%d trees for %d ranges", s.Len(), len(r.Ranges()))
				}
			}
			// Records of ranges that another ring cuts differently do not update the trees of this
			// one, so the node prunes whenever its ring changes.
			s.Prune(r)
			for _, rg := range r.Ranges() {
				id := keyrange.Of(r, rg)
				want := merkle.New(id.Start, id.End, id.Depth)
				stored.fill(want)
				if got := s.Tree(id); !got.Equal(want) || got.Keys() != want.Keys() || got.Size() != want.Size() {
					rt.Fatalf("the tree has %d keys and root %x, want %d and %x", got.Keys(), got.Root(), want.Keys(), want.Root())
				}
			}
		}
	})
}

func TestEmpty(t *testing.T) {
	r := newRing(t, 16, 3)
	stored := content{"cart": {Hash: 1, Size: 1}}
	s := New(stored.fill)
	at := keyrange.At(r, ring.Of([]byte("cart")))
	if s.Tree(at).Keys() != 1 {
		t.Fatal("the tree is not built from the store")
	}
	delete(stored, "cart")
	if s.Empty(at); s.Tree(at).Root() != 0 || s.Tree(at).Keys() != 0 {
		t.Error("the tree of an empty range holds keys")
	}
	s.Update(ring.Replay(r.Config(), nil), ring.Of([]byte("cart")), merkle.State{}, merkle.State{Hash: 1})
	if s.Tree(at).Root() != 0 {
		t.Error("a node without a ring updates trees")
	}
}
