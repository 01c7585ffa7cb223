package sim

import (
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/sim/plan"
)

// Looks tell how many keys differ between their homes, and change nothing. Without a mechanism that
// repairs replicas, keys differ for ever, and no write counts as lost that one home has.
func TestLooks(t *testing.T) {
	differed := 0
	for seed := uint64(1); seed <= 4; seed++ {
		o := calm(seed, 2, 2, plan.Experiment{Off: engine.Off{ReadRepair: true, Handoff: true}})
		o.Nodes, o.Ops, o.Length, o.Faults = 5, 60, time.Minute, []string{plan.Crash, plan.Split}
		p := plan.New(o)
		p.Core, p.Rest = nil, "" // the checker puts nothing in the end
		looks := []time.Duration{0, p.HealAt / 2, p.HealAt, 24 * time.Hour}
		m, ended := Player{Looks: looks}.Measure(p)
		if !ended || len(m.Violations) > 0 || m.Hash != Play(p).Hash {
			t.Fatalf("seed %d: %v, hash %x", seed, m.Violations, m.Hash)
		}
		if len(m.Looks) != 3 || m.Looks[0].Diverged != 0 || m.Looks[2].At != p.HealAt {
			t.Fatalf("seed %d: %+v", seed, m.Looks)
		}
		last := m.Looks[2]
		if before := m.Looks[1].Traffic["writes"].Bytes; last.Traffic["writes"].Bytes <= before || before == 0 {
			t.Errorf("seed %d: %+v", seed, m.Looks)
		}
		if last.Diverged != m.Convergence.Diverged || last.Hints > m.Convergence.Hints {
			t.Errorf("seed %d: %+v, in the end %+v", seed, last, m.Convergence)
		}
		differed += last.Diverged
		if f := m.Fates; f.Kept+f.Stranded == 0 || f.Lost+f.Displaced > 0 {
			t.Errorf("seed %d: %+v", seed, f)
		}
	}
	if differed == 0 {
		t.Error("no key differs")
	}
}
