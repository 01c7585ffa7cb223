package vclock

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func dot(node string, counter uint64) Dot { return Dot{Actor{node, 1}, counter} }

func upTo(node string, counter uint64) Entry { return between(node, 0, counter) }

// between covers the events after from up to counter.
func between(node string, from, counter uint64) Entry {
	return Entry{Actor: Actor{node, 1}, Counter: counter, From: from}
}

func TestNotation(t *testing.T) {
	for _, c := range []struct {
		v    Version
		want string
	}{
		{Version{Dot: dot("x", 1)}, "{x:1}"},
		{Version{Dot: dot("x", 2), Past: Clock{upTo("x", 1)}}, "{x:2}"},
		{Version{Dot: dot("y", 1), Past: Clock{upTo("x", 2)}}, "{x:2 y:1}"},
		{Version{Dot: dot("x", 2)}, "{x:.2}"},
		{Version{Dot: dot("x", 5), Past: Clock{upTo("x", 3)}}, "{x:3.5}"},
		{Version{Dot: dot("x", 5), Past: Clock{upTo("x", 1), between("x", 2, 4)}}, "{x:1.3-5}"},
		{Version{Dot: dot("x", 2), Past: Clock{upTo("x", 1), between("x", 2, 4)}}, "{x:4}"},
		{Version{Dot: Dot{Actor{"x", 0x1abcd}, 1}, Past: Clock{upTo("x", 3)}}, "{x~9e37:3 x~3a74:1}"},
	} {
		if got := c.v.Notation(); got != c.want {
			t.Errorf("%+v shows as %s, want %s", c.v, got, c.want)
		}
	}
}

func TestClockOrder(t *testing.T) {
	a := Clock{upTo("x", 2), upTo("y", 1)}
	b := Clock{upTo("x", 2), upTo("z", 1)}
	if a.Descends(b) || b.Descends(a) || !a.Descends(Clock{upTo("x", 1)}) || !a.Descends(nil) {
		t.Error("Descends is wrong")
	}
	if got := a.Merge(b).String(); got != "{x:2 y:1 z:1}" {
		t.Errorf("merge is %s", got)
	}
	if !a.Merge(b).Valid() || (Clock{upTo("y", 1), upTo("x", 1)}).Valid() || (Clock{{Actor: Actor{Node: "x"}}}).Valid() || (Clock{upTo("x", 1), between("x", 1, 3)}).Valid() {
		t.Error("Valid is wrong")
	}
}

func TestWithout(t *testing.T) {
	c := Clock{upTo("x", 5), upTo("y", 1)}
	for d, want := range map[Dot]string{
		dot("x", 5): "{x:4 y:1}", dot("x", 1): "{x:.2-5 y:1}", dot("x", 3): "{x:2.4-5 y:1}", dot("y", 1): "{x:5}", dot("z", 1): "{x:5 y:1}", dot("x", 6): "{x:5 y:1}",
	} {
		if got := c.Without(d); got.String() != want || !got.Valid() || got.Covers(d) {
			t.Errorf("without %v: %v, want %s", d, got, want)
		}
	}
}

// A history has the siblings of replicas as nodes make them: by puts with the context of a read,
// and by exchanges.
type history struct {
	replicas []Siblings
	counters []uint64
	contexts []Clock
	covered  map[Dot]bool // by a put whose context covers it
	all      []Version
}

func drawHistory(t *rapid.T) *history {
	const n = 3
	h := &history{replicas: make([]Siblings, n), counters: make([]uint64, n), contexts: []Clock{nil}, covered: map[Dot]bool{}}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		i := rapid.IntRange(0, n-1).Draw(t, "replica")
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0: // a get's context
			h.contexts = append(h.contexts, h.replicas[i].Context())
		case 3: // a put's
			if len(h.all) > 0 {
				h.contexts = append(h.contexts, h.all[len(h.all)-1].Clock())
			}
		case 1:
			h.counters[i]++
			past := h.contexts[rapid.IntRange(0, len(h.contexts)-1).Draw(t, "context")]
			v := Version{Dot: dot(fmt.Sprintf("n%d", i), h.counters[i]), Past: past}
			for _, w := range h.all {
				if past.Covers(w.Dot) {
					h.covered[w.Dot] = true
				}
			}
			h.all = append(h.all, v)
			h.replicas[i] = h.replicas[i].Put(v)
		case 2:
			j := rapid.IntRange(0, n-1).Draw(t, "other")
			h.replicas[j] = h.replicas[j].Merge(h.replicas[i])
		}
	}
	return h
}

// Merge is commutative, associative and idempotent on states that nodes reach.
func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		a, b, c := h.replicas[0], h.replicas[1], h.replicas[2]
		if !a.Merge(b).Equal(b.Merge(a)) {
			t.Fatalf("not commutative: %v and %v", a, b)
		}
		if !a.Merge(b).Merge(c).Equal(a.Merge(b.Merge(c))) {
			t.Fatalf("not associative: %v, %v, %v", a, b, c)
		}
		if !a.Merge(a).Equal(a) || !a.Merge(b).Merge(b).Equal(a.Merge(b)) {
			t.Fatalf("not idempotent: %v, %v", a, b)
		}
		if !a.Merge(b).Descends(a) {
			t.Fatalf("%v does not descend from %v", a.Merge(b), a)
		}
	})
}

// After all replicas have exchanged their versions, the siblings are exactly the versions that no
// context of a put covered.
func TestSiblingsAreTheMaximalVersions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		var all Siblings
		for _, r := range h.replicas {
			all = all.Merge(r)
		}
		for _, v := range h.all {
			if all.Has(v.Dot) == h.covered[v.Dot] {
				t.Fatalf("%s: kept %v, covered %v; left %v", v.Notation(), all.Has(v.Dot), h.covered[v.Dot], all)
			}
		}
	})
}

// The version that last write wins keeps does not depend on the order of merging.
func TestLatestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		for _, r := range h.replicas {
			for i := range r {
				r[i].Time = int64(r[i].Dot.Counter % 3)
			}
		}
		a, b, c := h.replicas[0], h.replicas[1], h.replicas[2]
		x, y, z := a.Latest(b).Latest(c), a.Latest(b.Latest(c)), c.Latest(a).Latest(b)
		if !x.Equal(y) || !x.Equal(z) || len(x) > 1 || !x.Latest(x).Equal(x) {
			t.Fatalf("latest %v, %v or %v of %v, %v, %v", x, y, z, a, b, c)
		}
	})
}

func TestCompact(t *testing.T) {
	c := Clock{upTo("x", 1), between("x", 2, 4), {Actor: Actor{"x", 2}, Counter: 3}, between("y", 1, 2)}
	if got := c.Compact(2); got.String() != "{x:3 y:2}" || !got.Valid() {
		t.Errorf("%v compacts to %v", c, got)
	}
	if got := c.Compact(3); len(got) != 3 || !got.Descends(c) || !got.Valid() {
		t.Errorf("%v compacts to %v, which has room for all actors", c, got)
	}
}

func TestLive(t *testing.T) {
	s := Siblings{{Dot: dot("x", 1), Deleted: true}, {Dot: dot("y", 1)}}
	if l := s.Live(); len(l) != 1 || l[0].Dot != dot("y", 1) || len(s) != 2 {
		t.Errorf("live of %v is %v", s, l)
	}
}
