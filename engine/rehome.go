package engine

// §4.6, §4.9: hints for a node that is no longer a member go to the key's present homes.

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// rehomeBatch bounds the hints that one step rehomes.
const rehomeBatch = 256

// rehomeSoon plans a call of rehome if there are hints for nodes that are not members.
func (h *handoff) rehomeSoon() {
	if h.n.cfg.Off.Handoff {
		return
	}
	gone := slices.ContainsFunc(h.index.Homes(), func(home string) bool { return !h.n.members.has(home) })
	if gone && !h.rehoming && h.n.members.ringKnown() && !mutant.Is(mutant.GoneHintsKept) {
		h.rehomeAfter(handOverPause)
	}
}

func (h *handoff) rehomeAfter(d time.Duration) {
	h.rehoming = true
	h.n.after(d, func() {
		h.rehoming = false
		h.rehome()
	})
}

// rehome makes hints for nodes that are not members records of this node. If this node is not a
// home of such a record it hands the record over to the homes, as it does with every record of that
// kind.
func (h *handoff) rehome() {
	left, refused := rehomeBatch, false
	for _, home := range h.index.Homes() {
		if h.n.members.has(home) {
			continue
		}
		for _, key := range h.index.OldestKeys(home, left) {
			left--
			if h.index.Get(home, key) != nil { // nil: the key was listed twice
				refused = !h.rehomeHint(home, key) || refused
			}
		}
	}
	h.n.transfers.resumeSoon()
	if refused { // the key has too many siblings until a client reconciles it
		h.rehomeAfter(h.n.cfg.Timings.Handoff)
		return
	}
	h.rehomeSoon()
}

// rehomeHint reports whether the hint is gone.
func (h *handoff) rehomeHint(home string, key []byte) bool {
	n := h.n
	rec, damaged := n.records.readForMerge(store.Hints, key, record.HintKey(home, key))
	if damaged {
		h.drop(home, key, event.HintLost)
		return true
	}
	if !h.dropsUnmerged(key) {
		u := update{key: key, siblings: rec.Siblings, lww: rec.LWW, purpose: wire.Transfer, peer: home}
		if n.records.merge(u) != wire.OK {
			h.index.Postpone(home, key)
			return false
		}
	}
	h.drop(home, key, event.HintRehomed)
	return true
}
