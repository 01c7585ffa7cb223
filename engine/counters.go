package engine

// §4.4: counters that are kept apart from records. A record goes when a fallback delivers its
// replica to the home, when a key range moves to its new homes, and when a tombstone is collected.
// The last dot that this node minted for the key stays in the space store.Own, in about 50 bytes.
// If the node stamps the key again, it continues after that dot.
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

// counters mints the node's dots, and keeps what proves the latest dot of each key.
type counters struct {
	n      *Node
	self   record.Self           // the incarnation, and the number of epochs begun in it
	kept   int                   // entries of the space store.Own
	floors map[uint16]record.Own // by part of the ring (record.FloorPart)
	next   []byte                // the key at which the next fold begins; nil: the first key
}

func newCounters(n *Node) *counters { return &counters{n: n, floors: map[uint16]record.Own{}} }

// floor returns the dot above which a key that has no counter of its own starts in epoch.
func (c *counters) floor(stored []byte, epoch uint64) record.Own {
	if f := c.floors[record.FloorPart(stored)]; f.Epoch == epoch {
		return f
	}
	return record.Own{Epoch: epoch}
}

// load takes an incarnation, counts the counters in the store, and reads the floors.
func (c *counters) load() error {
	if err := c.loadSelf(); err != nil {
		return err
	}
	if err := c.loadKept(); err != nil {
		return err
	}
	return c.loadFloors()
}

// loadKept counts the counters that are kept apart from records.
func (c *counters) loadKept() error {
	var unknown [][]byte
	err := c.n.db.Scan(store.Own, nil, nil, func(k, _ []byte) bool {
		if record.IsDataKey(k) {
			c.kept++
		} else {
			unknown = append(unknown, slices.Clone(k))
		}
		return true
	})
	if err == nil {
		c.n.records.discard(store.Own, unknown)
	}
	return err
}

// loadFloors reads the floors. A damaged floor begins a new epoch.
func (c *counters) loadFloors() error {
	var damaged [][]byte
	from, to := record.FloorKeys()
	err := c.n.db.Scan(store.Meta, from, to, func(k, v []byte) bool {
		part, ok := record.ParseFloorKey(k)
		own, err := record.DecodeOwn(v)
		if err != nil || !ok {
			damaged = append(damaged, slices.Clone(k))
			return true
		}
		c.floors[part] = own
		return true
	})
	for _, k := range damaged {
		c.n.write(store.Meta, k, nil) // otherwise each start begins an epoch
	}
	if len(damaged) > 0 {
		c.beginEpoch()
	}
	return err
}

// read returns the counter of a key that is kept apart from the record. It returns the zero Own if
// there is none.
func (c *counters) read(stored []byte) (record.Own, error) {
	if c.kept == 0 {
		return record.Own{}, nil
	}
	b, err := c.n.db.Get(store.Own, stored)
	if err != nil || b == nil {
		return record.Own{}, err
	}
	return record.DecodeOwn(b)
}

// keep keeps own as the last dot that this node minted for a key, if own is of this incarnation.
func (c *counters) keep(stored []byte, own record.Own) {
	if own = c.trusted(own); own.Counter == 0 || mutant.Is(mutant.CounterDropped) {
		return
	}
	if old, err := c.n.db.Get(store.Own, stored); err == nil && old == nil {
		c.kept++
	}
	c.n.write(store.Own, stored, record.EncodeOwn(own))
	if c.kept > maxCounters || c.n.buggify(FewCounters) {
		c.foldSome()
	}
}

// drop deletes the kept counter of a key whose record holds a later counter now. If the record is
// damaged after that, no old counter comes back.
func (c *counters) drop(stored []byte) {
	if c.kept == 0 {
		return
	}
	if b, err := c.n.db.Get(store.Own, stored); err == nil && b == nil {
		return
	}
	c.kept--
	c.n.write(store.Own, stored, nil)
}

// keepLatest keeps own, the counter of a record that is deleted, unless a later counter of the key
// is kept already. If the kept counter is damaged, a new epoch begins.
func (c *counters) keepLatest(stored []byte, own record.Own) {
	kept, err := c.read(stored)
	if err != nil {
		c.beginEpoch()
		return
	}
	if own = c.trusted(own); latestOwn(c.trusted(kept), own) == own {
		c.keep(stored, own)
	}
}

// foldSome moves some of the kept counters into floors, or into the records of their keys.
func (c *counters) foldSome() {
	type entry struct {
		key []byte
		own record.Own
		err error
	}
	var batch []entry
	from := c.next
	c.next = nil
	_ = c.n.db.Scan(store.Own, from, nil, func(k, v []byte) bool {
		if len(batch) >= foldBatch {
			c.next = slices.Clone(k)
			return false
		}
		own, err := record.DecodeOwn(v)
		batch = append(batch, entry{slices.Clone(k), own, err})
		return true
	})
	for _, e := range batch {
		c.kept--
		c.n.write(store.Own, e.key, nil)
		if e.err != nil {
			c.beginEpoch()
			continue
		}
		c.fold(e.key, c.trusted(e.own))
	}
}

// fold keeps own in the key's record if there is one, and in a floor otherwise.
func (c *counters) fold(stored []byte, own record.Own) {
	if own.Counter == 0 {
		return
	}
	rec, err := c.n.records.read(store.Data, stored)
	switch {
	case err != nil:
		c.beginEpoch()
		return
	case len(rec.Siblings) > 0:
		rec.Own = latestOwn(c.trusted(rec.Own), own)
		c.n.write(store.Data, stored, record.Encode(rec))
		return
	case own.Epoch != c.epoch(): // a key without a counter starts in the current epoch
		return
	}
	f := record.FloorPart(stored)
	if floor := c.floor(stored, own.Epoch); own.Counter > floor.Counter && !mutant.Is(mutant.FloorForgotten) {
		c.floors[f] = own
		c.n.write(store.Meta, record.FloorKey(f), record.EncodeOwn(own))
	}
}
