package store

import (
	"slices"
	"strings"
)

// Mem is a Store in memory. It is for one goroutine.
type Mem struct {
	spaces map[Space]*memSpace
}

// memSpace is a map with its keys kept sorted on demand: point reads and
// writes are what a node does all day, scans are rare.
type memSpace struct {
	values map[string][]byte
	sorted []string
	dirty  bool // sorted lacks keys of values
}

// NewMem returns an empty store.
func NewMem() *Mem { return &Mem{spaces: map[Space]*memSpace{}} }

var _ Store = (*Mem)(nil)

// Get implements Reader.
func (m *Mem) Get(s Space, key []byte) ([]byte, error) {
	sp := m.spaces[s]
	if sp == nil {
		return nil, nil
	}
	return sp.values[string(key)], nil
}

// Scan implements Reader.
func (m *Mem) Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error {
	sp := m.spaces[s]
	if sp == nil {
		return nil
	}
	sp.sort()
	i, _ := slices.BinarySearch(sp.sorted, string(from))
	for _, k := range sp.sorted[i:] {
		if to != nil && strings.Compare(k, string(to)) >= 0 {
			return nil
		}
		v, ok := sp.values[k]
		if ok && !fn([]byte(k), v) {
			return nil
		}
	}
	return nil
}

func (sp *memSpace) sort() {
	if !sp.dirty {
		return
	}
	sp.sorted = sp.sorted[:0]
	for k := range sp.values {
		sp.sorted = append(sp.sorted, k)
	}
	slices.Sort(sp.sorted)
	sp.dirty = false
}

// Apply implements Store; memory is as durable as it gets.
func (m *Mem) Apply(batch []Write, _ bool) error {
	for _, w := range batch {
		sp := m.spaces[w.Space]
		if sp == nil {
			sp = &memSpace{values: map[string][]byte{}}
			m.spaces[w.Space] = sp
		}
		k := string(w.Key)
		if w.Value == nil {
			delete(sp.values, k)
			continue
		}
		if _, ok := sp.values[k]; !ok {
			sp.dirty = true
		}
		sp.values[k] = w.Value
	}
	return nil
}

// Close implements Store.
func (m *Mem) Close() error { return nil }
