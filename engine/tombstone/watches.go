package tombstone

import (
	"slices"
	"time"

	"ringside/engine/wire"
)

// MaxWatched bounds the keys that a node watches for all others together. Each takes about 200
// bytes.
const MaxWatched = 1 << 16

// Watches holds the keys that a node watches. A restart of the node ends all watches, because they
// are not stored.
type Watches struct {
	byKey   map[string]watch
	batches map[string][]watched // by the node that asked: its batches that are watched, oldest first
	newest  map[string]uint64    // by the node that asked: its newest batch
}

// watch says that the node has held nothing of a key but a tombstone since it was first asked.
type watch struct {
	by      string
	batch   uint64
	state   uint64
	dropped bool // the tombstone was collected
}

// watched is what the node watches for one batch.
type watched struct {
	batch uint64
	keys  []string
	until time.Duration // the node that asked has given up by then
}

// NewWatches returns Watches without a watch.
func NewWatches() *Watches {
	return &Watches{byKey: map[string]watch{}, batches: map[string][]watched{}, newest: map[string]uint64{}}
}

// Len returns the number of watched keys.
func (w *Watches) Len() int { return len(w.byKey) }

// Full reports whether there is no room for another key.
func (w *Watches) Full() bool { return len(w.byKey) >= MaxWatched }

// Watching reports whether the key is watched.
func (w *Watches) Watching(key []byte) bool {
	_, ok := w.byKey[string(key)]
	return ok
}

// Asked reports whether a node has asked for this batch, or a later one, before. A repeated
// question must not begin a watch again.
func (w *Watches) Asked(by string, batch uint64) bool { return batch <= w.newest[by] }

// A FirstQuestion collects the watches that the first question of a batch begins.
type FirstQuestion struct {
	w     *Watches
	by    string
	batch uint64
	keys  []string
}

// FirstQuestion begins the first question of a batch.
func (w *Watches) FirstQuestion(by string, batch uint64) *FirstQuestion {
	return &FirstQuestion{w: w, by: by, batch: batch}
}

// Watch begins to watch a key, which the node agreed to. A watch of the key for another batch ends.
func (q *FirstQuestion) Watch(t wire.Tombstone) {
	q.w.byKey[string(t.Key)] = watch{by: q.by, batch: q.batch, state: t.State}
	q.keys = append(q.keys, string(t.Key))
}

// End ends the question. Expire ends its watches at until.
func (q *FirstQuestion) End(until time.Duration) {
	q.w.newest[q.by] = q.batch
	q.w.batches[q.by] = append(q.w.batches[q.by], watched{q.batch, q.keys, until})
}

// Holds reports whether the watch of a tombstone that the batch began has not ended.
func (w *Watches) Holds(by string, batch uint64, t wire.Tombstone) bool {
	return w.byKey[string(t.Key)] == watch{by: by, batch: batch, state: t.State}
}

// Stored ends the watch of a key if the node now holds another state of the key. A tombstone that
// was collected stays known: the node may have dropped its record.
func (w *Watches) Stored(key []byte, state uint64) {
	if k, ok := w.byKey[string(key)]; ok && !k.dropped && k.state != state {
		delete(w.byKey, string(key))
	}
}

// Forget ends all watches, because the node cannot stand by its earlier answers.
func (w *Watches) Forget() {
	clear(w.byKey)
	clear(w.batches)
}

// Expire ends the watches of batches that are over by now.
func (w *Watches) Expire(now time.Duration) {
	for by, batches := range w.batches {
		w.batches[by] = slices.DeleteFunc(batches, func(b watched) bool {
			if now < b.until {
				return false
			}
			for _, key := range b.keys {
				if k := w.byKey[key]; k.by == by && k.batch == b.batch {
					delete(w.byKey, key)
				}
			}
			return true
		})
	}
}

// Collected notes that a tombstone of a batch was collected.
func (w *Watches) Collected(batch uint64, t wire.Tombstone) {
	if k, ok := w.byKey[string(t.Key)]; ok && k.batch == batch && k.state == t.State {
		k.dropped = true
		w.byKey[string(t.Key)] = k
	}
}

// WasCollected reports whether a tombstone of the key was collected a while ago, and returns its
// state and its batch.
func (w *Watches) WasCollected(key []byte) (state, batch uint64, ok bool) {
	k, ok := w.byKey[string(key)]
	return k.state, k.batch, ok && k.dropped
}
