package kernel

import (
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/sim/rng"
	"ringside/engine/splitmix"
	"ringside/engine/store"
)

// disk is the disk of a host. It applies a batch as a whole or not at all, and keeps what was
// synced unless a fault destroys data.
type disk struct {
	mem      *store.Mem
	undo     [][]store.Write // what the latest batches replaced, newest last
	maxUndo  int             // length of undo
	slowdown float64
	failing  float64 // probability that a sync fails
	rate     int     // bytes a second; 0: transfers take no time
	steady   bool    // the disk never stalls
	instant  bool    // flushes take no time
	scans    Scans
}

// Scans counts scans of stored records, the replicas of keys.
type Scans struct {
	Ranges  int // scans that found a record
	Records int // that scans found
}

// maxSync bounds the longest stall of a flush.
const maxSync = 5 * time.Second

// newDisk returns an empty disk that can lose its latest undo batches.
func newDisk(undo int) *disk { return &disk{mem: store.NewMem(), slowdown: 1, maxUndo: undo} }

var _ store.Reader = (*disk)(nil)

// Get implements store.Reader.
func (d *disk) Get(s store.Space, key []byte) ([]byte, error) { return d.mem.Get(s, key) }

// Scan implements store.Reader.
func (d *disk) Scan(s store.Space, from, to []byte, fn func(k, v []byte) bool) error {
	if s != store.Data {
		return d.mem.Scan(s, from, to, fn)
	}
	before := d.scans.Records
	err := d.mem.Scan(s, from, to, func(k, v []byte) bool {
		d.scans.Records++
		return fn(k, v)
	})
	if d.scans.Records > before {
		d.scans.Ranges++
	}
	return err
}

// sync draws the duration of a flush and whether it fails. Most flushes take less than a
// millisecond; a few stall.
func (d *disk) sync(r *rand.Rand) (took time.Duration, fails bool) {
	took = 100*time.Microsecond + rng.Exp(r, 300*time.Microsecond)
	if rng.Chance(r, .002) && !d.steady {
		took += rng.Exp(r, 200*time.Millisecond)
	}
	if d.instant {
		took = 0
	}
	return min(time.Duration(float64(took)*d.slowdown), maxSync), rng.Chance(r, d.failing)
}

// transfer returns how long the bytes of a batch take.
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
	if d.maxUndo == 0 {
		_ = d.mem.Apply(batch, true)
		return
	}
	back := make([]store.Write, 0, len(batch))
	for i, w := range batch {
		old, _ := d.mem.Get(w.Space, w.Key)
		back = append(back, store.Write{Space: w.Space, Key: w.Key, Value: old})
		_ = d.mem.Apply(batch[i:i+1], true)
	}
	d.undo = append(d.undo, back)
	if len(d.undo) > d.maxUndo {
		d.undo = d.undo[1:]
	}
}

// dropTail loses the latest k batches although they were synced, as the recovery of a damaged
// journal does.
func (d *disk) dropTail(k int) {
	for range min(k, len(d.undo)) {
		back := d.undo[len(d.undo)-1]
		d.undo = d.undo[:len(d.undo)-1]
		slices.Reverse(back)
		_ = d.mem.Apply(back, true)
	}
}

// flip damages one bit of one value of a space. It reports whether the space has a value.
func (d *disk) flip(s store.Space, which int) bool {
	var keys [][]byte
	_ = d.mem.Scan(s, nil, nil, func(k, _ []byte) bool {
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
	_ = d.mem.Apply([]store.Write{{Space: s, Key: key, Value: v}}, true)
	d.undo = nil // undoing a batch could repair the damage
	return true
}

// wipe loses everything.
func (d *disk) wipe() { d.restore(store.NewMem()) }

// restore replaces the contents of the disk.
func (d *disk) restore(contents *store.Mem) { d.mem, d.undo = contents, nil }

// copy returns a copy of the contents.
func (d *disk) copy() *store.Mem {
	out := store.NewMem()
	for _, s := range []store.Space{store.Data, store.Hints, store.Own, store.Meta} {
		_ = d.mem.Scan(s, nil, nil, func(k, v []byte) bool {
			_ = out.Apply([]store.Write{{Space: s, Key: slices.Clone(k), Value: slices.Clone(v)}}, true)
			return true
		})
	}
	return out
}
