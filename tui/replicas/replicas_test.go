package replicas

import (
	"strings"
	"testing"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

var cart = []byte("cart")

// cluster returns a view of five running nodes. The homes of cart are n3, n4 and n5.
func cluster(events ...event.Event) *view.Cluster {
	v := view.New()
	nodes := []string{"n1", "n2", "n3", "n4", "n5"}
	v.Apply(event.Event{Kind: event.Cluster, Settings: &settings.Cluster{N: 3, R: 2, W: 2, Mode: settings.ModeSiblings,
		Strategy: 3, Q: 60, T: 12, Nodes: nodes}})
	for _, n := range nodes {
		v.Apply(event.Event{Kind: event.NodeUp, Node: n})
	}
	for i, e := range events {
		e.Seq, e.Key = uint64(i+1), cart
		v.Apply(e)
	}
	return v
}

func version(node string, counter uint64, past ...vclock.Dot) vclock.Version {
	v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: node}, Counter: counter}, Value: []byte(node)}
	for _, d := range past {
		v.Past = v.Past.With(d)
	}
	return v
}

func stored(node string, v ...vclock.Version) event.Event {
	return event.Event{Kind: event.Stored, Node: node, Versions: v}
}

func TestSummary(t *testing.T) {
	milk := version("n3", 1)
	beer, eggs := version("n4", 1, milk.Dot), version("n5", 1, milk.Dot)
	gone := version("n4", 1, milk.Dot)
	gone.Deleted = true
	for _, c := range []struct {
		name                          string
		events                        []event.Event
		siblings                      int
		holdings, stale, empty, known string
	}{
		{"nothing", nil, 0, "", "", "", ""},
		{"converged", []event.Event{stored("n3", milk), stored("n4", milk), stored("n5", milk)}, 1, "n3 n4 n5", "", "", "{n3:1}"},
		{"stale", []event.Event{stored("n3", milk), stored("n4", beer)}, 1, "n3|n4", "n3 n5", "n5", "{n3:1} ‖ {n3:1 n4:1}"},
		{"siblings", []event.Event{stored("n3", beer), stored("n5", eggs)}, 2, "n3|n5", "n3 n4 n5", "n4", "{n3:1 n4:1} ‖ {n3:1 n5:1}"},
		{"a delete", []event.Event{stored("n3", gone, eggs), stored("n4", gone, eggs), stored("n5", gone, eggs)}, 1,
			"n3 n4 n5", "", "", "{n3:1 n4:1} ‖ {n3:1 n5:1}"},
		{"a hint", []event.Event{stored("n3", milk), {Kind: event.HintStored, Node: "n1", For: "n4", Versions: vclock.Siblings{milk}}},
			1, "n3 n1>n4", "n4 n5", "n4 n5", "{n3:1}"},
	} {
		s, ok := Of(cluster(c.events...), cart)
		if !ok || strings.Join(s.Homes, " ") != "n3 n4 n5" {
			t.Fatalf("%s: homes %v", c.name, s.Homes)
		}
		var holdings []string
		for _, h := range s.Holdings {
			for _, x := range h.Hints {
				h.Homes = append(h.Homes, x.Holder+">"+x.For)
			}
			holdings = append(holdings, strings.Join(h.Homes, " "))
		}
		for what, pair := range map[string][2]string{
			"holdings": {strings.Join(holdings, "|"), c.holdings}, "stale": {strings.Join(s.Stale, " "), c.stale},
			"empty": {strings.Join(s.Empty, " "), c.empty}, "known": {s.Known.String(), c.known},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s are %q, want %q", c.name, what, pair[0], pair[1])
			}
		}
		if s.Siblings() != c.siblings {
			t.Errorf("%s: %d siblings, want %d", c.name, s.Siblings(), c.siblings)
		}
	}
	if _, ok := Of(view.New(), cart); ok {
		t.Error("a summary without a ring")
	}
}

func TestAncestry(t *testing.T) {
	milk := version("n3", 1)
	beer, eggs := version("n4", 1, milk.Dot), version("n5", 1, milk.Dot)
	both := version("n3", 2, milk.Dot, beer.Dot, eggs.Dot)
	s, _ := Of(cluster(stored("n3", beer, eggs)), cart)
	if got := s.CommonAncestor().String(); got != "{n3:1}" {
		t.Errorf("the common ancestor is %s", got)
	}
	s, _ = Of(cluster(stored("n3", milk), stored("n3", beer, eggs), stored("n3", both)), cart)
	if got := s.Parents(both).String(); got != "{n3:1 n4:1} ‖ {n3:1 n5:1}" {
		t.Errorf("the parents are %s", got)
	}
}

// A hint mends a home if there is one, and otherwise another home does. Splits and crashes are in
// the way of both.
func TestRepair(t *testing.T) {
	milk := version("n3", 1)
	beer := version("n4", 1, milk.Dot)
	hint := event.Event{Kind: event.HintStored, Node: "n1", For: "n5", Versions: vclock.Siblings{beer}}
	split := event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n5"}, {"n2", "n3", "n4"}}}
	down := func(n string) event.Event { return event.Event{Kind: event.NodeDown, Node: n} }
	for _, c := range []struct {
		name   string
		events []event.Event
		want   Repair
	}{
		{"a hint", []event.Event{hint}, Repair{Hint: Supplier{"n1", Open}, Source: Supplier{"n4", Open}}},
		{"no hint", nil, Repair{Source: Supplier{"n4", Open}}},
		{"a split", []event.Event{hint, split}, Repair{Hint: Supplier{"n1", Open}, Source: Supplier{"n4", Cut}}},
		{"crashes", []event.Event{hint, down("n1"), down("n4")}, Repair{Hint: Supplier{"n1", Off}, Source: Supplier{"n4", Off}}},
		{"the home is down", []event.Event{down("n5")}, Repair{Down: true, Source: Supplier{"n4", Open}}},
		{"another home", []event.Event{down("n4"), stored("n3", beer)}, Repair{Source: Supplier{"n3", Open}}},
	} {
		v := cluster(append([]event.Event{stored("n3", milk), stored("n4", beer), stored("n5", milk)}, c.events...)...)
		s, _ := Of(v, cart)
		got := s.Repair(v, "n5")
		if got.Lacks.String() != "{n3:1 n4:1}" || !got.Merkle {
			t.Errorf("%s: lacks %v", c.name, got.Lacks)
		}
		got.Lacks, got.Merkle = nil, false
		if got.Hint != c.want.Hint || got.Source != c.want.Source || got.Down != c.want.Down {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if r := s.Repair(v, "n4"); len(r.Lacks) > 0 {
			t.Errorf("%s: n4 lacks %v", c.name, r.Lacks)
		}
	}
}
