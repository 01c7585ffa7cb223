package vclock

import (
	"testing"

	"pgregory.net/rapid"
)

func aged(e Entry, at int64) Entry {
	e.Time = at
	return e
}

func nothing(Entry) bool { return false }

// §4.4: at the threshold the pair that was updated longest ago is removed, at whatever place.
func TestTruncate(t *testing.T) {
	c := Clock{aged(upTo("x", 3), 30), aged(upTo("y", 9), 10), aged(upTo("z", 1), 20)}
	for _, step := range []struct {
		limit         int
		left, dropped string
	}{
		{3, "{x:3 y:9 z:1}", "{}"}, {2, "{x:3 z:1}", "{y:9}"}, {1, "{x:3}", "{y:9 z:1}"},
	} {
		if left, dropped := c.Truncate(step.limit, nothing); left.String() != step.left || dropped.String() != step.dropped || !left.Valid() {
			t.Errorf("to %d: left %v, dropped %v, want %s and %s", step.limit, left, dropped, step.left, step.dropped)
		}
	}
	keep := func(e Entry) bool { return e.Node == "y" }
	if left, _ := c.Truncate(1, keep); left.String() != "{y:9}" {
		t.Errorf("left %v, though y stays", left)
	}
	if left, _ := c.Truncate(1, func(Entry) bool { return true }); !left.Equal(c) {
		t.Errorf("left %v, though all stay", left)
	}
	if c.String() != "{x:3 y:9 z:1}" {
		t.Errorf("the clock itself became %v", c)
	}
}

// The time of a pair is that of its greatest event, in whatever order clocks are merged.
func TestTimesOfPairs(t *testing.T) {
	old, young := Clock{aged(upTo("x", 2), 10), aged(upTo("y", 1), 5)}, Clock{aged(upTo("x", 3), 20), aged(upTo("z", 1), 7)}
	for _, c := range []Clock{old.Merge(young), young.Merge(old)} {
		if c[0].Time != 20 || c[1].Time != 5 || c[2].Time != 7 {
			t.Errorf("times %+v", c)
		}
	}
	v := Version{Dot: dot("x", 3), Past: old, Time: 20}
	if c := v.Clock(); c[0].Time != 20 || c[1].Time != 5 || !c.Equal(c.Timeless()) || c.Timeless()[0].Time != 0 {
		t.Errorf("clock of %v: %+v", v, c)
	}
}

// Truncated clocks supersede less. No version is dropped that would have stayed, and replicas that
// exchange their versions until nothing changes hold the same.
func TestTruncationOnlyAddsSiblings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		cut := make([]Siblings, len(h.replicas))
		short := func(v Version) Version {
			own := func(e Entry) bool { return e.Actor == v.Dot.Actor }
			left, _ := v.Clock().Truncate(1+int(v.Dot.Counter%3), own)
			v.Past = left.Without(v.Dot)
			return v
		}
		var whole, all Siblings
		for i, r := range h.replicas {
			whole = whole.Merge(r)
			for _, v := range r {
				cut[i] = cut[i].Merge(Siblings{short(v)})
			}
			all = all.Merge(cut[i])
		}
		for _, v := range whole {
			if !all.Has(v.Dot) {
				t.Fatalf("%s is lost: left %v, with whole clocks %v", v.Notation(), all, whole)
			}
		}
		for range len(h.all) + 1 { // a version at a time gets everywhere, or goes
			for i := range cut {
				j := (i + 1) % len(cut)
				cut[i] = cut[i].Merge(cut[j])
				cut[j] = cut[j].Merge(cut[i])
			}
		}
		for i := range cut {
			if !cut[i].Equal(cut[0]) {
				t.Fatalf("replicas disagree for ever: %v and %v", cut[0], cut[i])
			}
		}
	})
}

// Plain vector clocks are compared as a whole, counter by counter.
func TestLiteral(t *testing.T) {
	literal := func(d Dot, past ...Entry) Version { return Version{Dot: d, Past: past, Literal: true} }
	d2 := literal(dot("x", 2), upTo("x", 1))
	d3, d4 := literal(dot("y", 1), upTo("x", 2)), literal(dot("z", 1), upTo("x", 2))
	d5 := literal(dot("x", 3), upTo("x", 2), upTo("y", 1), upTo("z", 1))
	for _, c := range []struct {
		name string
		have Siblings
		put  Version
		want string
	}{
		{"a descendant", Siblings{d2}, d3, "{x:2 y:1}"},
		{"Figure 3, D3 and D4", Siblings{d3}, d4, "{x:2 y:1} ‖ {x:2 z:1}"},
		{"Figure 3, D5", Siblings{d3, d4}, d5, "{x:3 y:1 z:1}"},
		{"two clients with one old context through x", Siblings{d2}, literal(dot("x", 3), upTo("x", 2)), "{x:3}"},
		{"the same where the first had seen y", Siblings{literal(dot("x", 2), upTo("x", 1), upTo("y", 1))}, literal(dot("x", 3), upTo("x", 2)), "{x:2 y:1} ‖ {x:3}"},
	} {
		if got := c.have.Put(c.put); got.String() != c.want || !got.Equal(Siblings{c.put}.Merge(c.have)) {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// Merge is commutative, associative and idempotent for literal versions also, although it loses
// concurrent writes.
func TestLiteralMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		var r [3]Siblings
		for i, s := range h.replicas {
			for _, v := range s {
				v.Literal = true
				if v.Dot.Counter > 1 {
					v.Past = v.Past.Merge(Clock{{Actor: v.Dot.Actor, Counter: v.Dot.Counter - 1}})
				}
				r[i] = r[i].Merge(Siblings{v})
			}
		}
		a, b, c := r[0], r[1], r[2]
		if !a.Merge(b).Equal(b.Merge(a)) || !a.Merge(b).Merge(c).Equal(a.Merge(b.Merge(c))) || !a.Merge(b).Merge(b).Equal(a.Merge(b)) {
			t.Fatalf("%v, %v, %v", a, b, c)
		}
	})
}
