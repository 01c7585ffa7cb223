package tombstone

import "ringside/engine/wire"

// MaxBatches bounds the batches that a node has under way. Each takes at least one grace.
const MaxBatches = 32

// Batches holds the batches that a node has under way.
type Batches struct {
	byID   map[uint64]*Batch
	active map[string]bool // keys in the batches
}

// A Batch is a set of tombstones that their first home wants to collect.
//
// Invariant: no member has objected to any of Tombstones, except in answers to the present
// question.
type Batch struct {
	ID         uint64
	Tombstones []wire.Tombstone
	objected   []bool // in answer to this question, by index of Tombstones
	waiting    int    // members that have not answered this question
	over       bool
}

// NewBatches returns Batches without a batch.
func NewBatches() *Batches {
	return &Batches{byID: map[uint64]*Batch{}, active: map[string]bool{}}
}

// Len returns the number of batches.
func (b *Batches) Len() int { return len(b.byID) }

// Full reports whether there is no room for another batch.
func (b *Batches) Full() bool { return len(b.byID) >= MaxBatches }

// Active reports whether a batch contains the key.
func (b *Batches) Active(key []byte) bool { return b.active[string(key)] }

// ActiveLen returns the number of keys in all batches.
func (b *Batches) ActiveLen() int { return len(b.active) }

// Begin adds a batch. The id is greater than those of earlier batches.
func (b *Batches) Begin(id uint64, tombstones []wire.Tombstone) *Batch {
	batch := &Batch{ID: id, Tombstones: tombstones}
	b.byID[id] = batch
	for _, t := range tombstones {
		b.active[string(t.Key)] = true
	}
	return batch
}

// End gives a batch up, or ends it after its tombstones were collected. It returns false if the
// batch was over already.
func (b *Batches) End(batch *Batch) bool {
	if batch.over {
		return false
	}
	batch.over = true
	delete(b.byID, batch.ID)
	for _, t := range batch.Tombstones {
		delete(b.active, string(t.Key))
	}
	return true
}

// Over reports whether the batch has ended.
func (b *Batch) Over() bool { return b.over }

// Ask begins one of the two questions, which the caller asks so many members.
func (b *Batch) Ask(members int) {
	b.objected, b.waiting = make([]bool, len(b.Tombstones)), members
}

// Answer takes a member's answers, one for each tombstone. It returns true if the answer is the
// last one to the question. The batch then keeps only the tombstones that no member objected to.
func (b *Batches) Answer(batch *Batch, answers []wire.CollectAnswer) (last bool) {
	for i, a := range answers {
		batch.objected[i] = batch.objected[i] || a != wire.CollectAgreed
	}
	if batch.waiting--; batch.waiting > 0 {
		return false
	}
	var agreed []wire.Tombstone
	for i, t := range batch.Tombstones {
		if batch.objected[i] {
			delete(b.active, string(t.Key))
		} else {
			agreed = append(agreed, t)
		}
	}
	batch.Tombstones = agreed
	return true
}
