package localcluster

import (
	"errors"
	"testing"

	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
)

// A dry run refuses what the change itself refuses, in the same words, and changes nothing.
func TestDryRunsRefuseWhatChangesDo(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n4"}})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n5"}})
	refused := []member.Request{
		{Kind: member.Leave, Node: "n4"}, // paused: it cannot hand over anything
		{Kind: member.Leave, Node: "n5"}, // down
		{Kind: member.Leave, Node: "n9"}, // there is none
		{Kind: member.Remove, Node: "n9"},
		{Kind: member.Leave, Node: ""},
		{Kind: member.Leave, Node: "A"},
		{Kind: member.Leave, Node: "n1", Via: "n9"},
		{Kind: member.Leave, Node: "n1", Via: "n5"}, // cannot write it down
		{Kind: member.Leave, Node: "n1", Weight: 2},
		{Kind: member.Gone, Node: "n1"},
		{Kind: member.Join, Node: "n1"}, // a member already
		{Kind: member.Join, Node: "A"},
		{Kind: member.Join, Node: "n6", Via: "n9"},
		{Kind: member.Join, Node: "n6", Via: "n4"},
		{Kind: member.Join, Node: "n6", Weight: 1 << 20},
		{Kind: member.Join, Node: "n6", Zone: "no zone!"},
	}
	check := func(requests []member.Request) {
		t.Helper()
		for _, r := range requests {
			before := c.registry.settings().History().Digest()
			_, dry := c.CheckMember(t.Context(), r)
			_, wet := c.Member(t.Context(), r)
			var usage *usage.Error
			if dry == nil || wet == nil || dry.Error() != wet.Error() || !errors.As(dry, &usage) {
				t.Errorf("%+v: a dry run says %v, the change %v", r, dry, wet)
			}
			if c.registry.settings().History().Digest() != before || c.registry.node("n6") != nil {
				t.Errorf("%+v changed something", r)
			}
		}
	}
	check(refused)

	// R=2 and W=2 need two members
	accepted := []member.Request{{Kind: member.Remove, Node: "n5"}, {Kind: member.Remove, Node: "n4"},
		{Kind: member.Leave, Node: "n3"}}
	for _, r := range accepted {
		before := c.registry.settings().History().Digest()
		dry, err := c.CheckMember(t.Context(), r)
		if err != nil || dry.Node != r.Node || dry.Kind != r.Kind ||
			c.registry.settings().History().Digest() != before {
			t.Fatalf("%+v: a dry run says %+v, %v", r, dry, err)
		}
		if wet, err := c.Member(t.Context(), r); err != nil || wet.Node != dry.Node || wet.Kind != dry.Kind ||
			wet.By != dry.By {
			t.Fatalf("%+v: the change is %+v, %v; a dry run said %+v", r, wet, err, dry)
		}
	}
	await(t, "n3 has gone, which is the last change", func() bool {
		v := viewOf(t, c)
		last, _ := v.History.Last("n3")
		return last.Kind == member.Gone && c.registry.node("n3") == nil && v.Behind(v.Node("n1")) == 0 &&
			v.Behind(v.Node("n2")) == 0
	})
	check([]member.Request{{Kind: member.Leave, Node: "n2"}, {Kind: member.Leave, Node: "n1"}})
}

// A dry run of a join names the node that would join, and starts none.
func TestDryRunOfAJoinStartsNothing(t *testing.T) {
	c := begin(t, Options{Mem: true})
	for _, r := range []member.Request{{Kind: member.Join}, {Kind: member.Join, Node: "n6", Via: "n6"},
		{Kind: member.Join, Node: "n6", Via: "n2", Weight: 2, Zone: "a"}} {
		got, err := c.CheckMember(t.Context(), r)
		if err != nil || got.Node != "n6" || got.Kind != member.Join || got.Weight != max(r.Weight, 1) ||
			got.Zone != r.Zone {
			t.Errorf("%+v: %+v, %v", r, got, err)
		}
	}
	if n := len(viewOf(t, c).Nodes); n != 5 || c.registry.node("n6") != nil {
		t.Errorf("there are %d nodes", n)
	}
}
