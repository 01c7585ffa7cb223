package localcluster

import (
	"errors"
	"fmt"
	"testing"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/control"
)

// The values of Compare's parameter dryRun.
const (
	withRepair    = false
	withoutRepair = true
)

// §4.7 over TCP: a node whose disk was wiped gets all replicas back from one Compare that another
// process requests. No get runs.
func TestCompareRebuildsAWipedNode(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		o.Settings.NoAntiEntropy = true
		c := begin(t, o)
		for i := range 50 { // W=3: no replica is under way when n2 stops, so no fallback takes one
			r, err := c.Do(t.Context(), "", wire.PutRequest{Key: fmt.Appendf(nil, "key%d", i), Value: []byte("v"),
				Quorum: wire.Quorum{W: 3}})
			if err != nil || r.(wire.PutReply).Err != wire.OK {
				t.Fatal(r, err)
			}
		}
		await(t, "equal roots", func() bool { return viewOf(t, c).Unconverged() == "" })
		before := viewOf(t, c).Node("n2")
		do(t, c, fault.Fault{Kind: fault.Wipe, Nodes: []string{"n2"}})
		if v := viewOf(t, c); v.Unconverged() == "" || v.Node("n2").Keys != 0 {
			t.Fatalf("n2 lost its disk: it holds %d keys; Unconverged is %q", v.Node("n2").Keys, v.Unconverged())
		}
		r, err := control.Connect(t.Context(), c.opts.Home, c.opts.Name)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		found := rounds(t, r, withoutRepair)
		if v := viewOf(t, c); v.Node("n2").Keys != 0 {
			t.Fatalf("a dry run repaired %d keys", v.Node("n2").Keys)
		}
		repaired := rounds(t, r, withRepair)
		if len(found) != len(repaired) || len(repaired) != 3*len(c.registry.ring().Ranges()) {
			t.Errorf("%d rounds without repair and %d with, want 3 for each of %d ranges",
				len(found), len(repaired), len(c.registry.ring().Ranges()))
		}
		v := viewOf(t, c)
		if after := v.Node("n2"); v.Unconverged() != "" || after.Keys != before.Keys {
			t.Fatalf("n2 holds %d keys, before it held %d; %s", after.Keys, before.Keys, v.Unconverged())
		}
		for _, r := range rounds(t, r, withRepair) {
			if r.Buckets > 0 {
				t.Errorf("%s and %s still differ", r.Left, r.Right)
			}
		}
	})
}

// rounds compares all ranges and returns the rounds. It fails the test if a round failed.
func rounds(t *testing.T, r *control.Remote, dryRun bool) []event.SyncRound {
	t.Helper()
	events, err := r.Compare(t.Context(), dryRun)
	if err != nil {
		t.Fatal(err)
	}
	var out []event.SyncRound
	for _, e := range events {
		for _, round := range e.Rounds {
			if round.Err != "" {
				t.Fatalf("%s and %s: %s", round.Left, round.Right, round.Err)
			}
		}
		out = append(out, e.Rounds...)
	}
	return out
}

// Compare leaves out nodes that are down or paused. After Close, Compare returns an error that
// wraps control.ErrNotRunning.
func TestCompareOfRunningNodes(t *testing.T) {
	c := begin(t, Options{Mem: true})
	put(t, c, "", "cart", "milk", nil)
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n1"}})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	events, err := c.Compare(t.Context(), withRepair)
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, %v; want an event of each of the 3 running nodes", len(events), err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compare(t.Context(), withRepair); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("after Close: got %v, want control.ErrNotRunning", err)
	}
}
