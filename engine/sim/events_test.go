package sim

import (
	"testing"

	"ringside/engine/event"
	"ringside/engine/sim/plan"
)

// Each event of a simulated cluster has the fields of its kind, and no others.
func TestEventsHaveTheFieldsOfTheirKinds(t *testing.T) {
	seen := map[event.Kind]bool{}
	for seed := uint64(1); seed <= 12; seed++ {
		player := Player{Watch: func(e event.Event) {
			seen[e.Kind] = true
			if err := e.Check(); err != nil && !t.Failed() {
				t.Errorf("seed %d: %v: %+v", seed, err, e)
			}
		}}
		player.Play(plan.New(plan.Options{Seed: seed}))
	}
	for _, k := range []event.Kind{
		event.Cluster, event.Stored, event.HintStored, event.Replied, event.SyncDone, event.State,
	} {
		if !seen[k] {
			t.Errorf("no run had an event of kind %s", k)
		}
	}
}
