package verbs

import (
	"context"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/wire"
)

// A Cluster is the cluster that verbs act on: in this process, or in another one behind its
// control socket. Its methods may be called from several goroutines.
type Cluster interface {
	// Do sends a client's request over TCP to the node called via. If via is "", the cluster
	// chooses the first running node of the key's preference list. A request that a node refuses is
	// not an error; the reply has the code.
	Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error)
	// Fault causes or ends a fault, and returns when that is done. A *usage.Error means that the
	// fault makes no sense and nothing was changed.
	Fault(ctx context.Context, f fault.Fault) error
	// Member lets a node record a membership change (§4.8.1), and starts a node that joins. It does
	// not wait for ranges to move. A *usage.Error means that the change makes no sense and nothing
	// was changed.
	Member(ctx context.Context, r member.Request) (member.Change, error)
	// CheckMember makes all checks of Member and changes nothing. It returns the change that Member
	// would record.
	CheckMember(ctx context.Context, r member.Request) (member.Change, error)
	// Compare lets the homes compare their trees now (§4.7), for ranges or, without ranges, for
	// all. Unless dryRun is set, the homes repair differences. Compare returns SyncDone events.
	Compare(ctx context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error)
	// Snapshot returns events with sequence number 0 from which a new view.Cluster shows the
	// present state, with the replicas of each key of keys.
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
	// Events calls fn with batches of events with a sequence number above after: those still
	// remembered and, with follow, new ones until ctx ends. fn must not keep the slice. A slow fn
	// misses events, which a Gap counts; it does not slow the cluster down.
	Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error
	// Down stops the cluster.
	Down(ctx context.Context) error
}
