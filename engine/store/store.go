package store

import "errors"

// A Space is one of the separate key spaces of a node.
type Space byte

const (
	// Data holds the records of keys that the node is home to.
	Data Space = 'd'
	// Hints holds replicas kept for other nodes (§4.6: "a separate local database").
	Hints Space = 'h'
	// Own holds the last dot that this node minted for a key whose record does not hold the dot
	// (§4.4).
	Own Space = 'o'
	// Meta holds what a node must remember of itself and of the membership.
	Meta Space = 'm'
)

// A Write sets Key to Value, or removes Key if Value is nil. An empty Value that is not nil is a
// value. Neither the caller nor the store changes the slices of a Write afterwards.
type Write struct {
	Space Space
	Key   []byte
	Value []byte
}

// A Reader reads keys, and ranges of keys in ascending byte order.
type Reader interface {
	// Get returns the value of key, and nil without an error if there is none. The caller must not
	// change the value. The error is ErrCorrupt if the store has a value that fails its checksum.
	Get(s Space, key []byte) ([]byte, error)
	// Scan calls fn for each key in [from, to) in ascending order until fn returns false. A nil to
	// means the end of the space. The slices are valid only during the call of fn, which must not
	// write to the store.
	Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error
}

// A Store keeps the spaces of one node.
type Store interface {
	Reader
	// Apply writes the batch, whole or not at all. Of several writes to one key the last one
	// counts. If sync is set, Apply returns when the batch is on stable storage. After an error it
	// is unknown whether the next open will find the batch. Every later call then returns
	// ErrPoisoned, and the caller must close the store, open it again and treat the error as a
	// crash.
	Apply(batch []Write, sync bool) error
	Close() error
}

// ErrCorrupt is the error for a stored value that fails its checksum.
var ErrCorrupt = errors.New("store: value fails its checksum")

// ErrPoisoned is the error of every call after a failed write.
var ErrPoisoned = errors.New("store: a write failed; close and reopen")
