package level

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/syndtr/goleveldb/leveldb"
	lerrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"

	"ringside/engine/store"
)

// keepBatch bounds the bytes of a batch whose memory is reused for the next batch.
const keepBatch = 1 << 20

// A Store is a store.Store in one folder. One goroutine may read while another one applies.
type Store struct {
	db       *leveldb.DB
	disk     *disk
	values   values
	latest   latest
	batch    leveldb.Batch
	key      []byte                // reused by Get: a space and a key
	writeKey []byte                // reused by Apply
	poison   atomic.Pointer[error] // the first write error, wrapped with store.ErrPoisoned
}

// poisoned returns the first write error, nil if there was none.
func (s *Store) poisoned() error {
	if err := s.poison.Load(); err != nil {
		return *err
	}
	return nil
}

var _ store.Store = (*Store)(nil)

// Get implements store.Reader. The value is a copy that the caller owns. The error wraps
// store.ErrCorrupt if a block fails its checksum.
func (s *Store) Get(sp store.Space, key []byte) ([]byte, error) {
	if err := s.poisoned(); err != nil {
		return nil, err
	}
	s.key = append(append(s.key[:0], byte(sp)), key...)
	v, ok, applied := s.values.get(s.key)
	if ok {
		s.latest.forgetOld(applied)
		return v, nil
	}
	v, err := s.latest.of(s, applied).Get(s.key, nil)
	switch {
	case errors.Is(err, leveldb.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("level: get: %w", named(err))
	}
	v = append(make([]byte, 0, len(v)), v...) // not nil, and not a part of a block, which v would keep alive
	s.values.keep(s.key, v, applied)
	return v, nil
}

// Scan implements store.Reader. It shows the database as of the call. A block that fails its
// checksum ends the scan with an error that wraps store.ErrCorrupt.
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
		s.values.scanned(it.Key(), it.Value())
		if !fn(it.Key()[1:], it.Value()) {
			return nil
		}
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("level: scan: %w", named(err))
	}
	return nil
}

// synced and unsynced are the options of a write.
var synced, unsynced = opt.WriteOptions{Sync: true}, opt.WriteOptions{}

// Apply implements store.Store. Any error poisons the store: after a failed sync, goleveldb gives
// the next batch the same sequence numbers, and a replay of the journal then drops that batch,
// although it was synced and acknowledged. The error also wraps store.ErrCorrupt if damage on the
// disk caused it. The caller then opens the store again with Options.Lenient.
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
	options := &unsynced
	if sync {
		options = &synced
	}
	s.disk.pace.begin(time.Now())
	err := s.db.Write(&s.batch, options)
	s.disk.pace.end(time.Now())
	if err == nil {
		s.values.wrote(batch)
	} else {
		s.values.end() // the database may hold the batch or not
	}
	if len(s.batch.Dump()) > keepBatch {
		s.batch = leveldb.Batch{}
	}
	if err != nil {
		err = fmt.Errorf("level: %w: %w", store.ErrPoisoned, named(err))
		s.poison.Store(&err)
	}
	return err
}

// Close implements store.Store. Later calls do nothing.
func (s *Store) Close() error {
	s.disk.pace.open.Store(false)
	s.latest.release()
	s.values.end()
	err := s.db.Close()
	if errors.Is(err, leveldb.ErrClosed) {
		return nil
	}
	if s.poisoned() != nil { // goleveldb would return the error of Apply once more
		err = nil
	}
	if err = errors.Join(err, s.disk.Close()); err != nil {
		return fmt.Errorf("level: close: %w", err)
	}
	return nil
}

// spaceKey returns the key of a space in the database: the space, then the key.
func spaceKey(sp store.Space, key []byte) []byte {
	return append(append(make([]byte, 0, 1+len(key)), byte(sp)), key...)
}

// named wraps the errors of goleveldb that mean damage in store.ErrCorrupt.
func named(err error) error {
	if lerrors.IsCorrupted(err) {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return err
}
