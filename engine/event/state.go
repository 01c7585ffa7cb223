package event

import (
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/vclock"
)

// NodeState is a node's account of itself.
type NodeState struct {
	Keys     int         `json:"keys"`               // live keys that it holds as a home
	Hints    []HintCount `json:"hints,omitempty"`    // by home, sorted
	Suspects []string    `json:"suspects,omitempty"` // nodes that it believes failed, sorted
	Roots    []TreeRoot  `json:"roots,omitempty"`    // of the ranges of which it holds anything, clockwise

	Digest   uint64         `json:"view,string"`        // digest of its membership history (§4.8.1)
	Member   bool           `json:"member"`             // it belongs to the ring, as it knows the ring
	Pending  int            `json:"pending,omitempty"`  // ranges that it is a home of and was not given yet (§4.9)
	Foreign  int            `json:"foreign,omitempty"`  // keys that it holds without being their home
	Changes  member.History `json:"changes,omitempty"`  // its membership history
	Buffered int            `json:"buffered,omitempty"` // objects that are in its memory only (§6.1)

	Slice float64       `json:"slice,omitempty"`  // share of its rate for background work, 0 to 1 (§6.5)
	P99   time.Duration `json:"p99_ns,omitempty"` // of replicas' answers to clients' requests; what Slice depends on
	Lost  int           `json:"lost,omitempty"`   // acknowledged versions that last write wins lost since it started

	Tombstones int         `json:"tombstones,omitempty"` // keys of which it holds only tombstones (§4.4)
	Oversized  []Oversized `json:"too_large,omitempty"`  // the first of the merges that were refused
	// TombstonesKept says why tombstones of which the node is the first home stay, "" if none does.
	TombstonesKept string `json:"tombstones_kept,omitempty"`

	// LastKnown is set by a driver whose node does not answer now: the state is the latest one that
	// the node reported.
	LastKnown bool `json:"last_known,omitempty"`
}

// HintCount says what a fallback keeps for one home.
type HintCount struct {
	For    string        `json:"for"`    // the home
	Keys   int           `json:"keys"`   // at least 1
	Oldest time.Duration `json:"oldest"` // time since 1970 at which the oldest hint was stored
}

// A TreeRoot is the root of a node's Merkle tree of the key range (Start, End].
type TreeRoot struct {
	Start ring.Position `json:"start"`
	End   ring.Position `json:"end"`
	Root  uint64        `json:"root,string"`    // 0: the node holds nothing of the range
	Keys  int           `json:"keys,omitempty"` // with tombstones
	Size  int           `json:"size,omitempty"` // bytes of a copy, about
}

// A Replica is what a node holds of one key in one role.
type Replica struct {
	For      string // the home that the node keeps a hint for; "": the node holds the key as a home
	Versions vclock.Siblings
}
