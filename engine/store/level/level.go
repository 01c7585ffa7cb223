// Package level is store.Store on disk, over goleveldb: one of §5's local
// persistence engines, which can be exchanged. goleveldb is no longer
// maintained; nothing outside this package knows of it.
package level

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/syndtr/goleveldb/leveldb"
	lerrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"

	"ringside/engine/store"
)

// keepBatch is the bytes of a batch whose memory is kept for the next one.
const keepBatch = 1 << 20

// Store is a store.Store in one folder. One goroutine may read while another applies.
type Store struct {
	db       *leveldb.DB
	disk     *disk
	batch    leveldb.Batch
	key      []byte                // reused by Get: a space and a key
	writeKey []byte                // reused by Apply
	poison   atomic.Pointer[error] // the first write error, wrapped with store.ErrPoisoned
}

// poisoned is the first write error, if there was one.
func (s *Store) poisoned() error {
	if err := s.poison.Load(); err != nil {
		return *err
	}
	return nil
}

var _ store.Store = (*Store)(nil)

// Get implements store.Reader; the value is the caller's own copy. A block
// that fails its checksum gives store.ErrCorrupt.
func (s *Store) Get(sp store.Space, key []byte) ([]byte, error) {
	if err := s.poisoned(); err != nil {
		return nil, err
	}
	s.key = append(append(s.key[:0], byte(sp)), key...)
	v, err := s.db.Get(s.key, nil)
	switch {
	case errors.Is(err, leveldb.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("level: get: %w", named(err))
	case v == nil: // nil says that there is none
		return []byte{}, nil
	}
	return v, nil
}

// Scan implements store.Reader. It sees the store as it was when it began. A
// block that fails its checksum ends it with store.ErrCorrupt.
func (s *Store) Scan(sp store.Space, from, to []byte, fn func(key, value []byte) bool) error {
	if err := s.poisoned(); err != nil {
		return err
	}
	r := &util.Range{Start: spaceKey(sp, from), Limit: []byte{byte(sp) + 1}}
	if to != nil {
		r.Limit = spaceKey(sp, to)
	}
	it := s.db.NewIterator(r, nil)
	defer it.Release()
	for it.Next() {
		if !fn(it.Key()[1:], it.Value()) {
			return nil
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("level: scan: %w", named(err))
	}
	return nil
}

// Apply implements store.Store. Any error poisons the store for good: after a
// failed sync goleveldb gives the next batch the same sequence numbers, and
// replay then drops it, although it was synced and acknowledged. The error
// wraps store.ErrCorrupt, too, if damage on disk was the cause: then reopen
// with Options.Lenient.
func (s *Store) Apply(batch []store.Write, sync bool) error {
	if err := s.poisoned(); err != nil {
		return err
	}
	s.batch.Reset()
	for _, w := range batch {
		s.writeKey = append(append(s.writeKey[:0], byte(w.Space)), w.Key...)
		if w.Value == nil {
			s.batch.Delete(s.writeKey)
		} else {
			s.batch.Put(s.writeKey, w.Value)
		}
	}
	err := s.db.Write(&s.batch, &opt.WriteOptions{Sync: sync})
	if len(s.batch.Dump()) > keepBatch {
		s.batch = leveldb.Batch{}
	}
	if err != nil {
		err = fmt.Errorf("level: %w: %w", store.ErrPoisoned, named(err))
		s.poison.Store(&err)
	}
	return err
}

// Close implements store.Store. It can be called more than once.
func (s *Store) Close() error {
	err := s.db.Close()
	if errors.Is(err, leveldb.ErrClosed) {
		return nil
	}
	if s.poisoned() != nil { // goleveldb would only repeat what Apply returned
		err = nil
	}
	if err = errors.Join(err, s.disk.Close()); err != nil {
		return fmt.Errorf("level: close: %w", err)
	}
	return nil
}

func spaceKey(sp store.Space, key []byte) []byte {
	return append(append(make([]byte, 0, 1+len(key)), byte(sp)), key...)
}

// named gives goleveldb's errors the name that the engine branches on.
func named(err error) error {
	if lerrors.IsCorrupted(err) {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return err
}
