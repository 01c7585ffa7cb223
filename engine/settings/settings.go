// Package settings has the choices that are fixed when a cluster begins: N, R, W, the strategy of the ring, how versions
// are compared and reconciled, and the founders. A cluster keeps them with its data.
package settings

import (
	"strconv"
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
)

// Cluster holds the fixed choices of one cluster.
type Cluster struct {
	Name     string   `json:"cluster"`
	Nodes    []string `json:"nodes"` // that there are, members or not
	N        int      `json:"n"`
	R        int      `json:"r"`
	W        int      `json:"w"`
	Mode     string   `json:"mode"` // siblings or lww
	Strict   bool     `json:"strict"`
	Strategy int      `json:"strategy"`
	Q        int      `json:"q"`
	T        int      `json:"t"`
	Mem      bool     `json:"mem"`              // nodes keep their data in memory only
	Buffer   int      `json:"buffer,omitempty"` // objects in each node's buffer (§6.1); 0: none, every write is durable

	Founders []ring.Member  `json:"founders,omitempty"` // the members that the cluster was born with; none: Nodes, all alike
	Seeds    []string       `json:"seeds"`              // whom all nodes know from outside the ring (§4.8.2)
	Changes  member.History `json:"changes,omitempty"`  // of the membership; none: the founders alone

	Clocks   string `json:"clocks,omitempty"`   // dotted, which "" means, or literal
	Truncate int    `json:"truncate,omitempty"` // pairs at which clocks are cut; 0: never

	NoAntiEntropy bool `json:"no_anti_entropy,omitempty"` // nodes compare their trees only when told to (§4.7)

	Tombstones time.Duration `json:"tombstones,omitempty"` // ns of grace until tombstones are collected (§4.4); 0: the usual; negative: they stay
}

// Born returns the founders.
func (s Cluster) Born() []ring.Member {
	if len(s.Founders) > 0 {
		return s.Founders
	}
	out := make([]ring.Member, len(s.Nodes))
	for i, n := range s.Nodes {
		out[i] = ring.Member{Name: n, Weight: 1}
	}
	return out
}

// History is all that is known of the membership.
func (s Cluster) History() member.History { return member.Founders(s.Born()).Merge(s.Changes) }

// RingConfig is what rings of the cluster are made with.
func (s Cluster) RingConfig() ring.Config {
	return ring.Config{Strategy: ring.Strategy(s.Strategy), N: s.N, Q: s.Q, T: s.T}
}

// Kinds of clocks (§4.4).
const (
	ClocksDotted  = "dotted"  // each version keeps its own event apart from its past
	ClocksLiteral = "literal" // the paper's vector clocks
)

// Versioning says how the cluster tells versions apart and what becomes of concurrent
// ones, in a few words: the mode, and of the clocks what is not the default.
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

// Modes of reconciliation (§4.4).
const (
	ModeSiblings = "siblings"
	ModeLWW      = "lww"
)
