package fault

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func nodes() *Net { return NewNet([]string{"n1", "n2", "n3", "n-4"}) }

func apply(t *testing.T, n *Net, f Fault) {
	t.Helper()
	if err := n.Apply(f); err != nil {
		t.Fatal(err)
	}
}

func TestSplit(t *testing.T) {
	n := nodes()
	apply(t, n, Fault{Kind: Split, Groups: [][]string{{"n1"}, {"n2"}}})
	for link, cut := range map[Link]bool{
		{"n1", "n2"}: true, {"n2", "n1"}: true, {"n3", "n-4"}: false, {"n1", "n3"}: true, {"n3", "n2"}: true,
	} {
		if n.Condition(link).Cut != cut {
			t.Errorf("%v cut is %v", link, !cut)
		}
	}
	if g := n.Groups(); len(g) != 3 || strings.Join(g[2], " ") != "n3 n-4" {
		t.Errorf("groups %v: nodes in no group must be a last group", g)
	}
	apply(t, n, Fault{Kind: Split, Groups: [][]string{{"n1"}}, OneWay: true})
	if !n.Condition(Link{"n1", "n2"}).Cut || n.Condition(Link{"n2", "n1"}).Cut {
		t.Error("one-way: only the links from earlier to later groups are cut")
	}
	apply(t, n, Fault{Kind: Heal})
	if n.Condition(Link{"n1", "n2"}).Cut || n.Groups() != nil {
		t.Error("heal left a cut")
	}
}

// A node that is added during a split is on the side of the node beside it. Remove takes it away
// again.
func TestAddDuringSplit(t *testing.T) {
	n := nodes()
	apply(t, n, Fault{Kind: Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n-4"}}})
	n.Add("a", "n1")
	n.Add("b", "n3")
	n.Add("c", "nobody")
	n.Add("d", "")
	var sides []string
	for _, g := range n.Groups() {
		sides = append(sides, strings.Join(g, " "))
	}
	if got := strings.Join(sides, " | "); got != "n1 n2 a | n3 n-4 b c d" {
		t.Errorf("sides are %s", got)
	}
	if n.Cut(Link{"a", "n2"}) || !n.Cut(Link{"a", "b"}) || n.Cut(Link{"b", "n-4"}) {
		t.Error("links are not cut as the sides say")
	}
	n.Remove("a")
	if !n.Knows("n1>b") || n.Knows("n1>a") || n.Knows("a") {
		t.Error("a removed node is known")
	}
}

func TestLinks(t *testing.T) {
	n := nodes()
	apply(t, n, Fault{Kind: Slow, Link: "n1>n3", Delay: time.Second})
	apply(t, n, Fault{Kind: Loss, Link: "n2-n-4", Percent: 30})
	if n.Condition(Link{"n1", "n3"}).Delay != time.Second || n.Condition(Link{"n3", "n1"}).Delay != 0 {
		t.Error("n1>n3 is one way")
	}
	if n.Condition(Link{"n-4", "n2"}).Percent != 30 || n.Condition(Link{"n2", "n-4"}).Percent != 30 {
		t.Error("n2-n-4 is both ways")
	}
	apply(t, n, Fault{Kind: Slow, Link: "n-4", Delay: time.Millisecond})
	delay := func(from, to string) time.Duration { return n.Condition(Link{from, to}).Delay }
	if delay("n-4", "n1") == 0 || delay("n1", "n-4") == 0 || delay("n1", "n2") != 0 {
		t.Error("n-4 alone is all its links")
	}
	apply(t, n, Fault{Kind: Slow, Link: "n1>n3"})
	if n.Condition(Link{"n1", "n3"}).Delay != 0 {
		t.Error("delay 0 ends slowness")
	}
}

func TestRefused(t *testing.T) {
	for want, f := range map[string]Fault{
		"there is no node 'n9'": {Kind: Split, Groups: [][]string{{"n1"}, {"n9"}}},
		"in two groups":         {Kind: Split, Groups: [][]string{{"n1"}, {"n1"}}},
		"one group holds":       {Kind: Split, Groups: [][]string{{"n1", "n2", "n3", "n-4"}}},
		"want n1>n3":            {Kind: Slow, Link: "n1-n9"},
		"no link to itself":     {Kind: Slow, Link: "n1>n1"},
		"want 0 to 100":         {Kind: Loss, Link: "n1", Percent: 101},
		"want 0 to 1m":          {Kind: Slow, Link: "n1", Delay: time.Hour},
		"not a fault":           {Kind: Kill},
	} {
		if err := nodes().Apply(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
}

func TestParseGroups(t *testing.T) {
	for _, args := range [][]string{{"n1,n2", "n3"}, {"n1,n2|n3"}, {"n1, n2 | n3"}} {
		g, err := ParseGroups(args)
		if err != nil || len(g) != 2 || strings.Join(g[0], " ") != "n1 n2" || g[1][0] != "n3" {
			t.Errorf("%q: %v, %v", args, g, err)
		}
	}
	for _, args := range [][]string{nil, {"n1,,n2"}, {""}} {
		if g, err := ParseGroups(args); err == nil {
			t.Errorf("%q gave %v", args, g)
		}
	}
}

func TestCheck(t *testing.T) {
	nan, groups := math.NaN(), [][]string{{"n1"}}
	for _, f := range []Fault{
		{}, {Kind: "flood"}, {Kind: Split},
		{Kind: Split, Groups: groups, For: -1}, {Kind: Split, Groups: groups, For: MaxFor + 1},
		{Kind: Split, Groups: groups, Nodes: []string{"n1"}}, {Kind: Heal, OneWay: true},
		{Kind: Kill, Nodes: []string{"n1"}, Link: "n1"},
		{Kind: Slow, Link: "n1", Delay: -1}, {Kind: Slow, Link: "n1", Delay: MaxDelay + 1},
		{Kind: Slow, Link: "n1", Percent: nan}, {Kind: Loss, Link: "n1", Percent: nan},
		{Kind: Loss, Link: "n1", Percent: math.Inf(1)}, {Kind: Loss, Link: "n1", Percent: -1},
	} {
		if f.Check() == nil {
			t.Errorf("%+v: no error", f)
		}
	}
	for _, f := range []Fault{
		{Kind: Heal}, {Kind: Kill, Nodes: []string{"n1"}},
		{Kind: Split, Groups: groups, OneWay: true, For: MaxFor},
		{Kind: Slow, Link: "n1", Delay: MaxDelay}, {Kind: Slow, Link: "n1"}, {Kind: Loss, Link: "n1", Percent: 100},
	} {
		if err := f.Check(); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// Groups that a caller keeps do not change when a node joins one of them.
func TestKeptGroups(t *testing.T) {
	n := NewNet([]string{"n1", "n2", "n3"})
	if err := n.Apply(Fault{Kind: Split, Groups: [][]string{{"n1"}, {"n2", "n3"}}}); err != nil {
		t.Fatal(err)
	}
	kept := n.Groups()
	n.Add("n4", "n3")
	n.Add("n5", "")
	if got := fmt.Sprint(kept, n.Groups()); got != "[[n1] [n2 n3]] [[n1] [n2 n3 n4 n5]]" {
		t.Errorf("kept and new groups are %s", got)
	}
}
