package engine

// Deliberate bugs of package mutant that replace a whole step of the algorithm. In the ordinary
// build mutant.Is is constant, and nothing of them is left.

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

// truncated removes the pasts of versions, as an unlimited truncation of clocks would.
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

// reconcileBadly takes the place of reconcile if it returns true.
func reconcileBadly(a, b vclock.Siblings, lww bool) (s vclock.Siblings, broken bool) {
	switch {
	case mutant.Is(mutant.ArrivalWins) && lww && len(b) > 0:
		return b, true
	case mutant.Is(mutant.EarliestWins) && lww:
		return earliest(a.Merge(b)), true
	case mutant.Is(mutant.TieByLeastDot) && lww:
		return leastOfTie(a, b), true
	case mutant.Is(mutant.AncestorsKept):
		return truncated(a).Merge(truncated(b)), true
	case mutant.Is(mutant.ConcurrentDropped):
		return a.Latest(b), true
	}
	return nil, false
}

// corrupt breaks rec, into which siblings were merged.
func corrupt(rec *record.Record, siblings vclock.Siblings, purpose wire.Purpose) {
	switch {
	case mutant.Is(mutant.AncestorKept) && !rec.LWW:
		for _, v := range siblings {
			if !rec.Siblings.Has(v.Dot) {
				rec.Siblings = append(slices.Clone(rec.Siblings), v)
			}
		}
		slices.SortFunc(rec.Siblings, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	case mutant.Is(mutant.ReplicaReplaced) && purpose == wire.Replicate,
		mutant.Is(mutant.HandoffReplaces) && purpose == wire.Handoff,
		mutant.Is(mutant.RepairReplaces) && purpose == wire.ReadRepair,
		mutant.Is(mutant.SyncReplaces) && purpose == wire.AntiEntropy:
		rec.Siblings = siblings
	case mutant.Is(mutant.TombstoneDropped) && purpose == wire.Replicate,
		mutant.Is(mutant.TombstoneReaped) && purpose != wire.Replicate:
		if len(rec.Siblings.Live()) == 0 {
			rec.Siblings = nil
		}
	}
}

// dropsUnmerged reports whether a bug drops a hint for a node that is not a member without merging
// it.
func (h *handoff) dropsUnmerged(key []byte) bool {
	m := h.n.members
	return mutant.Is(mutant.GoneHintsDropped) ||
		mutant.Is(mutant.RehomedByHomesOnly) && !m.isHome(h.n.cfg.Name, m.preference(key))
}

// dropTooEarly sends a hint and drops it at once, if that bug is switched on.
func (h *handoff) dropTooEarly(home string, key []byte, hint *hints.Hint, w wire.Write) bool {
	if !mutant.Is(mutant.HintDroppedOnSend) {
		return false
	}
	h.n.calls.begin(home, 0, w, h.n.cfg.Timings.Patience, nil)
	h.drop(home, key, event.HintDelivered)
	h.index.Land(home, hint)
	return true
}
