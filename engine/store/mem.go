package store

import (
	"slices"
	"strings"
)

// Mem is a Store in memory. It is for one goroutine.
type Mem struct {
	spaces map[Space]*memSpace
}

// memSpace is a map, and its keys in order. Keys that came since the order was
// made wait in a short list of their own, so that scans between writes (anti-entropy
// makes many) sort a few keys and not all of them.
type memSpace struct {
	values map[string][]byte
	sorted []string // may hold keys that are gone
	fresh  []string // not in sorted, or gone when they came again; in order unless mixed
	mixed  bool
}

// maxFresh is how many keys wait: about what it costs to sort them is what a
// scan may cost, and to put them among a hundred thousand others takes a millisecond.
const maxFresh = 1024

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
	old, fresh := sp.sorted[search(sp.sorted, from):], sp.fresh[search(sp.fresh, from):]
	last, any := "", false
	for len(old) > 0 || len(fresh) > 0 {
		list := &old
		if len(old) == 0 || len(fresh) > 0 && fresh[0] < old[0] {
			list = &fresh
		}
		k := (*list)[0]
		*list = (*list)[1:]
		if to != nil && strings.Compare(k, string(to)) >= 0 {
			return nil
		}
		v, ok := sp.values[k]
		if !ok || any && k == last { // gone, or listed twice because it came again
			continue
		}
		last, any = k, true
		if !fn([]byte(k), v) {
			return nil
		}
	}
	return nil
}

func search(keys []string, from []byte) int {
	i, _ := slices.BinarySearch(keys, string(from))
	return i
}

// sort puts the fresh keys in order, and among the others if they are many.
func (sp *memSpace) sort() {
	if len(sp.fresh) > maxFresh {
		sp.merge()
	}
	if sp.mixed {
		slices.Sort(sp.fresh)
		sp.mixed = false
	}
}

// merge makes one order of all keys that are there.
func (sp *memSpace) merge() {
	slices.Sort(sp.fresh)
	old, fresh := sp.sorted, sp.fresh
	all := make([]string, 0, len(sp.values))
	for len(old) > 0 || len(fresh) > 0 {
		list := &old
		if len(old) == 0 || len(fresh) > 0 && fresh[0] < old[0] {
			list = &fresh
		}
		k := (*list)[0]
		*list = (*list)[1:]
		if _, ok := sp.values[k]; ok && (len(all) == 0 || all[len(all)-1] != k) {
			all = append(all, k)
		}
	}
	sp.sorted, sp.fresh, sp.mixed = all, nil, false
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
			if len(sp.fresh) > maxFresh+len(sp.values) { // keys that come and go, and nobody scans
				sp.merge()
			}
			sp.fresh, sp.mixed = append(sp.fresh, k), true
		}
		sp.values[k] = w.Value
	}
	return nil
}

// Close implements Store.
func (m *Mem) Close() error { return nil }
