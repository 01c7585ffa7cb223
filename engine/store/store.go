// Package store is §5's pluggable local persistence: the small interface that
// the engine reads through and its drivers write through, and an in-memory
// implementation of it. Package level holds the one on disk.
package store

import "errors"

// A Space is one of a node's separate key spaces.
type Space byte

const (
	// Data holds the records of keys that the node is home to.
	Data Space = 'd'
	// Hints holds replicas kept for other nodes (§4.6: "a separate local database").
	Hints Space = 'h'
	// Own holds the last dot that this node minted for each key of which it has no record.
	Own Space = 'o'
	// Meta holds what a node knows of itself.
	Meta Space = 'm'
)

// A Write sets Key to Value, or removes it if Value is nil. A Write owns its
// slices: neither side changes them afterwards.
type Write struct {
	Space Space
	Key   []byte
	Value []byte
}

// A Reader reads single keys and ranges in ascending byte order.
type Reader interface {
	// Get returns the value of key, nil and no error if there is none. The
	// caller must not change it. ErrCorrupt: a value was there and is damaged.
	Get(s Space, key []byte) ([]byte, error)
	// Scan calls fn for each key in [from, to) in ascending order until it
	// returns false; to nil means to the end. The slices are valid only
	// during the call. fn must not write to the store.
	Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error
}

// A Store keeps the spaces of one node.
type Store interface {
	Reader
	// Apply writes the batch, all or nothing; with sync it returns only once
	// the batch is on stable storage. After an error the store is poisoned:
	// whether the batch will be there on the next open is unknown, every later
	// call fails with ErrPoisoned, and the caller must close, reopen and treat
	// it as a crash.
	Apply(batch []Write, sync bool) error
	Close() error
}

// ErrCorrupt is returned for a value that fails its checksum.
var ErrCorrupt = errors.New("store: value fails its checksum")

// ErrPoisoned is returned by every call after a failed write.
var ErrPoisoned = errors.New("store: a write failed; close and reopen")
