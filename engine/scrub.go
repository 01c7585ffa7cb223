package engine

// §5, §4.7: a record can rot on the disk without a change of its tree. Each cycle of anti-entropy
// therefore reads a part of the store again. A record that fails its checksum counts as no record
// from then on. The tree of its range then differs from those of the other homes, which repair it.
// A node that is not a home of the range hands the range over, and drops the record (§4.9).

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
)

// scrub reads the next part of the store, and builds the trees of ranges with damaged records
// again.
func (s *syncer) scrub() {
	n := s.n
	if mutant.Is(mutant.NeverScrubbed) || !n.members.ringKnown() { // without a ring there are no ranges
		return
	}
	var damaged [][]byte
	s.scrubbed = scanPart(n.db, s.scrubbed, func(k, v []byte) bool {
		if _, err := record.Decode(v); err != nil {
			damaged = append(damaged, slices.Clone(k))
		}
		return true
	})
	seen := map[ring.Position]bool{}
	for _, k := range damaged {
		p, key := record.ParseDataKey(k)
		end := keyrange.Range(n.members.ring, p).End
		if seen[end] {
			continue
		}
		seen[end] = true
		n.transfers.handOverDamaged(p)
		if before, after := n.trees.rebuildAt(p); before != after { // equal: the damage is known, and no home can repair it
			n.emit(event.Event{Kind: event.Damaged, Key: key, Message: "a scrub found the record damaged"})
		}
	}
}
