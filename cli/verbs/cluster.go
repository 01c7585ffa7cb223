// Package verbs is the command language: one registry of verbs that the shell,
// the prompt of the terminal screens and scripts share.
package verbs

import (
	"context"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/wire"
)

// A Cluster is what the verbs act on: one in this process, or one in another
// process behind its control socket.
type Cluster interface {
	// Do sends a client's request over TCP to the node called via; "" lets the
	// cluster choose the first running node of the key's preference list. A
	// request that the cluster answers with a failure is no error: see the reply's Err.
	Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error)
	// Fault breaks or mends something, and returns once it is so. A *usage.Error says the fault makes
	// no sense.
	Fault(ctx context.Context, f fault.Fault) error
	// Member has a node write down a change of the membership (§4.8.1), starting the node that joins.
	// What follows from it is not waited for. A *usage.Error says the change makes no sense.
	Member(ctx context.Context, r member.Request) (member.Change, error)
	// CheckMember makes all checks of Member and changes nothing. It returns the change that Member
	// would write.
	CheckMember(ctx context.Context, r member.Request) (member.Change, error)
	// Compare has the nodes compare their trees now (§4.7), of ranges, or of all there
	// are, and mend what differs unless look is set. It returns SyncDone events.
	Compare(ctx context.Context, look bool, ranges ...event.Span) ([]event.Event, error)
	// Snapshot returns events of sequence number 0 that tell a new View all
	// there is to know now, with the replicas of each key of keys.
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
	// Events calls fn with batches of events of sequence number > after, first those
	// still remembered; with follow it goes on until ctx ends. fn must not keep the slice. A slow fn
	// makes a Gap, never a slow cluster.
	Events(ctx context.Context, after uint64, follow bool, fn func([]event.Event) error) error
	// Down stops the cluster.
	Down(ctx context.Context) error
}
