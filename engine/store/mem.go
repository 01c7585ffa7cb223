package store

import "github.com/tidwall/btree"

// Mem is a Store in memory. It is for one goroutine.
type Mem struct {
	spaces map[Space]*btree.Map[string, []byte]
}

// NewMem returns an empty store.
func NewMem() *Mem { return &Mem{spaces: map[Space]*btree.Map[string, []byte]{}} }

var _ Store = (*Mem)(nil)

// Get implements Reader.
func (m *Mem) Get(s Space, key []byte) ([]byte, error) {
	sp := m.spaces[s]
	if sp == nil {
		return nil, nil
	}
	v, _ := sp.Get(string(key))
	return v, nil
}

// Scan implements Reader.
func (m *Mem) Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error {
	sp := m.spaces[s]
	if sp == nil {
		return nil
	}
	end := string(to)
	var key, value []byte // reused, as the database on disk does, so that tests meet callers that keep them
	sp.Ascend(string(from), func(k string, v []byte) bool {
		if to != nil && k >= end {
			return false
		}
		key, value = append(key[:0], k...), append(value[:0], v...)
		return fn(key, value)
	})
	fill(key, 0xff)
	fill(value, 0xff)
	return nil
}

// fill overwrites b.
func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}

// Apply implements Store. It ignores sync: memory has no stable storage.
func (m *Mem) Apply(batch []Write, _ bool) error {
	for _, w := range batch {
		sp := m.spaces[w.Space]
		if sp == nil {
			sp = &btree.Map[string, []byte]{}
			m.spaces[w.Space] = sp
		}
		if w.Value == nil {
			sp.Delete(string(w.Key))
		} else {
			sp.Set(string(w.Key), w.Value)
		}
	}
	return nil
}

// Close implements Store.
func (m *Mem) Close() error { return nil }
