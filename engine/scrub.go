package engine

// §5, §4.7: a record can rot on the disk, and its tree would go on telling that all
// is well. So a little of the store is read again in every cycle of anti-entropy: a record
// that fails its checksum counts as none from then on, its range differs from those of the
// other homes, and they mend it.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
)

// What one look reads, whichever comes first: a few milliseconds of a node's time.
const (
	lookRecords = 1024
	lookBytes   = 1 << 20
)

// readOn shows fn a little of the records, from the key where the last look stopped, until fn has enough,
// and returns where to go on; nil is the beginning.
func (n *Node) readOn(from []byte, fn func(k, v []byte) (more bool)) (next []byte) {
	records, size, more := 0, 0, true
	_ = n.db.Scan(store.Data, from, nil, func(k, v []byte) bool {
		if !more || records >= lookRecords || size >= lookBytes {
			next = slices.Clone(k)
			return false
		}
		records++
		size += len(v)
		more = fn(k, v)
		return true
	})
	return next
}

// scrub reads on from where it stopped the last time, and begins again at the end.
func (n *Node) scrub() {
	if mutant.Is(mutant.NeverScrubbed) || len(n.members.ring.Members()) == 0 { // who is to join, and has forgotten whom, knows no ranges
		return
	}
	var damaged [][]byte
	n.sync.scrubbed = n.readOn(n.sync.scrubbed, func(k, v []byte) bool {
		if _, err := record.Decode(v); err != nil {
			damaged = append(damaged, slices.Clone(k))
		}
		return true
	})
	seen := map[ring.Position]bool{}
	for _, k := range damaged {
		p, key := record.ParseDataKey(k)
		if end := n.rangeAt(p).End; !seen[end] {
			seen[end] = true
			if before, after := n.regrow(p); before != after { // or it was found before, and nobody has anything better
				n.emit(event.Event{Kind: event.Damaged, Key: key, Message: "a scrub found the record damaged"})
			}
		}
	}
}
