package settings

import (
	"strconv"
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
)

// Cluster holds the fixed choices of one cluster. Check says which values are valid. In settings
// that a caller asks for, a zero field means the default (see New).
type Cluster struct {
	Name     string   `json:"cluster"`
	Nodes    []string `json:"nodes"`  // all nodes, members or not, in the order of creation
	N        int      `json:"n"`      // replicas of a key (§4.3): 1 to the number of founders
	R        int      `json:"r"`      // nodes that must answer a get (§4.5): 1 to N
	W        int      `json:"w"`      // nodes that must acknowledge a put (§4.5): 1 to N
	Mode     string   `json:"mode"`   // ModeSiblings or ModeLWW (§4.4)
	Strict   bool     `json:"strict"` // only homes count toward R and W; false: sloppy quorums (§4.6)
	Strategy int      `json:"strategy"`
	Q        int      `json:"q"`                // equal partitions of the ring; strategies 2 and 3 (§6.2)
	T        int      `json:"t"`                // tokens of a node of weight 1; strategies 1 and 2 (§6.2)
	Mem      bool     `json:"mem"`              // nodes keep their data in memory only
	Buffer   int      `json:"buffer,omitempty"` // objects in a node's buffer (§6.1), to MaxBuffer; 0: no buffer
	// NoSync lets nodes write to their disks without waiting until the disks have the writes. A crash
	// of the process loses nothing. A power cut may lose the latest writes of all nodes.
	NoSync bool `json:"no_sync,omitempty"`

	// Founders are the first members of the ring. Empty: Nodes, each with weight 1.
	Founders []ring.Member `json:"founders,omitempty"`
	// Seeds are the nodes that every node knows from outside the ring (§4.8.2).
	Seeds []string `json:"seeds"`
	// Changes are the changes of the membership since the cluster was created.
	Changes member.History `json:"changes,omitempty"`

	Clocks   string `json:"clocks,omitempty"`   // ClocksDotted, which "" also means, or ClocksLiteral
	Truncate int    `json:"truncate,omitempty"` // pairs at which clocks are truncated, to wire.MaxClock; 0: never

	// NoAntiEntropy stops nodes from comparing their trees unless a command asks for it (§4.7).
	NoAntiEntropy bool `json:"no_anti_entropy,omitempty"`

	// Tombstones is the age at which a tombstone may be collected (§4.4): MinTombstones to
	// MaxTombstones. 0: the node's default. Negative: tombstones stay.
	Tombstones time.Duration `json:"tombstones,omitempty"`
}

// Values of Cluster.Mode: how a node reconciles concurrent versions (§4.4).
const (
	ModeSiblings = "siblings" // keep all of them for the client
	ModeLWW      = "lww"      // last write wins
)

// Values of Cluster.Clocks (§4.4).
const (
	ClocksDotted  = "dotted"  // a version keeps its own event apart from its past
	ClocksLiteral = "literal" // the paper's vector clocks
)

// InitialMembers returns the founders: Founders, or Nodes with weight 1 if that is empty.
func (s Cluster) InitialMembers() []ring.Member {
	if len(s.Founders) > 0 {
		return s.Founders
	}
	out := make([]ring.Member, len(s.Nodes))
	for i, n := range s.Nodes {
		out[i] = ring.Member{Name: n, Weight: 1}
	}
	return out
}

// History returns the joins of the founders and all changes since.
func (s Cluster) History() member.History {
	return member.Founders(s.InitialMembers()).Merge(s.Changes)
}

// RingConfig returns the configuration of the cluster's rings.
func (s Cluster) RingConfig() ring.Config {
	return ring.Config{Strategy: ring.Strategy(s.Strategy), N: s.N, Q: s.Q, T: s.T}
}

// Versioning describes how the cluster compares and reconciles versions: the mode, and the choices
// about clocks that are not the default.
func (s Cluster) Versioning() string {
	out := s.Mode
	if s.Clocks == ClocksLiteral {
		out += ", literal clocks"
	}
	if s.Truncate > 0 {
		out += ", clocks cut at " + strconv.Itoa(s.Truncate)
	}
	return out
}
