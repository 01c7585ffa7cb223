package store

import (
	"bytes"
	"slices"
)

// Overlay is a Reader that shows writes which a driver has collected but not
// yet applied on top of the store they will go to, so that a node stepped
// several times before one group commit reads its own writes.
type Overlay struct {
	base    Reader
	pending map[overlayKey][]byte
}

type overlayKey struct {
	space Space
	key   string
}

// NewOverlay returns an Overlay over base with nothing pending.
func NewOverlay(base Reader) *Overlay {
	return &Overlay{base: base, pending: map[overlayKey][]byte{}}
}

var _ Reader = (*Overlay)(nil)

// Add makes writes visible.
func (o *Overlay) Add(writes []Write) {
	for _, w := range writes {
		o.pending[overlayKey{w.Space, string(w.Key)}] = w.Value
	}
}

// Reset forgets what was pending: it was applied, or thrown away.
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

// Scan implements Reader: the pending writes merged into the base's order.
func (o *Overlay) Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error {
	mine := o.pendingIn(s, from, to)
	stopped := false
	err := o.base.Scan(s, from, to, func(k, v []byte) bool {
		for len(mine) > 0 && bytes.Compare(mine[0].Key, k) < 0 {
			if mine[0].Value != nil && !fn(mine[0].Key, mine[0].Value) {
				stopped = true
				return false
			}
			mine = mine[1:]
		}
		if len(mine) > 0 && bytes.Equal(mine[0].Key, k) {
			v, mine = mine[0].Value, mine[1:]
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
	for _, w := range mine {
		if w.Value != nil && !fn(w.Key, w.Value) {
			return nil
		}
	}
	return nil
}

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
