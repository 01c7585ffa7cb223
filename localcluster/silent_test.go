package localcluster

import (
	"testing"

	"ringside/engine/fault"
	"ringside/engine/view"
)

// For a node that does not answer, a snapshot has its last known state, marked as such.
func TestSilentNodesKeepTheirCounts(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		c := begin(t, o)
		put(t, c, "", "cart", "milk", nil)
		await(t, "three replicas", func() bool {
			v := viewOf(t, c)
			return v.Node("n3").Keys == 1 && v.Node("n4").Keys == 1 && v.Node("n5").Keys == 1
		})
		check := func(what string, name string, status view.Status, current bool) {
			t.Helper()
			n := viewOf(t, c).Node(name)
			if n.Keys != 1 || n.Status != status || n.Current() != current {
				t.Errorf("%s: %s is %s with %d keys, current %v", what, name, n.Status, n.Keys, n.Current())
			}
		}
		do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n3"}})
		check("paused", "n3", view.Paused, false)
		do(t, c, fault.Fault{Kind: fault.Resume, Nodes: []string{"n3"}})
		check("resumed", "n3", view.Up, true)
		do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n4"}})
		check("killed", "n4", view.Down, false)

		l := c.registry.node("n5").current.Load()
		l.turnMu.Lock() // the node is busy for longer than a snapshot waits
		check("busy", "n5", view.Up, false)
		l.turnMu.Unlock()
		check("no longer busy", "n5", view.Up, true)

		do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n3"}})
		do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
		check("killed while paused", "n3", view.Down, false)
		do(t, c, fault.Fault{Kind: fault.Wipe, Nodes: []string{"n3"}})
		if n := viewOf(t, c).Node("n3"); !n.Current() {
			t.Errorf("a wiped node that runs is %s, current %v", n.Status, n.Current())
		}
	})
}
