package engine

// §4.9: a change of the ring moves key ranges between nodes. A node waits for the ranges of which
// it becomes a home (arrivals.go), and hands over those of which it is no longer a home
// (transfer.go). Here a change of the ring decides which ranges those are, and the store remembers
// them, so that a crash does not end a move.

import (
	"cmp"
	"maps"
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/mutant"
	"ringside/engine/pending"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
)

// wholeShare is the part of a range from which on a node that loses it loses the whole range. It is
// less than 1, because the sizes of shifts are rounded.
const wholeShare = .999

// moves decides which ranges move, and keeps a record of each in the store.
type moves struct {
	n       *Node
	changed map[event.Span]bool // ranges whose record is to be written at the end of this step
}

func newMoves(n *Node) *moves { return &moves{n: n, changed: map[event.Span]bool{}} }

// mark notes that the record of a range is to be written at the end of this step.
func (m *moves) mark(id keyrange.ID) { m.changed[*spanOf(id)] = true }

// load goes on with the moves that the store remembers. It ignores a damaged record: the new homes
// ask for the range again.
func (m *moves) load() error {
	if !m.n.members.ringKnown() {
		return nil
	}
	from, to := record.RangeKeys()
	return m.n.db.Scan(store.Meta, from, to, func(_, v []byte) bool {
		if kept, err := record.DecodeMembership(v); err == nil {
			m.resume(kept)
		}
		return true
	})
}

// resume goes on with the moves in a record.
func (m *moves) resume(kept record.Membership) {
	r := m.n.members.ring
	for _, p := range kept.Pending {
		m.n.arrivals.await(keyrange.At(r, p.End), p.From)
	}
	for _, p := range kept.Lost {
		if id := keyrange.At(r, p.End); id.Start == p.Start && id.End == p.End {
			m.n.transfers.keepComplete(id, true)
		}
	}
	for _, p := range slices.Concat(kept.Pending, kept.Lost) {
		if id := keyrange.At(r, p.End); !id.HasHomes(r, m.n.cfg.Name) {
			m.n.transfers.handover(id)
		}
	}
}

// save writes the records of the ranges that changed in this step.
func (m *moves) save() {
	if len(m.changed) == 0 {
		return
	}
	spans := slices.SortedFunc(maps.Keys(m.changed), func(a, b event.Span) int {
		return cmp.Or(a.End.Compare(b.End), a.Start.Compare(b.Start))
	})
	for _, s := range spans {
		m.n.write(store.Meta, record.RangeKey(s.Start, s.End), m.record(s))
	}
	clear(m.changed)
}

// record returns the record of a range, nil if the range does not move.
func (m *moves) record(s event.Span) []byte {
	if !m.n.members.ringKnown() {
		return nil
	}
	id := keyrange.At(m.n.members.ring, s.End)
	if id.Start != s.Start || id.End != s.End {
		return nil
	}
	var kept record.Membership
	if p := m.n.arrivals.ranges.Get(id); p != nil && !mutant.Is(mutant.PendingUnsaved) {
		kept.Pending = []record.PendingRange{{Start: s.Start, End: s.End, From: p.From()}}
	}
	if m.n.transfers.kept[id] {
		kept.Lost = []record.PendingRange{{Start: s.Start, End: s.End}}
	}
	if kept.Pending == nil && kept.Lost == nil {
		return nil
	}
	return record.EncodeMembership(kept)
}

// ringChanged finds the ranges that the node waits for and those that it hands over on a new ring.
// before holds the rings from the one that the node knew to the last but one. beside are the rings
// of members.ringsBeside.
func (m *moves) ringChanged(before, beside []*ring.Ring) {
	n, r := m.n, m.n.members.ring
	n.arrivals.recut()
	n.transfers.recutKept()
	given := map[keyrange.ID]float64{} // by range: the part of the key space in it that the node was a home of
	for i, old := range before {
		for _, s := range ring.Shifts(old, r) {
			switch {
			case slices.Contains(s.Gained(), n.cfg.Name):
				n.arrivals.awaitShift(s)
			case i == 0 && slices.Contains(s.Lost(), n.cfg.Name):
				given[keyrange.At(r, s.End)] += s.Size()
			}
		}
	}
	for _, other := range beside {
		if len(other.Members()) == 0 {
			continue
		}
		for _, s := range ring.Shifts(other, r) {
			if slices.Contains(s.Gained(), n.cfg.Name) {
				n.arrivals.awaitShift(s)
			}
		}
	}
	n.arrivals.awaitPassedOn(before)
	for _, id := range keyrange.Sorted(given) {
		n.transfers.handover(id)
		n.transfers.keepComplete(id, given[id] > wholeShare*id.Size() && n.arrivals.ranges.Get(id) == nil)
		m.mark(id)
	}
	n.arrivals.forgetComplete()
	n.transfers.recut()
	n.arrivals.recutTransfers()
}

// role says in which role the node may answer for a key: as a home, as a node that waits for the
// range (then waits is not nil), or as neither. A node that has lost the whole range answers as a
// home until it has handed the range over.
func (m *moves) role(key []byte) (home bool, waits *pending.Range) {
	id := keyrange.At(m.n.members.ring, m.n.position(key))
	if p := m.n.arrivals.ranges.Get(id); p != nil {
		return false, p
	}
	return m.n.transfers.kept[id] || m.n.members.isHome(m.n.cfg.Name, m.n.members.preference(key)), nil
}
