package engine

// §4.4: counters that are kept apart from records. A record goes when a stand-in hands its replica
// home, when a key range moves to its new homes, and when a tombstone is collected. The last dot
// that this node minted for the key stays in the space store.Own, in about 50 bytes. If the node
// stamps the key again, it counts on.
//
// Invariant: a kept counter is not older than the counter in the record of its key.
//
// The number of kept counters is bounded. Beyond the bound the node folds some of them into floors.
// A floor is the highest folded counter of a part of the ring. A key of that part without a counter
// of its own starts above the floor.

import (
	"slices"

	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
)

const (
	// maxCounters bounds the counters that a node keeps apart from records. It is the bound of
	// hints.
	maxCounters = 1 << 20
	// foldBatch is the number of counters that are folded at once. It bounds the writes of a step.
	foldBatch = 64
)

// counters is the index in memory of the space store.Own.
type counters struct {
	kept   int                   // entries of the space
	floors map[uint16]record.Own // by part of the ring (record.FloorPart)
	next   []byte                // the key at which the next fold begins; nil: the first key
}

// floor returns the dot above which a key that has no counter of its own starts in epoch.
func (c *counters) floor(dbKey []byte, epoch uint64) record.Own {
	if f := c.floors[record.FloorPart(dbKey)]; f.Epoch == epoch {
		return f
	}
	return record.Own{Epoch: epoch}
}

// loadCounters counts the counters in the store and reads the floors. A damaged floor begins a new
// epoch.
func (n *Node) loadCounters() error {
	n.counters = &counters{floors: map[uint16]record.Own{}}
	var strange [][]byte
	err := n.db.Scan(store.Own, nil, nil, func(k, _ []byte) bool {
		if n.counters.kept++; !record.IsDataKey(k) {
			strange = append(strange, slices.Clone(k))
		}
		return true
	})
	if err != nil {
		return err
	}
	n.counters.kept -= len(strange)
	n.discard(store.Own, strange)
	var damaged [][]byte
	from, to := record.FloorKeys()
	err = n.db.Scan(store.Meta, from, to, func(k, v []byte) bool {
		part, ok := record.ParseFloorKey(k)
		own, err := record.DecodeOwn(v)
		if err != nil || !ok {
			damaged = append(damaged, slices.Clone(k))
			return true
		}
		n.counters.floors[part] = own
		return true
	})
	for _, k := range damaged {
		n.write(store.Meta, k, nil) // otherwise each start begins an epoch
	}
	if len(damaged) > 0 {
		n.beginEpoch()
	}
	return err
}

// keptCounter reads the counter of a key that is kept apart from the record. It returns the zero
// Own if there is none.
func (n *Node) keptCounter(dbKey []byte) (record.Own, error) {
	if n.counters.kept == 0 {
		return record.Own{}, nil
	}
	b, err := n.db.Get(store.Own, dbKey)
	if err != nil || b == nil {
		return record.Own{}, err
	}
	return record.DecodeOwn(b)
}

// keepCounter keeps own as the last dot that this node minted for a key, if own is of this
// incarnation.
func (n *Node) keepCounter(dbKey []byte, own record.Own) {
	if own = n.trusted(own); own.Counter == 0 || mutant.Is(mutant.CounterDropped) {
		return
	}
	if old, err := n.db.Get(store.Own, dbKey); err == nil && old == nil {
		n.counters.kept++
	}
	n.write(store.Own, dbKey, record.EncodeOwn(own))
	if n.counters.kept > maxCounters || n.odd(FewCounters) {
		n.foldCounters()
	}
}

// dropCounter deletes the kept counter of a key whose record holds a later counter now. If the
// record is damaged after that, no old counter comes back.
func (n *Node) dropCounter(dbKey []byte) {
	if n.counters.kept == 0 {
		return
	}
	if b, err := n.db.Get(store.Own, dbKey); err == nil && b == nil {
		return
	}
	n.counters.kept--
	n.write(store.Own, dbKey, nil)
}

// deleteRecord deletes a record and keeps the counter in it. A damaged record may have held any
// counter, so a new epoch begins. deleteRecord reads the record itself, because a fold in this step
// may have moved a kept counter into the record.
func (n *Node) deleteRecord(dbKey []byte) {
	rec, err := n.record(store.Data, dbKey)
	n.write(store.Data, dbKey, nil) // first, so that a fold does not move the counter back into the record
	if err != nil {
		n.beginEpoch()
		return
	}
	kept, err := n.keptCounter(dbKey)
	if err != nil {
		n.beginEpoch()
		return
	}
	if own := n.trusted(rec.Own); latestOwn(n.trusted(kept), own) == own {
		n.keepCounter(dbKey, own)
	}
}

// foldCounters moves some of the kept counters into floors, or into the records of their keys.
func (n *Node) foldCounters() {
	type entry struct {
		key []byte
		own record.Own
		err error
	}
	var batch []entry
	from := n.counters.next
	n.counters.next = nil
	_ = n.db.Scan(store.Own, from, nil, func(k, v []byte) bool {
		if len(batch) >= foldBatch {
			n.counters.next = slices.Clone(k)
			return false
		}
		own, err := record.DecodeOwn(v)
		batch = append(batch, entry{slices.Clone(k), own, err})
		return true
	})
	for _, e := range batch {
		n.counters.kept--
		n.write(store.Own, e.key, nil)
		if e.err != nil {
			n.beginEpoch()
			continue
		}
		n.fold(e.key, n.trusted(e.own))
	}
}

// fold keeps own in the key's record if there is one, and in a floor otherwise.
func (n *Node) fold(dbKey []byte, own record.Own) {
	if own.Counter == 0 {
		return
	}
	rec, err := n.record(store.Data, dbKey)
	switch {
	case err != nil:
		n.beginEpoch()
		return
	case len(rec.Siblings) > 0:
		rec.Own = latestOwn(n.trusted(rec.Own), own)
		n.write(store.Data, dbKey, record.Encode(rec))
		return
	case own.Epoch != n.epoch(): // a key without a counter starts in the current epoch
		return
	}
	f := record.FloorPart(dbKey)
	if floor := n.counters.floor(dbKey, own.Epoch); own.Counter > floor.Counter && !mutant.Is(mutant.FloorForgotten) {
		n.counters.floors[f] = own
		n.write(store.Meta, record.FloorKey(f), record.EncodeOwn(own))
	}
}
