package engine

// What more than one of the deliberate bugs of package mutant needs. In the ordinary build
// nothing of it is left.

import (
	"cmp"
	"slices"

	"ringside/engine/event"
	"ringside/engine/hints"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// truncated takes the pasts of versions away, as a truncation of clocks would that knows
// no measure.
func truncated(s vclock.Siblings) vclock.Siblings {
	out := make(vclock.Siblings, len(s))
	for i, v := range s {
		v.Past = nil
		out[i] = v
	}
	return out
}

// earliest leaves the first of concurrent versions.
func earliest(s vclock.Siblings) vclock.Siblings {
	if len(s) == 0 {
		return s
	}
	return vclock.Siblings{slices.MinFunc(s, func(a, b vclock.Version) int { return cmp.Compare(a.Time, b.Time) })}
}

// leastOfTie is Latest with the opposite rule for versions of one time.
func leastOfTie(a, b vclock.Siblings) vclock.Siblings {
	all := slices.Concat(a, b)
	if len(all) == 0 {
		return nil
	}
	return vclock.Siblings{slices.MaxFunc(all, func(a, b vclock.Version) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), b.Dot.Compare(a.Dot))
	})}
}

// corrupt breaks what op made of a record when siblings came.
func corrupt(rec *record.Record, siblings vclock.Siblings, op string) {
	switch {
	case mutant.Is(mutant.AncestorKept) && !rec.LWW:
		for _, v := range siblings {
			if !rec.Siblings.Has(v.Dot) {
				rec.Siblings = append(slices.Clone(rec.Siblings), v)
			}
		}
		slices.SortFunc(rec.Siblings, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	case mutant.Is(mutant.ReplicaReplaced) && op == wire.Replicate.String(),
		mutant.Is(mutant.HandoffReplaces) && op == wire.Handoff.String(),
		mutant.Is(mutant.RepairReplaces) && op == wire.ReadRepair.String(),
		mutant.Is(mutant.SyncReplaces) && op == wire.AntiEntropy.String():
		rec.Siblings = siblings
	case mutant.Is(mutant.TombstoneDropped) && op == wire.Replicate.String(),
		mutant.Is(mutant.TombstoneReaped) && op != wire.Replicate.String():
		if len(rec.Siblings.Live()) == 0 {
			rec.Siblings = nil
		}
	}
}

// dropTooEarly sends a hint and drops it at once, if that bug is switched on.
func (h *handoff) dropTooEarly(home string, key []byte, hint *hints.Hint, w wire.Write) bool {
	if !mutant.Is(mutant.HintDroppedOnSend) {
		return false
	}
	h.n.calls.begin(home, 0, w, h.n.cfg.Timings.Patience, call{})
	h.drop(home, key, event.HintDelivered)
	h.index.Land(home, hint)
	return true
}
