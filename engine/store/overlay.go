package store

import (
	"bytes"
	"slices"
)

// An Overlay is a Reader that shows pending writes on top of the store to which the writes will go.
// A driver may step a node several times before it applies one batch (group commit), and the node
// must read its own writes.
//
// A few writes are in a list, because most steps have one write, which needs no key for a map.
type Overlay struct {
	base    Reader
	few     []Write               // of different keys; empty if pending has writes
	pending map[overlayKey][]byte // more writes than fewWrites
}

// fewWrites is the greatest number of writes in the list of an Overlay.
const fewWrites = 8

type overlayKey struct {
	space Space
	key   string
}

// NewOverlay returns an Overlay over base without pending writes.
func NewOverlay(base Reader) *Overlay {
	return &Overlay{base: base, pending: map[overlayKey][]byte{}}
}

var _ Reader = (*Overlay)(nil)

// Add makes writes pending, and visible to readers.
func (o *Overlay) Add(writes []Write) {
	for _, w := range writes {
		if len(o.pending) == 0 && o.addToFew(w) {
			continue
		}
		o.addToMap(w)
	}
}

// addToFew adds a write to the list. It returns false if the list is full.
func (o *Overlay) addToFew(w Write) bool {
	if i := o.find(w.Space, w.Key); i >= 0 {
		o.few[i] = w
		return true
	}
	if len(o.few) == fewWrites {
		return false
	}
	o.few = append(o.few, w)
	return true
}

// find returns the index of a key in the list, -1 if it is not there.
func (o *Overlay) find(s Space, key []byte) int {
	for i := range o.few {
		if o.few[i].Space == s && bytes.Equal(o.few[i].Key, key) {
			return i
		}
	}
	return -1
}

// addToMap adds a write to the map, to which the writes of the list move also.
func (o *Overlay) addToMap(w Write) {
	for _, f := range append(o.few, w) {
		o.pending[overlayKey{f.Space, string(f.Key)}] = f.Value
	}
	o.clearFew()
}

func (o *Overlay) clearFew() {
	clear(o.few)
	o.few = o.few[:0]
}

// Reset forgets the pending writes, because they were applied or abandoned.
func (o *Overlay) Reset() {
	o.clearFew()
	clear(o.pending)
}

// Get implements Reader.
func (o *Overlay) Get(s Space, key []byte) ([]byte, error) {
	if i := o.find(s, key); i >= 0 {
		return o.few[i].Value, nil
	}
	if len(o.pending) > 0 {
		if v, ok := o.pending[overlayKey{s, string(key)}]; ok {
			return v, nil
		}
	}
	return o.base.Get(s, key)
}

// Scan implements Reader. It merges the pending writes into the order of the base.
func (o *Overlay) Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error {
	writes := o.pendingIn(s, from, to)
	stopped := false
	err := o.base.Scan(s, from, to, func(k, v []byte) bool {
		for len(writes) > 0 && bytes.Compare(writes[0].Key, k) < 0 {
			if writes[0].Value != nil && !fn(writes[0].Key, writes[0].Value) {
				stopped = true
				return false
			}
			writes = writes[1:]
		}
		if len(writes) > 0 && bytes.Equal(writes[0].Key, k) {
			v, writes = writes[0].Value, writes[1:]
			if v == nil {
				return true
			}
		}
		stopped = !fn(k, v)
		return !stopped
	})
	if err != nil || stopped {
		return err
	}
	for _, w := range writes {
		if w.Value != nil && !fn(w.Key, w.Value) {
			return nil
		}
	}
	return nil
}

// pendingIn returns the pending writes to keys in [from, to), sorted by key.
func (o *Overlay) pendingIn(s Space, from, to []byte) []Write {
	var out []Write
	add := func(w Write) {
		if w.Space == s && bytes.Compare(w.Key, from) >= 0 && (to == nil || bytes.Compare(w.Key, to) < 0) {
			out = append(out, w)
		}
	}
	for _, w := range o.few {
		add(w)
	}
	for k, v := range o.pending {
		add(Write{Space: k.space, Key: []byte(k.key), Value: v})
	}
	slices.SortFunc(out, func(a, b Write) int { return bytes.Compare(a.Key, b.Key) })
	return out
}
