package kv

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// propsAge is how old properties may be before they are read again in the background.
	propsAge = time.Second
	// propsStale is how old properties may be before a request waits until they were read again.
	propsStale = 5 * time.Second
	// maxCached bounds the types and buckets whose properties are kept.
	maxCached = 4096
)

// A scope is what properties are of: a type, or a bucket.
type scope struct {
	typ, bucket string
	ofBucket    bool
}

// key returns the key under which the cluster has what was set.
func (s scope) key() []byte {
	if s.ofBucket {
		return bucketPropsKey(s.typ, s.bucket)
	}
	return typePropsKey(s.typ)
}

// A propsCache keeps the properties that were read lately.
type propsCache struct {
	store  *Store
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.RWMutex
	entries map[scope]*propsEntry
}

// A propsEntry has what was read of one scope.
type propsEntry struct {
	found   *bucket   // nil: there is no such type
	read    time.Time // when the read ended
	reading atomic.Bool
}

func newPropsCache(s *Store) *propsCache {
	c := &propsCache{store: s, entries: map[scope]*propsEntry{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

func (c *propsCache) close() {
	c.cancel()
	c.mu.Lock() // no refresh begins after this
	c.entries = nil
	c.mu.Unlock()
	c.wg.Wait()
}

// get returns the properties of a scope, nil if the type does not exist.
func (c *propsCache) get(ctx context.Context, at scope) (*bucket, error) {
	c.mu.RLock()
	e := c.entries[at]
	c.mu.RUnlock()
	if e == nil {
		b, err := c.load(ctx, at)
		if b == nil || err == nil || ctx.Err() != nil {
			return b, err
		}
		c.keep(at, b) // the defaults of the type, until they can be read
		return b, nil
	}
	switch age := time.Since(e.read); {
	case age > propsStale:
		if found, err := c.load(ctx, at); err == nil {
			return found, nil
		}
		c.keep(at, e.found) // the node reaches no quorum; try again after propsAge
	case age > propsAge && e.reading.CompareAndSwap(false, true):
		c.refresh(at, e)
	}
	return e.found, nil
}

// refresh reads a scope in the background.
func (c *propsCache) refresh(at scope, e *propsEntry) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.entries == nil {
		return
	}
	c.wg.Go(func() {
		if _, err := c.load(c.ctx, at); err != nil {
			c.keep(at, e.found)
		}
	})
}

// sure returns the properties of a scope, as get does, and an error if they cannot be read.
func (c *propsCache) sure(ctx context.Context, at scope) (*bucket, error) {
	if b, err := c.get(ctx, at); err != nil || b == nil || !b.unsure {
		return b, err
	}
	b, err := c.load(ctx, at)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// load reads the properties of a scope and keeps them. If they cannot be read, which takes a split
// or nodes that are down, it returns the error and, for a type that every cluster has, the
// properties with which a request does no harm.
func (c *propsCache) load(ctx context.Context, at scope) (*bucket, error) {
	base, known := c.store.types[at.typ]
	var failed error
	if at.typ != DefaultType {
		set, created, _, err := c.stored(ctx, scope{typ: at.typ})
		if failed = err; err != nil && !known {
			return nil, err
		}
		if !known && created {
			base, known = c.store.created, true
		}
		base = base.with(set)
	}
	if !known {
		c.keep(at, nil)
		return nil, nil
	}
	if at.ofBucket && failed == nil {
		var set Props
		set, _, _, failed = c.stored(ctx, at)
		base = base.with(set)
	}
	b := newBucket(base)
	if b.unsure = failed != nil; b.unsure {
		return b, failed
	}
	c.keep(at, b)
	return b, nil
}

// keep keeps what was read of a scope. If the cache is full, another scope gives way.
func (c *propsCache) keep(at scope, b *bucket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		return
	}
	if c.entries[at] == nil && len(c.entries) >= maxCached {
		for other := range c.entries {
			delete(c.entries, other)
			break
		}
	}
	c.entries[at] = &propsEntry{found: b, read: time.Now()}
}

// stored reads what was set for a scope, and a context for the next write. Two clients that set
// properties at once leave siblings: both count, and the later one where both set the same.
func (c *propsCache) stored(ctx context.Context, at scope) (p Props, exists bool, token []byte, err error) {
	reply, err := c.store.get(ctx, at.key(), wire.Quorum{})
	if err != nil {
		return nil, false, nil, err
	}
	versions := slices.Clone(reply.Siblings)
	slices.SortFunc(versions, func(a, b vclock.Version) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Dot.Compare(b.Dot))
	})
	p = Props{}
	for _, v := range versions {
		if set, err := ParseProps(v.Value); err == nil { // a person may have written another value
			for name, value := range set {
				if checkValue(kinds[name], value) == "" {
					p[name] = value
				}
			}
		}
	}
	return p, len(versions) > 0, reply.Context, nil
}

// change reads what was set for a scope, writes what edit makes of it, and reads it again.
func (c *propsCache) change(ctx context.Context, at scope, edit func(old Props) Props) error {
	old, _, token, err := c.stored(ctx, at)
	if err != nil {
		return err
	}
	text, err := json.Marshal(edit(old))
	if err != nil {
		return err
	}
	if _, err := c.store.put(ctx, wire.PutRequest{Key: at.key(), Context: token, Value: text}); err != nil {
		return err
	}
	c.forget(at)
	_, err = c.load(ctx, at)
	return err
}

// forget removes a scope, and with a type all of its buckets.
func (c *propsCache) forget(at scope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other := range c.entries {
		if other == at || !at.ofBucket && other.typ == at.typ {
			delete(c.entries, other)
		}
	}
}
