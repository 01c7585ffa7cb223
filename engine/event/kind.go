package event

// A Kind says what happened. Each kind's comment names the fields that its events may set beside
// Seq, Time, Node and Kind; all other fields are zero. A field in brackets may be zero. Node is
// empty in events of the whole cluster.
type Kind string

// Events of a cluster, from its driver.
const (
	// Cluster begins a stream or a snapshot with the cluster's Settings. In a snapshot of a live
	// cluster, [Count] is the Seq of the latest event that the snapshot includes.
	Cluster Kind = "cluster"
	// NodeUp: Node runs, at [Addr]. [Message] is a fault that was found on its disk.
	NodeUp Kind = "node-up"
	// NodeDown: Node does not run. [Message] is the reason if no command stopped it.
	NodeDown Kind = "node-down"
	// NodePaused: Node runs, and does nothing until it is resumed.
	NodePaused Kind = "node-paused"
	// NodeWiped: Node's disk was emptied.
	NodeWiped Kind = "node-wiped"
	// Serves: Node serves clients by the service Op, which the driver offers beside its own
	// protocol, at [Addr]. Without Addr, it no longer does. [Message] says what is unusual.
	Serves Kind = "serves"
	// NodeLeft: the driver took down Node, which had departed.
	NodeLeft Kind = "node-left"
	// Split: the network was cut between Groups, in one direction only if [OneWay] is set. [Delay]
	// is the time after which the driver heals the split, 0 for never. [Elapsed] is the age of a
	// split whose groups changed.
	Split Kind = "partition"
	// Heal: the split, all delays and all losses ended.
	Heal Kind = "heal"
	// Slow: messages on Link take [Delay] longer from now on, 0 for no longer.
	Slow Kind = "slow"
	// Loss: Link loses [Percent] of its messages from now on.
	Loss Kind = "loss"
	// Skew: the clock of Node, which gives versions their times, is [Delay] ahead of the cluster's
	// from the next start of Node on. A negative [Delay] is behind.
	Skew Kind = "skew"
	// Dropped: a message from Node to Peer was lost to a fault, as Message says; it belonged to
	// [Request]. [Count] is the number of messages that the link has lost so far.
	Dropped Kind = "dropped"
	// DiskFailed: the disk of Node, or of the cluster, failed, as Message says.
	DiskFailed Kind = "disk-failed"
	// Buffered: [Count] objects of at most Want are in Node's memory only (§6.1).
	Buffered Kind = "buffered"
	// BufferLost: a crash took objects that were in Node's memory only (§6.1). The first event of a
	// crash has their [Count] and the [State] of the disk. The others each have a [Key] and what
	// the disk holds of it, as Replicas events do: [Replicas], [Versions].
	BufferLost Kind = "buffer-lost"
	// Memory: [Count] bytes of at most Want wait in the queues of all nodes. Only snapshots have
	// it.
	Memory Kind = "memory"
	// Gap: [Count] events were not delivered to this reader, as Message says.
	Gap Kind = "gap"
	// Summary: Count events were left out of the stream of a screen, because more happened than a
	// person can read. LeftOut counts them by kind and node. Seq is the number of the newest one.
	Summary Kind = "summary"
)

// Events of a simulated cluster, from its checker.
const (
	// Violated: a property does not hold; Message names the property and the case.
	Violated Kind = "violated"
	// RunOver: the run ended with the verdict Message and [Count] violations.
	RunOver Kind = "run-over"
)

// Events that answer a question of the driver.
const (
	// State is Node's account of itself, in the field State.
	State Kind = "state"
	// Replicas is what Node holds of Key: [Replicas], with whole values. [Versions] are those that
	// last write wins lost.
	Replicas Kind = "replicas"
)

// Events of one request. All have Request and Key.
const (
	// Requested: a client's Request for Key reached Node. Op is get, put or del. Quorum is that of
	// the request, or of the cluster if the request left it open. [Context] is that of a put or
	// del.
	Requested Kind = "requested"
	// Forwarded: Node handed the put to Peer, one of the top N. [Message] says why to Peer, if Peer
	// was not the first home that could be reached.
	Forwarded Kind = "forwarded"
	// Coordinate: Node gave a put its clock. Versions is the new version. Homes are the key's homes
	// and [Nodes] those that cannot be reached. [For] is the home that Node replaces if Node is a
	// fallback. [Message] is as for Forwarded.
	Coordinate Kind = "coordinate"
	// Replicate: a replica goes to Peer, with a hint if [For] is set.
	Replicate Kind = "replicate"
	// Stored: Node stored a replica as a home. Versions are all that Node holds of Key now. Peer
	// sent the replica, and Op is the purpose (wire.Purpose). [Request] may be 0. [Count] is the
	// change in Node's live keys: -1, 0 or 1. [Elapsed] is the time until Node's disk had the
	// replica, 0 for a replica that stays in the object buffer for a while.
	Stored Kind = "stored"
	// HintStored: Node stored a hint for the home For. Peer, Op, [Request] and [Elapsed] are as for
	// Stored; [Versions] are those of the hint. [Count] is 1 for a new hint.
	HintStored Kind = "hint-stored"
	// Ack: Peer holds the replica, durably unless [Op] is OpBuffered. [For] is as for Replicate.
	// Count of Want nodes have acknowledged.
	Ack Kind = "ack"
	// ReadFrom: Node asks Peer for its replica.
	ReadFrom Kind = "read"
	// ReadReply: Peer answered with [Versions], or with the error [Err]. [Count] of Want nodes
	// count toward R. An answer that comes after Replied only serves read repair.
	ReadReply Kind = "read-reply"
	// Reconciled: Versions are the siblings of Key, more than one.
	Reconciled Kind = "reconciled"
	// ReadRepair: Node sends Versions to Peer, whose replica was stale.
	ReadRepair Kind = "read-repair"
	// Replied: the coordinator [Peer] ended the request. [Err] and [Message] say why it failed.
	// [Nodes] acknowledged or answered, [Count] of [Want]; [Hinted] names the hints. [Versions] are
	// the result. [Elapsed] is the time since Node had the request. Op is as for Requested.
	Replied Kind = "replied"
	// LWWLost: last write wins lost an acknowledged version, Versions. [Request] wrote that
	// version. Message names the version that won.
	LWWLost Kind = "lww-lost"
	// Truncated: the clock of the new version lost Count pairs, which Message names. Versions are
	// the version as it was stamped, and the same version with all its pairs.
	Truncated Kind = "truncated"
)

// Events of a node's own work.
const (
	// HintSent: Node sends the hint for Key, with [Versions], to its home. Peer and For are that
	// home.
	HintSent Kind = "hint-sent"
	// HintDelivered: the home holds the replica of Key durably, and Node deleted the hint. Peer and
	// For are the home.
	HintDelivered Kind = "hint-delivered"
	// HintRefused: Node keeps as many hints as it may, and refused one for Key that Peer sent. For
	// is the home, and [Request] the client's request.
	HintRefused Kind = "hint-refused"
	// HintLost: the hint for Key failed its checksum. Peer and For are the home.
	HintLost Kind = "hint-lost"
	// HintRehomed: the home of the hint for Key left the ring, and Node gives the hint to the homes
	// of now. Peer and For are the home that left.
	HintRehomed Kind = "hint-rehomed"
	// Suspect: Node believes that Peer failed.
	Suspect Kind = "suspect"
	// Alive: Node heard from the suspected Peer.
	Alive Kind = "alive"
	// Damaged: something on Node's disk failed its checksum: the record of [Key], or what Message
	// says.
	Damaged Kind = "damaged"
	// SyncStarted: the trees of Node and Peer have different roots. Rounds has the one round that
	// began.
	SyncStarted Kind = "sync-started"
	// SyncCompared: Node found the buckets that differ from those of Peer. Rounds has the one
	// round.
	SyncCompared Kind = "sync-compared"
	// SyncDone: [Rounds] has one round with [Peer] that found a difference, or several that found
	// none.
	SyncDone Kind = "sync-done"
	// MergeRefused: the versions of Key at Node and at Peer do not fit together into one replica.
	// They take Count bytes, and Want is the limit. Message has the details.
	MergeRefused Kind = "merge-refused"
	// Slice: Node leaves [Percent] of its rate to background work. [Delay] is the 99th percentile
	// of the time for which clients wait.
	Slice Kind = "slice"
	// TombstoneCollected: no node can hold an ancestor of Key's tombstone, and Node dropped it:
	// Versions.
	TombstoneCollected Kind = "tombstone-collected"
	// TombstonesKept: Node cannot have its [Count] or more old tombstones collected, as Message
	// says.
	TombstonesKept Kind = "tombstones-kept"
	// FreshEpoch: Node cannot prove its counter for Key, and counts in a new epoch.
	FreshEpoch Kind = "fresh-epoch"
	// RolledBack: Node's disk is older than its latest run. Message says what follows.
	RolledBack Kind = "rolled-back"
)

// Events of the membership.
const (
	// Membership: Node learned [Changes] from [Peer]. The ring has [Count] members, and Node is yet
	// to be given [Want] ranges. In the answer to an administrator, Peer is the changed node, and
	// [Err] and [Message] say why the change was refused.
	Membership Kind = "membership"
	// RangeOffered: Node is not a home of Span and offers its [Count] keys to Peer.
	RangeOffered Kind = "range-offered"
	// RangeConfirmed: Node is a home of Span and wants the [Count] keys that Peer has.
	RangeConfirmed Kind = "range-confirmed"
	// RangeTransferred: Peer holds all of Span that Node holds. [Count] keys were sent, in the one
	// round of Rounds.
	RangeTransferred Kind = "range-transferred"
	// RangeDropped: all homes of Span hold Node's Count keys, [Want] of them live, and Node deleted
	// them.
	RangeDropped Kind = "range-dropped"
	// RangeReady: Node was given all of Span, [Count] keys, and counts toward R from now on.
	RangeReady Kind = "range-ready"
	// Departed: Node left the ring, and holds nothing that other nodes need.
	Departed Kind = "departed"
)

// Sections maps each kind to the section of the paper that it shows.
var Sections = map[Kind]string{
	Cluster: "§4", NodeUp: "§4.8", NodeDown: "§4.8", NodePaused: "§4.8", NodeWiped: "§4.7", NodeLeft: "§4.9",
	Serves: "§4.1",
	Split:  "§4.6", Heal: "§4.6", Slow: "§4.8", Loss: "§4.8", Skew: "§4.4", Dropped: "§4.8", DiskFailed: "§5",
	Buffered: "§6.1", BufferLost: "§6.1", Memory: "§6.5", Gap: "§4", Summary: "§4",

	Violated: "§4", RunOver: "§4",

	State: "§4", Replicas: "§4.3",

	Requested: "§4.1", Forwarded: "§4.5", Coordinate: "§4.4", Replicate: "§4.5", Stored: "§4.5", HintStored: "§4.6",
	Ack: "§4.5", ReadFrom: "§4.5", ReadReply: "§4.5", Reconciled: "§4.4", ReadRepair: "§5", Replied: "§4.5",
	LWWLost: "§4.4", FreshEpoch: "§4.4", RolledBack: "§4.4", Truncated: "§4.4",

	HintSent: "§4.6", HintDelivered: "§4.6", HintRefused: "§4.6", HintLost: "§4.6", HintRehomed: "§4.9",
	Suspect: "§4.8", Alive: "§4.8", Damaged: "§5",
	SyncStarted: "§4.7", SyncCompared: "§4.7", SyncDone: "§4.7", MergeRefused: "§4.4", Slice: "§6.5",
	TombstoneCollected: "§4.4", TombstonesKept: "§4.4",

	Membership: "§4.8", RangeOffered: "§4.9", RangeConfirmed: "§4.9", RangeTransferred: "§4.9", RangeDropped: "§4.9",
	RangeReady: "§4.9", Departed: "§4.9",
}
