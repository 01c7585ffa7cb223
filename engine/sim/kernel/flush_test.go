package kernel_test

import (
	"testing"

	"ringside/engine/sim"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// While a batch of a node without a buffer is on its way to the disk, nothing leaves the node,
// whether the flush takes long, fails, or ends in a crash.
func TestNothingLeavesDuringAFlush(t *testing.T) {
	var early, flushes, sent int
	for seed := range uint64(12) {
		p := plan.New(plan.Options{Seed: seed, Buffer: -1, Faults: []string{
			plan.CrashInFlush, plan.FailedSync, plan.SlowDisk, plan.LostTail, plan.OldCopy,
		}})
		player := sim.Player{Bug: &kernel.Bug{OnMessage: func(w *kernel.World, m *wire.Message) bool {
			sent++
			if w.Host(m.From).Flushing() {
				early++
			}
			return false
		}}}
		r, _ := player.Play(p)
		flushes += r.Faults[plan.CrashInFlush] + r.Faults[plan.FailedSync]
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", seed, v.Property, v.Detail)
		}
	}
	if early > 0 || flushes == 0 || sent == 0 {
		t.Errorf("%d of %d messages left while a batch was on its way; %d flushes failed or ended in a crash",
			early, sent, flushes)
	}
}

// The kernel can inject every kind of fault that plans have at a time.
func TestEveryFaultIsInjected(t *testing.T) {
	for _, f := range plan.Faults() {
		if plan.Injectable(f.Name) != kernel.Injects(f.Name) {
			t.Errorf("%s: plans inject it %v, the kernel %v", f.Name, plan.Injectable(f.Name), kernel.Injects(f.Name))
		}
	}
}
