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

// §4.7 over TCP: a node that lost its disk has all its replicas again after one comparison that
// another process asks for. No get repairs them.
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
			t.Fatalf("n2 lost its disk, and holds %d keys; %q", v.Node("n2").Keys, v.Unconverged())
		}
		r, err := control.Connect(t.Context(), c.opts.Home, c.opts.Name)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		looked := rounds(t, r, true)
		if v := viewOf(t, c); v.Node("n2").Keys != 0 {
			t.Fatalf("a look mended %d keys", v.Node("n2").Keys)
		}
		mended := rounds(t, r, false)
		if len(looked) != len(mended) || len(mended) != 3*len(c.registry.ring().Ranges()) {
			t.Errorf("%d and %d rounds of %d ranges with three homes", len(looked), len(mended),
				len(c.registry.ring().Ranges()))
		}
		v := viewOf(t, c)
		if after := v.Node("n2"); v.Unconverged() != "" || after.Keys != before.Keys {
			t.Fatalf("n2 holds %d keys, before it held %d; %s", after.Keys, before.Keys, v.Unconverged())
		}
		for _, r := range rounds(t, r, false) {
			if r.Buckets > 0 {
				t.Errorf("%s and %s still differ", r.Left, r.Right)
			}
		}
	})
}

func rounds(t *testing.T, r *control.Remote, look bool) []event.SyncRound {
	t.Helper()
	events, err := r.Compare(t.Context(), look)
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

// A comparison leaves out nodes that are down or paused. After the end of the cluster it fails.
func TestCompareOfWhatIsLeft(t *testing.T) {
	c := begin(t, Options{Mem: true})
	put(t, c, "", "cart", "milk", nil)
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n1"}})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	events, err := c.Compare(t.Context(), false)
	if err != nil || len(events) != 3 {
		t.Fatalf("%d answers, %v", len(events), err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compare(t.Context(), false); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("a cluster that is down: %v", err)
	}
}
