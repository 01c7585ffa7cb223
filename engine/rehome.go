package engine

// §4.6, §4.9: hints that are kept for a node which is no member any more go to the homes of now.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// rehomeBatch is how many hints for nodes that are gone are looked after in one step.
const rehomeBatch = 256

// rehomeLater looks after the hints for nodes that are gone, soon.
func (n *Node) rehomeLater() {
	gone := slices.ContainsFunc(n.hints.sortedHomes(), func(h string) bool { return !n.members.has(h) })
	if !gone || n.transfer.rehomes || !n.members.ringKnown() || mutant.Is(mutant.GoneHintsKept) {
		return
	}
	n.transfer.rehomes = true
	n.after(handOverPause, func() {
		n.transfer.rehomes = false
		n.rehome()
	})
}

// rehome makes what is kept for nodes that are gone the node's own, for the homes of now: if
// it is none itself it hands it over like everything that is not its own.
func (n *Node) rehome() {
	left, refused := rehomeBatch, false
	for _, home := range n.hints.sortedHomes() {
		if n.members.has(home) {
			continue
		}
		q := n.hints.queues[home]
		for _, k := range q.oldestKeys(left) {
			left--
			if q.hints[k] == nil {
				continue // it stood in the queue twice
			}
			refused = !n.rehomeHint(home, []byte(k)) || refused
		}
	}
	n.handOverSoon()
	if !refused {
		n.rehomeLater()
		return
	}
	n.transfer.rehomes = true // a key with too many siblings: it waits for somebody to reconcile it
	n.after(n.cfg.Timings.Handoff, func() {
		n.transfer.rehomes = false
		n.rehome()
	})
}

// rehomeHint says whether the hint is gone.
func (n *Node) rehomeHint(home string, key []byte) bool {
	rec, damaged := n.readable(store.Hints, key, record.HintKey(home, key))
	if damaged {
		n.dropHint(home, key, event.HintLost)
		return true
	}
	if mutant.Is(mutant.GoneHintsDropped) || mutant.Is(mutant.RehomedByHomesOnly) && !n.members.isHome(n.cfg.Name, n.members.preference(key)) {
		n.dropHint(home, key, event.HintRehomed)
		return true
	}
	if n.storeHome(key, rec.Siblings, rec.LWW, nil, event.Event{Peer: home, Op: wire.Transfer.String()}) != wire.OK {
		n.hints.queues[home].toEnd(string(key))
		return false
	}
	n.dropHint(home, key, event.HintRehomed)
	return true
}
