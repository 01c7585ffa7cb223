// Package event defines what nodes and drivers tell of a cluster: one stream of events, each with the section of the
// paper that it shows. Everything that a person sees (screens, status, traces, assertions of scripts) is derived from
// this stream by package view, so that a live cluster, a simulation and a recording look alike. Events never change
// what a node does.
package event

import (
	"strconv"
	"time"

	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A Kind says what happened. The paper section of each is in Sections.
type Kind string

const (
	// The cluster, told by its driver.
	Cluster    Kind = "cluster"   // Settings: a snapshot begins
	NodeUp     Kind = "node-up"   // Addr
	NodeDown   Kind = "node-down" // Message: why, if nobody took it down
	NodePaused Kind = "node-paused"
	NodeWiped  Kind = "node-wiped"
	Split      Kind = "partition" // Groups, OneWay; Delay: after which it heals by itself, 0 for never; Elapsed: since it began, if Groups changed
	Heal       Kind = "heal"
	Slow       Kind = "slow"    // Link, Delay
	Loss       Kind = "loss"    // Link, Percent
	Dropped    Kind = "dropped" // a message Node → Peer was lost to a fault
	DiskFailed Kind = "disk-failed"
	Buffered   Kind = "buffered"    // Count of at most Want objects are in Node's memory only
	Memory     Kind = "memory"      // Count of at most Want bytes wait in the queues of all nodes; in snapshots only
	BufferLost Kind = "buffer-lost" // a crash took the Count objects that were in Node's memory only
	Gap        Kind = "gap"         // Count events were not delivered to this subscriber

	// A simulated cluster, told by its checker.
	Violated Kind = "violated" // Message: the property that does not hold, and how
	RunOver  Kind = "run-over" // Message: the verdict; Count violations

	// What a node holds, told when asked.
	State    Kind = "state"    // State
	Replicas Kind = "replicas" // Key, Replicas

	// One request.
	Requested  Kind = "requested"  // Op; a client's request reaches Node
	Forwarded  Kind = "forwarded"  // to Peer, one of the top N; Message: why to that one, if not as the first that is there
	Coordinate Kind = "coordinate" // Versions: the new one; Homes; Message as for Forwarded; a put gets its clock
	Replicate  Kind = "replicate"  // a replica goes to Peer, with a hint if For is set
	Stored     Kind = "stored"     // Versions: all that Node now holds as home; from Peer; Op: purpose
	HintStored Kind = "hint-stored"
	Ack        Kind = "ack"        // Peer holds it, durably unless Op is OpBuffered; Count of Want
	ReadFrom   Kind = "read"       // Node asks Peer
	ReadReply  Kind = "read-reply" // Peer answered with Versions; Count of Want
	Reconciled Kind = "reconciled" // Versions: the siblings left, which are more than one
	ReadRepair Kind = "read-repair"
	Replied    Kind = "replied"     // Op, Err, Count of Want, Elapsed, Versions, Hinted
	LWWLost    Kind = "lww-lost"    // Versions: an acknowledged one that last write wins lost; Message: to which one
	FreshEpoch Kind = "fresh-epoch" // Node cannot prove its counter for Key, and begins a new one
	RolledBack Kind = "rolled-back" // Node's disk is older than its latest run; Message: what follows
	Truncated  Kind = "truncated"   // Versions: the new one; Count of its clock's pairs were dropped; Message: which

	// A node's own work.
	HintSent      Kind = "hint-sent"      // to Peer
	HintDelivered Kind = "hint-delivered" // Peer holds it durably; the hint is gone
	HintRefused   Kind = "hint-refused"
	HintLost      Kind = "hint-lost"     // the hint that Node kept for For failed its checksum
	Suspect       Kind = "suspect"       // Node believes Peer failed
	Alive         Kind = "alive"         // Node heard from Peer again
	Damaged       Kind = "damaged"       // Key's record failed its checksum
	SyncStarted   Kind = "sync-started"  // Rounds: the trees of Node and Peer have different roots
	SyncCompared  Kind = "sync-compared" // Rounds: how many buckets differ, and what it took to find out
	MergeRefused  Kind = "merge-refused" // Key's versions at Node and at Peer do not fit together; Count: their bytes; Message: more of that
	SyncDone      Kind = "sync-done"     // Rounds: one that found a difference, or several that found none
	Slice         Kind = "slice"         // Percent of its rate that Node leaves to background work; Delay: the 99th percentile of what clients wait for

	TombstoneCollected Kind = "tombstone-collected" // nobody can hold an ancestor of Key's tombstone any more; Node has dropped it
	TombstonesKept     Kind = "tombstones-kept"     // Message: why Node cannot have Count or more old tombstones collected

	// The membership.
	Membership       Kind = "membership"        // Changes that are news to Node, told by Peer; Count: members now; Want: ranges that Node is yet to be given
	RangeOffered     Kind = "range-offered"     // Node, no home of Span any more, offers its Count keys to Peer
	RangeConfirmed   Kind = "range-confirmed"   // Node, a home of Span, wants the Count keys that Peer has
	RangeTransferred Kind = "range-transferred" // Peer holds all of Span that Node does; Count keys travelled
	RangeDropped     Kind = "range-dropped"     // all homes of Span hold Node's Count keys, Want of them live; Node has them no more
	RangeReady       Kind = "range-ready"       // Node was given all of Span, and counts toward R from now on
	HintRehomed      Kind = "hint-rehomed"      // For is gone; what Node kept for it goes to the homes of now
	Departed         Kind = "departed"          // Node left, and holds nothing any more that others need
	NodeLeft         Kind = "node-left"         // the driver has taken down a node that departed
)

// Sections maps each kind to the section of the paper it shows.
var Sections = map[Kind]string{
	Cluster: "§4", NodeUp: "§4.8", NodeDown: "§4.8", NodePaused: "§4.8", NodeWiped: "§4.7",
	Split: "§4.6", Heal: "§4.6", Slow: "§4.8", Loss: "§4.8", Dropped: "§4.8", DiskFailed: "§5", Gap: "§4",
	Buffered: "§6.1", BufferLost: "§6.1",
	Violated: "§4", RunOver: "§4",
	State: "§4", Replicas: "§4.3",
	Requested: "§4.1", Forwarded: "§4.5", Coordinate: "§4.4", Replicate: "§4.5", Stored: "§4.5", HintStored: "§4.6",
	Ack: "§4.5", ReadFrom: "§4.5", ReadReply: "§4.5", Reconciled: "§4.4", ReadRepair: "§5", Replied: "§4.5",
	LWWLost: "§4.4", FreshEpoch: "§4.4", RolledBack: "§4.4", Truncated: "§4.4",
	HintSent: "§4.6", HintDelivered: "§4.6", HintRefused: "§4.6", HintLost: "§4.6", Suspect: "§4.8", Alive: "§4.8", Damaged: "§5",
	MergeRefused: "§4.4",
	SyncStarted:  "§4.7", SyncCompared: "§4.7", SyncDone: "§4.7",
	TombstoneCollected: "§4.4", TombstonesKept: "§4.4",
	Membership: "§4.8", RangeOffered: "§4.9", RangeConfirmed: "§4.9", RangeTransferred: "§4.9", RangeDropped: "§4.9", RangeReady: "§4.9",
	HintRehomed: "§4.9", Departed: "§4.9", NodeLeft: "§4.9",
	Slice: "§6.5", Memory: "§6.5",
}

// An Event is one thing that happened. Which fields are set hangs on Kind.
type Event struct {
	Seq     uint64        // counts up by one in a stream; 0 in a snapshot
	Time    time.Duration // since 1970
	Node    string        // where it happened; "" for the whole cluster
	Kind    Kind
	Request uint64 // the client request that caused it, 0 for none
	Key     []byte
	Peer    string // the node at the other end of the message
	For     string // the home that a hint is kept for
	Op      string // get, put, del; put, handoff, read-repair, anti-entropy on Stored; OpBuffered on Ack
	// Versions have their values cut to PreviewLen. On an event of kind Replicas they are those that
	// last write wins lost of the key; the field Replicas has what the node holds, with whole values.
	Versions vclock.Siblings
	Homes    []string
	Hinted   []wire.Hint
	Nodes    []string // Replied: who acked or answered
	Count    int
	Want     int
	Err      wire.Code
	Message  string
	Elapsed  time.Duration

	Settings *settings.Cluster
	State    *NodeState
	Replicas []Replica
	Rounds   []SyncRound
	Changes  member.History
	Span     *Span // key range
	Addr     string
	Groups   [][]string
	OneWay   bool
	Link     string
	Delay    time.Duration
	Percent  float64
}

// OpBuffered is the Op of an Ack for a replica that is in its node's object buffer (§6.1).
const OpBuffered = "buffered"

// Section is the part of the paper that the event shows.
func (e Event) Section() string { return Sections[e.Kind] }

// Fastest is the Message of Forwarded and Coordinate where the context chose the coordinator (§5).
const Fastest = "it answered the last get first"

// NodeState is a node's account of itself.
type NodeState struct {
	Keys     int         `json:"keys"` // live keys held as home
	Hints    []HintCount `json:"hints,omitempty"`
	Suspects []string    `json:"suspects,omitempty"`
	Roots    []TreeRoot  `json:"roots,omitempty"` // of the ranges of which it holds anything

	View     uint64         `json:"view,string"`       // the digest of its membership history (§4.8.1)
	Member   bool           `json:"member"`            // it belongs to the ring as it knows it
	Pending  int            `json:"pending,omitempty"` // ranges that it is a home of and was not given yet (§4.9)
	Foreign  int            `json:"foreign,omitempty"` // keys that it holds and is no home of
	Changes  member.History `json:"changes,omitempty"`
	Buffered int            `json:"buffered,omitempty"` // objects that are in its memory only (§6.1)

	Slice float64       `json:"slice,omitempty"`  // of its rate that background work may use, 1 for all (§6.5)
	P99   time.Duration `json:"p99_ns,omitempty"` // of replicas' answers to clients' requests, as far as it mattered to Slice
	Lost  int           `json:"lost,omitempty"`   // acknowledged versions that this node saw last write wins lose, since it started

	Tombstones int        `json:"tombstones,omitempty"` // keys of which it holds nothing but deleted versions (§4.4)
	TooLarge   []TooLarge `json:"too_large,omitempty"`  // merges that were refused, the first of them

	Kept string `json:"tombstones_kept,omitempty"` // why those of which it is the first home stay, as far as it knows

	LastKnown bool `json:"last_known,omitempty"` // the node does not answer now; this is what it said last
}

// HintCount is what a holder keeps for one other node.
type HintCount struct {
	For    string        `json:"for"`
	Keys   int           `json:"keys"`
	Oldest time.Duration `json:"oldest"` // when the oldest was stored, since 1970
}

// A Replica is what a node holds of one key in one role.
type Replica struct {
	For      string // the home it is kept for; "" if the node holds it as a home
	Versions vclock.Siblings
}

// PreviewLen is how much of a value an event keeps, in bytes: events are kept
// by the ten thousand, values may have a megabyte each.
const PreviewLen = 256

// Preview returns s with values cut to PreviewLen.
func Preview(s vclock.Siblings) vclock.Siblings {
	for i, v := range s {
		if len(v.Value) > PreviewLen {
			out := make(vclock.Siblings, len(s))
			copy(out, s)
			for j := i; j < len(out); j++ {
				if b := out[j].Value; len(b) > PreviewLen {
					out[j].Value = append(append([]byte(nil), b[:PreviewLen]...), "…"...)
				}
			}
			return out
		}
	}
	return s
}

// Failed says whether e is a reply that is an error.
func (e Event) Failed() bool { return e.Kind == Replied && e.Err != wire.OK }

// RequestName shows a request id: #41.
func RequestName(id uint64) string { return "#" + strconv.FormatUint(id, 10) }
