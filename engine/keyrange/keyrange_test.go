package keyrange

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/ring"
)

func newRing(t interface{ Fatal(...any) }, strategy ring.Strategy, members int) *ring.Ring {
	var all []ring.Member
	for i := range members {
		all = append(all, ring.Member{Name: fmt.Sprintf("n%d", i+1), Weight: 1})
	}
	r, err := ring.New(ring.Config{Strategy: strategy, N: 3, Q: 64, T: 8}, all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var genPosition = rapid.Custom(func(t *rapid.T) (p ring.Position) {
	copy(p[:], rapid.SliceOfN(rapid.Byte(), len(p), len(p)).Draw(t, "bytes"))
	return p
})

func TestFindFollowsTheRing(t *testing.T) {
	r, id := newRing(t, ring.EqualPartitions, 5), ID{}
	for _, rg := range r.Ranges() {
		id = Of(r, rg)
		if found, ok := id.Find(r); !ok || !slices.Equal(found.Homes, rg.Homes) {
			t.Fatalf("the ring does not find its own range %v", id)
		}
		if !id.HasHomes(r, rg.Homes...) || id.HasHomes(r, rg.Homes[0], "n9") {
			t.Fatalf("%v has the homes %v", id, rg.Homes)
		}
	}
	if _, ok := id.Find(ring.Replay(r.Config(), nil)); ok {
		t.Error("a ring without members has the range")
	}
	if _, ok := id.Find(newRing(t, ring.TokensRandom, 5)); ok {
		t.Error("a ring that is cut differently has the range")
	}
	other := id
	other.Depth++
	if _, ok := other.Find(r); ok {
		t.Error("a range with another depth is found")
	}
}

// Every position falls into one range, and ranges of one ring do not overlap.
func TestRangesOfOneRingAreDisjoint(t *testing.T) {
	rings := []*ring.Ring{newRing(t, ring.EqualPartitions, 4), newRing(t, ring.TokensRandom, 4)}
	rapid.Check(t, func(rt *rapid.T) {
		r := rapid.SampledFrom(rings).Draw(rt, "ring")
		a, b := At(r, genPosition.Draw(rt, "a")), At(r, genPosition.Draw(rt, "b"))
		if a.Overlaps(b) != (a == b) || b.Overlaps(a) != (a == b) {
			rt.Fatalf("%v and %v: overlap %v", a, b, a.Overlaps(b))
		}
	})
}

// Two ranges overlap if and only if an end of one lies in the other, whichever comes first.
func TestOverlaps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := ID{Start: genPosition.Draw(rt, "start a"), End: genPosition.Draw(rt, "end a")}
		b := ID{Start: genPosition.Draw(rt, "start b"), End: genPosition.Draw(rt, "end b")}
		if a.Overlaps(b) != b.Overlaps(a) {
			rt.Fatal("overlapping depends on the order")
		}
		p := genPosition.Draw(rt, "p")
		if a.holds(p) && b.holds(p) && !a.Overlaps(b) {
			rt.Fatalf("%v is in both ranges, which do not overlap", p)
		}
	})
}

func TestSorted(t *testing.T) {
	r := newRing(t, ring.TokensRandom, 4)
	m := map[ID]bool{}
	for _, rg := range r.Ranges() {
		m[Of(r, rg)] = true
	}
	sorted := Sorted(m)
	if len(sorted) != len(m) || !slices.IsSortedFunc(sorted, ID.Compare) {
		t.Errorf("%v is not sorted", sorted)
	}
}
