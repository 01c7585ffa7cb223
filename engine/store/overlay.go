package store

import (
	"bytes"
	"slices"
)

// An Overlay is a Reader that shows pending writes on top of the store to which the writes will go.
// A driver may step a node several times before it applies one batch (group commit), and the node
// must read its own writes.
type Overlay struct {
	base    Reader
	pending map[overlayKey][]byte
}

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
		o.pending[overlayKey{w.Space, string(w.Key)}] = w.Value
	}
}

// Reset forgets the pending writes, because they were applied or abandoned.
func (o *Overlay) Reset() { clear(o.pending) }

// Get implements Reader.
func (o *Overlay) Get(s Space, key []byte) ([]byte, error) {
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
	for k, v := range o.pending {
		key := []byte(k.key)
		if k.space == s && bytes.Compare(key, from) >= 0 && (to == nil || bytes.Compare(key, to) < 0) {
			out = append(out, Write{Space: s, Key: key, Value: v})
		}
	}
	slices.SortFunc(out, func(a, b Write) int { return bytes.Compare(a.Key, b.Key) })
	return out
}
