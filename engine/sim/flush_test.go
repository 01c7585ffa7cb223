package sim

import (
	"testing"

	"ringside/engine/wire"
)

// While a batch of a node without a buffer is on its way to the disk nothing leaves the node, whether the flush
// takes long, fails, or ends in a crash.
func TestNothingLeavesDuringAFlush(t *testing.T) {
	var early, flushes, sent int
	for seed := range uint64(12) {
		p := NewPlan(Options{Seed: seed, Buffer: -1, Faults: []string{flushCrashKind, failedSyncKind, diskSlowKind, lostTailKind, oldCopyKind}})
		p.bug = &bug{
			onMessage: func(w *world, m *wire.Message) bool {
				sent++
				if w.hosts[m.From].flight != nil {
					early++
				}
				return false
			},
			onReply: func(r wire.ClientReply) wire.ClientReply { return r },
		}
		r := Play(p, nil)
		flushes += r.Faults[flushCrashKind] + r.Faults[failedSyncKind]
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", seed, v.Property, v.Detail)
		}
	}
	if early > 0 || flushes == 0 || sent == 0 {
		t.Errorf("%d of %d messages left while a batch was on its way; %d flushes failed or ended in a crash", early, sent, flushes)
	}
}
