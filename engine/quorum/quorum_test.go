package quorum

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/vclock"
)

// A fixed cluster has n homes of a key, and nodes that are cut off or suspected.
type fixed struct {
	n       int
	cut     map[string]bool
	suspect map[string]bool
	leavers []string
}

func (f fixed) Replicas() int              { return f.n }
func (f fixed) Connected(node string) bool { return !f.cut[node] }
func (f fixed) Healthy(node string) bool   { return !f.cut[node] && !f.suspect[node] }
func (f fixed) Leavers() []string          { return f.leavers }

var pref = []string{"n1", "n2", "n3", "n4", "n5", "n6"}

func set(nodes ...string) map[string]bool {
	out := map[string]bool{}
	for _, n := range nodes {
		out[n] = true
	}
	return out
}

// §4.6: the replicas of homes that are down go to the next healthy nodes.
func TestPlan(t *testing.T) {
	for name, c := range map[string]struct {
		cluster fixed
		self    string
		w       int
		strict  bool
		want    Plan
	}{
		"all healthy": {fixed{n: 3}, "n1", 2, false,
			Plan{Assigned: []Assignment{{"n1", "n1"}, {"n2", "n2"}, {"n3", "n3"}}}},
		"a home is down": {fixed{n: 3, cut: set("n2")}, "n1", 2, false,
			Plan{Assigned: []Assignment{{"n1", "n1"}, {"n3", "n3"}, {"n4", "n2"}}}},
		"strict": {fixed{n: 3, cut: set("n2")}, "n1", 2, true,
			Plan{Assigned: []Assignment{{"n1", "n1"}, {"n3", "n3"}}, Missing: []string{"n2"}}},
		"the coordinator is the first fallback": {fixed{n: 3, cut: set("n2")}, "n6", 2, false,
			Plan{Assigned: []Assignment{{"n1", "n1"}, {"n3", "n3"}, {"n6", "n2"}}}},
		"a suspected home is better than none": {fixed{n: 3, suspect: set("n2", "n3")}, "n1", 2, true,
			Plan{Assigned: []Assignment{{"n1", "n1"}, {"n2", "n2"}}, Missing: []string{"n3"}}},
		"a suspected fallback is better than none": {
			fixed{n: 3, cut: set("n2", "n3", "n4", "n5"), suspect: set("n6")}, "n1", 2, false,
			Plan{Assigned: []Assignment{{"n1", "n1"}, {"n6", "n2"}}, Missing: []string{"n3"}},
		},
		"alone": {fixed{n: 3, cut: set("n2", "n3", "n4", "n5", "n6")}, "n1", 2, false,
			Plan{Assigned: []Assignment{{"n1", "n1"}}, Missing: []string{"n2", "n3"}}},
	} {
		got := NewWrite(c.cluster, c.self, pref, Need{Count: c.w, Strict: c.strict}).Plan(true)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// drawCluster draws a cluster, its preference list, and the coordinator.
func drawCluster(t *rapid.T) (f fixed, list []string, self string) {
	f = fixed{cut: map[string]bool{}, suspect: map[string]bool{}}
	list = pref[:rapid.IntRange(1, len(pref)).Draw(t, "members")]
	f.n = rapid.IntRange(1, min(3, len(list))).Draw(t, "n")
	self = rapid.SampledFrom(list).Draw(t, "self")
	for _, node := range list {
		if node != self {
			f.cut[node] = rapid.IntRange(0, 2).Draw(t, "cut "+node) == 0
			f.suspect[node] = rapid.IntRange(0, 2).Draw(t, "suspect "+node) == 0
		}
	}
	return f, list, self
}

// Every home's replica goes to one node, and no node gets two. A put is hopeless only if no
// connected node is left that could take a replica which is missing.
func TestPlanLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, list, self := drawCluster(t)
		w, strict := rapid.IntRange(1, f.n).Draw(t, "w"), rapid.Bool().Draw(t, "strict")
		write := NewWrite(f, self, list, Need{Count: w, Strict: strict})
		plan := write.Plan(true)
		homes := slices.Clone(plan.Missing)
		used := map[string]bool{}
		for _, a := range plan.Assigned {
			homes = append(homes, a.Home)
			if used[a.Node] || f.cut[a.Node] || a.For() != "" && (strict || write.IsHome(a.Node)) {
				t.Fatalf("a bad assignment of %v in %v", a, plan)
			}
			used[a.Node] = true
		}
		slices.Sort(homes)
		if !slices.Equal(homes, list[:f.n]) {
			t.Fatalf("%v covers %v, want %v", plan, homes, list[:f.n])
		}
		if len(plan.Assigned) >= w {
			return
		}
		for i, node := range list {
			// A suspected home is not asked for its replica if a fallback has that replica.
			if !f.cut[node] && !used[node] && (slices.Contains(plan.Missing, node) || i >= f.n && !strict && node != self) {
				t.Fatalf("%v lacks %s", plan, node)
			}
		}
	})
}

// A node counts once. A replica that did not get through goes to a fallback that was not asked yet.
func TestAcks(t *testing.T) {
	w := NewWrite(fixed{n: 3, cut: set("n2")}, "n1", pref, Need{Count: 2})
	w.Plan(true) // n4 stands in for n2
	if !w.Ack(Assignment{"n1", "n1"}) || w.Ack(Assignment{"n1", "n1"}) || w.Enough() {
		t.Fatalf("one node makes %d acknowledgements", w.Count())
	}
	a, ok := w.Replace(Assignment{"n3", "n3"})
	if !ok || a != (Assignment{"n5", "n3"}) {
		t.Fatalf("the replica of n3 goes to %v", a)
	}
	if !w.Ack(a) || !w.Enough() ||
		!slices.Equal(w.Acks(), []string{"n1", "n5"}) || !slices.Equal(w.Fallbacks(), []Assignment{a}) {
		t.Fatalf("acknowledged by %v, by %v as fallbacks", w.Acks(), w.Fallbacks())
	}
	if got := w.Unheard(w.Acks()); !slices.Equal(got, []string{"n2", "n3", "n4"}) {
		t.Fatalf("not heard of %v", got)
	}
	if _, ok := NewWrite(fixed{n: 3}, "n1", pref, Need{Count: 2, Strict: true}).Replace(Assignment{"n3", "n3"}); ok {
		t.Fatal("a strict quorum has a fallback")
	}
}

var found = vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1"}, Counter: 1}}}

// Which answers count toward R, and when they are enough.
func TestCounted(t *testing.T) {
	home := func(node string) Answer { return Answer{Node: node, Home: true} }
	for name, c := range map[string]struct {
		cluster fixed
		answers []Answer
		counted []string
		enough  bool
	}{
		"homes that hold nothing, and no other node": {fixed{n: 3, cut: set("n4", "n5", "n6")},
			[]Answer{home("n1"), home("n2")}, []string{"n1", "n2"}, true},
		"homes that hold nothing, and fallbacks that may": {fixed{n: 3},
			[]Answer{home("n1"), home("n2")}, []string{"n1", "n2"}, false},
		"a fallback that holds nothing": {fixed{n: 3},
			[]Answer{home("n1"), {Node: "n4"}}, []string{"n1"}, false},
		"a fallback that holds nothing, of a key that was found": {fixed{n: 3},
			[]Answer{{Node: "n1", Home: true, Siblings: found}, {Node: "n4"}}, []string{"n1", "n4"}, true},
		"fallbacks, while a home may answer": {fixed{n: 3},
			[]Answer{{Node: "n4", Siblings: found}, {Node: "n5"}}, []string{"n4"}, false},
		"fallbacks, while no home can answer": {fixed{n: 3, cut: set("n1", "n2", "n3")},
			[]Answer{{Node: "n4", Siblings: found}, {Node: "n5"}}, []string{"n4", "n5"}, true},
		"a damaged replica": {fixed{n: 3},
			[]Answer{{Node: "n1", Damaged: true}, {Node: "n2", Home: true, Siblings: found}}, []string{"n2"}, false},
		"a home that was not given the range": {fixed{n: 3},
			[]Answer{{Node: "n1", Pending: true, Siblings: found}, {Node: "n2", Home: true, Siblings: found}},
			[]string{"n2"}, false},
	} {
		r := NewRead(c.cluster, pref, Need{Count: 2})
		for _, a := range c.answers {
			r.Add(a)
		}
		if got := r.Counted(); !slices.Equal(got, c.counted) || r.Enough() != c.enough {
			t.Errorf("%s: %v count, enough: %v; want %v, %v", name, got, r.Enough(), c.counted, c.enough)
		}
	}
}

// Answers of homes that were not given the range count as a last resort.
func TestRelax(t *testing.T) {
	r := NewRead(fixed{n: 3}, pref, Need{Count: 2})
	r.Add(Answer{Node: "n1", Pending: true, Siblings: found})
	r.Add(Answer{Node: "n2", Home: true, Siblings: found})
	if r.Enough() || !r.Relax() || !r.Enough() || r.Relax() {
		t.Fatalf("%v count", r.Counted())
	}
}

// Homes that answered before a hint may have reached them are asked again, once.
func TestHomesAreAskedAgain(t *testing.T) {
	r := NewRead(fixed{n: 3, cut: set("n5", "n6")}, pref, Need{Count: 2})
	r.Add(Answer{Node: "n1", Home: true})
	r.Add(Answer{Node: "n2", Home: true})
	if got := slices.Collect(r.Confirm()); !slices.Equal(got, []string{"n4"}) {
		t.Fatalf("%v are asked, want n4", got)
	}
	r.Add(Answer{Node: "n4", Returned: true})
	if r.Enough() {
		t.Fatal("the homes may have been given a hint")
	}
	if got := slices.Collect(r.Confirm()); !slices.Equal(got, []string{"n1", "n2"}) {
		t.Fatalf("%v are asked again", got)
	}
	r.Add(Answer{Node: "n1", Home: true})
	r.Add(Answer{Node: "n2", Home: true})
	if !r.Enough() || len(slices.Collect(r.Confirm())) != 0 {
		t.Fatal("the second answers are not enough")
	}
}

// §4.9: a home that was not given the range names nodes that held it, which are asked in its place.
// If such a node has handed the range over, the home is asked again.
func TestEarlierHolders(t *testing.T) {
	r := NewRead(fixed{n: 3, cut: set("n5")}, pref, Need{Count: 2})
	r.Add(Answer{Node: "n1", Pending: true})
	if got := r.Earlier([]string{"n5", "n6"}); got != "n6" {
		t.Fatalf("%q is asked in place of n1", got)
	}
	if got := r.Earlier([]string{"n5", "n6"}); got != "" {
		t.Fatalf("%q is asked again", got)
	}
	if got := r.HandedOver(Answer{Node: "n6"}); !slices.Equal(got, []string{"n1"}) {
		t.Fatalf("%v are asked again", got)
	}
	if r.HandedOver(Answer{Node: "n6"}) != nil {
		t.Fatal("n1 is asked a third time")
	}
}

// §4.5: as R+W>N, a get finds every version that W nodes acknowledged, in whichever order the nodes
// answer. The holders may be fallbacks that the coordinator has a connection to.
func TestQuorumsOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, list, _ := drawCluster(t)
		f.cut = map[string]bool{}
		w := rapid.IntRange(1, f.n).Draw(t, "w")
		r := rapid.IntRange(f.n-w+1, f.n).Draw(t, "r")
		strict := rapid.Bool().Draw(t, "strict")
		could := list
		if strict {
			could = list[:f.n]
		}
		holders := set(rapid.Permutation(could).Draw(t, "holders")[:w]...)
		read := NewRead(f, list, Need{Count: r, Strict: strict})
		for _, node := range rapid.Permutation(list).Draw(t, "order") {
			a := Answer{Node: node, Home: read.IsHome(node)}
			if holders[node] {
				a.Siblings = found
			}
			if strict && !a.Home {
				continue
			}
			if read.Add(a); read.Enough() && read.FoundNothing() {
				t.Fatalf("R=%d: %v say that there is nothing, %v hold it", r, read.Counted(), holders)
			}
		}
		if !read.Enough() {
			t.Fatalf("all have answered, and that is not enough: %v count", read.Counted())
		}
	})
}
