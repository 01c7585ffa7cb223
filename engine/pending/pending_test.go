package pending

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/keyrange"
	"ringside/engine/ring"
)

var (
	id    = keyrange.ID{Start: ring.Position{1}, End: ring.Position{2}, Depth: 8}
	homes = []string{"n1", "n2", "n3"} // n1 is the node itself
)

// await returns the range after the node began to wait for these earlier homes.
func await(from ...string) *Range {
	r := New()
	r.Await(id, from, "n1")
	return r.Get(id)
}

func TestComplete(t *testing.T) {
	for _, x := range []struct {
		name     string
		from     []string
		given    []string
		synced   []string
		willGive []string
		want     bool
	}{
		{"a former home has yet to hand over", []string{"n4"}, nil, nil, []string{"n4"}, false},
		{"the only former home has handed over", []string{"n4"}, []string{"n4"}, nil, []string{"n4"}, true},
		{"one of two former homes has handed over", []string{"n4", "n5"}, []string{"n4"}, nil, []string{"n4", "n5"}, false},
		{"both former homes have handed over", []string{"n4", "n5"}, []string{"n4", "n5"}, nil, nil, true},
		{"a former home that is still a home owes nothing", []string{"n2", "n4"}, []string{"n4"}, nil, nil, true},
		{"a former home is gone", []string{"n4"}, nil, nil, nil, false},
		{"a former home is gone, and one home was compared with", []string{"n4"}, nil, []string{"n2"}, nil, false},
		{"a former home is gone, and all homes were compared with", []string{"n4"}, nil, []string{"n2", "n3"}, nil, true},
		{"one former home is gone, another will give", []string{"n4", "n5"}, nil, []string{"n2", "n3"}, []string{"n5"}, false},
		{"all former homes are homes, and were not compared with", []string{"n2"}, nil, nil, nil, false},
		{"all former homes are homes, and were compared with", []string{"n2"}, nil, []string{"n2", "n3"}, nil, true},
	} {
		p := await(x.from...)
		for _, n := range x.given {
			p.Given(n)
		}
		for _, n := range x.synced {
			p.Synced(n)
		}
		if got := p.Complete(homes, "n1", func(n string) bool { return slices.Contains(x.willGive, n) }); got != x.want {
			t.Errorf("%s: complete is %v", x.name, got)
		}
	}
}

func TestAwaitAddsHomes(t *testing.T) {
	r := New()
	r.Await(id, []string{"n4", "n1"}, "n1")
	p := r.Get(id)
	p.Given("n4")
	r.Await(id, []string{"n4", "n5", "n2"}, "n1")
	if r.Get(id) != p || !slices.Equal(p.From(), []string{"n4", "n5", "n2"}) {
		t.Errorf("the node waits for %v", p.From())
	}
	if got := p.Missing(); !slices.Equal(got, []string{"n5", "n2"}) {
		t.Errorf("%v are missing", got)
	}
	if got := p.Owed(homes); !slices.Equal(got, []string{"n5"}) {
		t.Errorf("%v owe the range", got)
	}
	if !slices.Equal(r.IDs(), []keyrange.ID{id}) || r.Len() != 1 {
		t.Errorf("the node waits for %v", r.IDs())
	}
	if r.Forget(id); r.Get(id) != nil || r.Len() != 0 {
		t.Error("the node still waits")
	}
}

func TestOneQuestionAtATime(t *testing.T) {
	p := await("n4")
	if !p.BeginAsk("n4") || p.BeginAsk("n4") {
		t.Error("a node is asked twice at once")
	}
	if p.EndAsk("n4"); !p.BeginAsk("n4") {
		t.Error("a node is not asked again")
	}
}

// What the node has got never makes a complete range incomplete, and a range is never complete
// while a former home owes it and will give it.
func TestCompleteOnlyGrows(t *testing.T) {
	nodes := []string{"n1", "n2", "n3", "n4", "n5", "n6"}
	rapid.Check(t, func(rt *rapid.T) {
		some := func(label string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(nodes), 0, len(nodes), rapid.ID).Draw(rt, label)
		}
		members := some("will give")
		willGive := func(n string) bool { return slices.Contains(members, n) }
		p := await(some("from")...)
		complete := false
		for range rapid.IntRange(0, 8).Draw(rt, "steps") {
			n := rapid.SampledFrom(nodes).Draw(rt, "node")
			if rapid.Bool().Draw(rt, "given") {
				p.Given(n)
			} else {
				p.Synced(n)
			}
			before := complete
			complete = p.Complete(homes, "n1", willGive)
			if before && !complete {
				rt.Fatalf("%s made a complete range incomplete", n)
			}
			if complete && slices.ContainsFunc(p.Owed(homes), willGive) {
				rt.Fatalf("the range is complete, and %v owe it", p.Owed(homes))
			}
		}
	})
}
