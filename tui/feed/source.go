package feed

import (
	"context"
	"errors"

	"ringside/engine/event"
)

// A Source is a cluster, or a recording of one.
type Source interface {
	// Snapshot returns events of sequence number 0 that tell a new view.Cluster the state of the
	// cluster now, with the replicas of each key of keys.
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
	// Events calls fn with batches of events of sequence number > after. With follow it goes on
	// until ctx ends. fn must not keep the slice.
	Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error
}

// A Changing is a Source in whose place another one can come.
type Changing interface {
	// Generation returns a number that is another one after each change.
	Generation() int
}

// ErrRewound ends the stream of a recording that was taken back to an earlier time. The Feed then
// reads the recording again from its beginning.
var ErrRewound = errors.New("the recording was taken back")

// A Link is the state of the connection between a Feed and its Source.
type Link int

// States of a Link.
const (
	Connecting Link = iota
	Live
	Lost
)
