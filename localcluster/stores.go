package localcluster

import (
	"sync"
	"time"

	"ringside/engine/store"
	"ringside/localcluster/datadir"
)

// storeMemory is about the number of bytes that the databases of all nodes may use for buffers and
// caches. A database takes an equal part when it opens, and keeps that part while nodes join and
// leave.
const storeMemory = 256 << 20

// openStore opens the node's store with the wrappers that the options ask for. damage is nil, or
// the reason why an earlier store could not be read.
func (n *node) openStore(damage error) (store.Store, datadir.Finding, error) {
	n.disk.Memory = storeMemory / max(1, len(n.c.registry.nodes()))
	s, found, err := n.disk.Open(damage)
	if err != nil {
		return nil, found, err
	}
	if n.disk.InMemory() && n.c.registry.settings().Buffer > 0 {
		s = &lockedStore{Store: s}
	}
	if delay := n.c.opts.FlushDelay; delay != nil {
		s = slowStore{s, func() time.Duration { return delay(n.name) }}
	}
	if wrap := n.c.opts.Testing.WrapStore; wrap != nil {
		s = wrap(n.name, s)
	}
	return s, found, nil
}

// trust ends the doubt about a store that was recovered from damage. The node's new incarnation is
// durable in the store.
func trust(db store.Store) error {
	if t, ok := db.(interface{ Trust() error }); ok {
		return t.Trust()
	}
	return nil
}

// A slowStore delays each flush.
type slowStore struct {
	store.Store
	delay func() time.Duration
}

// Trust passes the call on to the store below.
func (s slowStore) Trust() error { return trust(s.Store) }

func (s slowStore) Apply(batch []store.Write, sync bool) error {
	time.Sleep(s.delay())
	return s.Store.Apply(batch, sync)
}

// A lockedStore is a store that one goroutine may write to while another one reads. Its methods are
// those of store.Store.
type lockedStore struct {
	store.Store
	mu sync.Mutex
}

func (s *lockedStore) Get(sp store.Space, key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Get(sp, key)
}

func (s *lockedStore) Scan(sp store.Space, from, to []byte, fn func(key, value []byte) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Scan(sp, from, to, fn)
}

func (s *lockedStore) Apply(batch []store.Write, sync bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Apply(batch, sync)
}
