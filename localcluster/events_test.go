package localcluster

import (
	"testing"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
)

// Each event of a running cluster and of its snapshots has the fields of its kind, and no others.
func TestEventsHaveTheFieldsOfTheirKinds(t *testing.T) {
	c := begin(t, Options{Name: "events", Mem: true,
		Settings: settings.Cluster{Nodes: []string{"n1", "n2", "n3", "n4"}}})
	check := func(events []event.Event) error {
		for _, e := range events {
			if err := e.Check(); err != nil {
				t.Errorf("%v: %+v", err, e)
			}
		}
		return nil
	}
	snapshot := func() {
		t.Helper()
		events, err := c.Snapshot(t.Context(), []byte("cart"), []byte("nothing"))
		if err != nil {
			t.Fatal(err)
		}
		_ = check(events)
	}
	put(t, c, "n1", "cart", "milk", nil)
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4"}}})
	put(t, c, "n1", "cart", "eggs", nil)
	put(t, c, "n3", "cart", "bread", nil)
	snapshot()
	do(t, c, fault.Fault{Kind: fault.Heal})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n4"}})
	get(t, c, "n1", "cart")
	snapshot()
	if err := c.Events(t.Context(), event.Query{}, check); err != nil {
		t.Fatal(err)
	}
}
