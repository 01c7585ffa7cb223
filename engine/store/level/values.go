package level

import (
	"bytes"
	"sync"

	"ringside/engine/store"
	"ringside/engine/store/recent"
)

// values are the values that Gets and Applies met recently. A Get that finds its value there does
// not read the database. The zero values hold nothing, and Gets then read the database.
//
// Scans read the database only, so a scan that looks for damage meets the disk. A scan that finds
// another value under a key drops the value here, so that the next Get meets what the scan met. A
// store that was opened leniently has no values, because its compactions may drop damaged records.
type values struct {
	mu      sync.Mutex
	cache   *recent.Cache // nil: none
	memory  []byte        // of cache
	key     []byte        // reused by wrote
	applied uint64        // batches that Apply has written
}

// begin makes room for values of so many bytes. The store is not in use yet.
func (v *values) begin(size int) {
	if size < recent.Chunk {
		return
	}
	if v.memory = reserve(size); v.memory != nil {
		v.cache = recent.New(v.memory)
	}
}

// end forgets all values.
func (v *values) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cache != nil {
		giveBack(v.memory)
		v.cache, v.memory = nil, nil
	}
}

// get returns a copy of the value of a key. If there is none, keep needs the number of batches.
func (v *values) get(key []byte) (value []byte, ok bool, applied uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cache == nil {
		return nil, false, v.applied
	}
	if value, ok = v.cache.Get(key); ok {
		value = append(make([]byte, 0, len(value)), value...)
	}
	return value, ok, v.applied
}

// keep keeps a value that was read from the database after get returned applied. If a batch was
// applied meanwhile, the value may be an old one, and keep does nothing. If a batch is in the
// database and not in the values yet, that batch replaces an old value soon.
func (v *values) keep(key, value []byte, applied uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cache != nil && v.applied == applied {
		v.cache.Put(key, value)
	}
}

// wrote takes over a batch that is in the database.
func (v *values) wrote(batch []store.Write) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.applied++
	if v.cache == nil {
		return
	}
	for _, w := range batch {
		v.key = append(append(v.key[:0], byte(w.Space)), w.Key...)
		if w.Value == nil {
			v.cache.Drop(v.key)
		} else {
			v.cache.Put(v.key, w.Value)
		}
	}
}

// scanned compares a value with the one that a scan found, and drops it if the two differ. The scan
// may be older than the value, which then is dropped without need.
func (v *values) scanned(key, value []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.cache == nil || v.cache.Len() == 0 {
		return
	}
	if kept, ok := v.cache.Peek(key); ok && !bytes.Equal(kept, value) {
		v.cache.Drop(key)
	}
}
