package member

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/ring"
)

var cfg = ring.Config{Strategy: ring.EqualPartitions, N: 3, Q: 60}

// lastDrawn is the latest time of a change that drawHistory draws.
const lastDrawn = 100

// drawHistory draws up to twelve changes of seven nodes, of every kind; some have equal times.
func drawHistory(t *rapid.T, label string) History {
	var h History
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, 2*lastDrawn), 0, 12).Draw(t, label) {
		h = h.Merge(History{{Time: int64(i / 2), By: fmt.Sprintf("n%d", i%3), Node: fmt.Sprintf("n%d", i%7), Kind: Kind(i % 4), Weight: 1}})
	}
	return h
}

// §4.8.1: in whatever order nodes gossip, they get the same history and the same ring.
func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawHistory(t, "a"), drawHistory(t, "b"), drawHistory(t, "c")
		same := func(what string, x, y History) {
			if x.Digest() != y.Digest() || len(x) != len(y) || !x.Covers(y) {
				t.Fatalf("%s: %v and %v", what, x, y)
			}
		}
		same("commutative", a.Merge(b), b.Merge(a))
		same("associative", a.Merge(b.Merge(c)), a.Merge(b).Merge(c))
		same("idempotent", a.Merge(a), a)
		if a.Digest() == b.Digest() && !a.Covers(b) {
			t.Fatalf("%v and %v have one digest", a, b)
		}
		if d := a.Merge(b).Without(b); !a.Covers(d) || len(d)+len(b) != len(a.Merge(b)) {
			t.Fatalf("a without b is %v", d)
		}
	})
}

// A removed node does not come back by gossip. No history from before the removal makes it a member
// again, not even a history that the removing node did not know.
func TestRemovedNodeStaysRemoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known, _ := drawHistory(t, "known").With(lastDrawn, Change{By: "n2", Node: "n1", Kind: Join, Weight: 1})
		known, _ = known.With(lastDrawn, Change{By: "n2", Node: "n2", Kind: Join, Weight: 1}) // the last member cannot be removed
		if !known.Ring(cfg).Has("n1") {
			t.Fatal("n1 joined and is not a member")
		}
		now, removal := known.With(lastDrawn, Change{By: "n0", Node: "n1", Kind: Remove})
		stale := drawHistory(t, "elsewhere").Merge(known[:rapid.IntRange(0, len(known)).Draw(t, "stale")])
		for _, heard := range []History{stale.Merge(now), now.Merge(stale), stale.Merge(History{removal}).Merge(now)} {
			if heard.Ring(cfg).Has("n1") {
				t.Fatalf("n1 is back with %v", heard)
			}
		}
		again, _ := now.With(0, Change{By: "n0", Node: "n1", Kind: Join, Weight: 1})
		if !again.Ring(cfg).Has("n1") {
			t.Fatal("n1 cannot join again")
		}
	})
}

// The announcement that a node is gone changes no ring and comes right after the change that it
// answers. Any later change of the node comes after the announcement, also one by a clock that is
// behind.
func TestGoodbye(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, "h")
		last, ok := h.Last("n1")
		c, says := h.Departure("n1")
		if says != (ok && last.Kind != Gone) {
			t.Fatalf("last change %v %v, goodbye %v", last, ok, says)
		}
		if !says {
			return
		}
		said := h.Merge(History{c})
		if now, _ := said.Last("n1"); now.Kind != Gone {
			t.Fatalf("the last change is %v", now)
		}
		if a, b := h.Ring(cfg).Members(), said.Ring(cfg).Members(); !slices.Equal(a, b) {
			t.Fatalf("members were %v, are %v", a, b)
		}
		again, _ := said.With(0, Change{By: "n2", Node: "n1", Kind: Join, Weight: 1})
		if now, _ := again.Last("n1"); now.Kind != Join {
			t.Fatalf("after it joined again the last change is %v", now)
		}
	})
}

func TestFounders(t *testing.T) {
	h := Founders([]ring.Member{{Name: "z", Weight: 1}, {Name: "a", Weight: 2, Zone: "east"}})
	m := h.Ring(cfg).Members()
	if len(m) != 2 || m[0].Name != "z" || m[1] != (ring.Member{Name: "a", Weight: 2, Zone: "east"}) {
		t.Errorf("founders are %v", m)
	}
	if _, ok := h.Last("b"); ok {
		t.Error("b has a change")
	}
	if c, ok := h.Last("a"); !ok || c.Kind != Join {
		t.Errorf("last change of a: %v %v", c, ok)
	}
}
