package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/splitmix"
	"ringside/engine/store"
)

// A disk is what of a node outlives it: batches are whole or not there at all,
// what was synced stays unless something is made to destroy it.
type disk struct {
	mem      *store.Mem
	undo     [][]store.Write // what the latest batches replaced, newest last
	tail     int             // how many of them are remembered
	slowdown float64
	failing  float64 // chance that a sync fails
	rate     int     // bytes a second; 0: any number in no time
	steady   bool    // it never stalls
}

// maxSync bounds the longest stall of a flush.
const maxSync = 5 * time.Second

// maxUndo is how many of the latest batches a damaged journal can lose.
const maxUndo = 32

// newDisk returns an empty disk that can lose its latest tail batches.
func newDisk(tail int) *disk { return &disk{mem: store.NewMem(), slowdown: 1, tail: tail} }

var _ store.Reader = (*disk)(nil)

func (d *disk) Get(s store.Space, key []byte) ([]byte, error) { return d.mem.Get(s, key) }

func (d *disk) Scan(s store.Space, from, to []byte, fn func(k, v []byte) bool) error {
	return d.mem.Scan(s, from, to, fn)
}

// sync draws how long a flush takes, mostly a fraction of a millisecond, now and
// then a stall, and whether it fails.
func (d *disk) sync(r *rand.Rand) (took time.Duration, fails bool) {
	took = 100*time.Microsecond + exp(r, 300*time.Microsecond)
	if chance(r, .002) && !d.steady {
		took += exp(r, 200*time.Millisecond)
	}
	return min(time.Duration(float64(took)*d.slowdown), maxSync), chance(r, d.failing)
}

// transfer is how long the bytes of a batch take.
func (d *disk) transfer(batch []store.Write) time.Duration {
	if d.rate == 0 {
		return 0
	}
	size := 0
	for _, w := range batch {
		size += len(w.Key) + len(w.Value)
	}
	return time.Duration(size) * time.Second / time.Duration(d.rate)
}

func (d *disk) apply(batch []store.Write) {
	if d.tail == 0 {
		d.mem.Apply(batch, true)
		return
	}
	back := make([]store.Write, 0, len(batch))
	for i, w := range batch {
		old, _ := d.mem.Get(w.Space, w.Key)
		back = append(back, store.Write{Space: w.Space, Key: w.Key, Value: old})
		d.mem.Apply(batch[i:i+1], true)
	}
	d.undo = append(d.undo, back)
	if len(d.undo) > d.tail {
		d.undo = d.undo[1:]
	}
}

// dropTail loses the latest k batches although they were synced, as a
// recovery from a damaged journal does.
func (d *disk) dropTail(k int) {
	for range min(k, len(d.undo)) {
		back := d.undo[len(d.undo)-1]
		d.undo = d.undo[:len(d.undo)-1]
		slices.Reverse(back)
		d.mem.Apply(back, true)
	}
}

// flip damages one bit of one value in s, and says whether there was one.
func (d *disk) flip(s store.Space, which int) bool {
	var keys [][]byte
	d.mem.Scan(s, nil, nil, func(k, _ []byte) bool {
		keys = append(keys, slices.Clone(k))
		return true
	})
	if len(keys) == 0 {
		return false
	}
	key := keys[which%len(keys)]
	v, _ := d.mem.Get(s, key)
	v = slices.Clone(v)
	bit := splitmix.Next(uint64(which)) % uint64(8*len(v))
	v[bit/8] ^= 1 << (bit % 8)
	d.mem.Apply([]store.Write{{Space: s, Key: key, Value: v}}, true)
	d.undo = nil // it would bring back what the damage replaced
	return true
}

// wipe loses everything.
func (d *disk) wipe() { d.mem, d.undo = store.NewMem(), nil }

// copy returns a copy of what the disk holds.
func (d *disk) copy() *store.Mem {
	out := store.NewMem()
	for _, s := range []store.Space{store.Data, store.Hints, store.Own, store.Meta} {
		d.mem.Scan(s, nil, nil, func(k, v []byte) bool {
			out.Apply([]store.Write{{Space: s, Key: slices.Clone(k), Value: slices.Clone(v)}}, true)
			return true
		})
	}
	return out
}
