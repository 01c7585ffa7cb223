package engine

import (
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// Rings returns the ring of a history. Nodes share one so that a ring is computed once.
type Rings interface {
	Of(h member.History) *ring.Ring
}

// Config is what a node is made with. It never changes during a run of the node, except for LWW
// (PreferLastWrite).
type Config struct {
	Name    string
	Ring    ring.Config
	Quorum  wire.Quorum // R and W of requests that name none (§4.5); if Strict, all requests are strict
	LWW     bool        // last write wins, for every put (§4.4)
	Secret  []byte      // seals contexts; the same on all nodes of a cluster
	Seed    uint64      // of the node's random choices
	Timings Timings

	Founders []ring.Member // the first members of the cluster; none for a node that is to join one
	Seeds    []string      // nodes that the node gossips with besides the members (§4.8.2)
	Rings    Rings         // may be shared by nodes with the same Ring; nil: the node has its own

	// Incarnation is the number of this run of the node, of incarnationBits bits. It is greater
	// than those of all earlier runs. It becomes the disk's incarnation if the store is new, or if
	// the counters in the store prove nothing.
	Incarnation uint64
	// LastRun is the Incarnation of the latest run that had a durable batch, as the driver
	// remembers it outside the store; 0 if the driver does not know. A store without that run is an
	// old copy.
	LastRun uint64
	// Distrust says that the store may lack writes that were once durable, because it was recovered
	// from damage. The counters in it then prove nothing.
	Distrust bool
	// Buffered says that the driver has an object buffer (§6.1): Outputs need not be Durable, and a
	// crash may lose the latest writes. It is the same on all nodes of a cluster.
	Buffered bool

	// Buggify is for simulators: if it returns true, the node does what is rare and right at this
	// point. nil: never.
	Buggify func(BuggifyPoint) bool
	// Poison is for simulators and tests: memory that an Output no longer needs is overwritten.
	Poison   bool
	Literal  bool // the paper's plain vector clocks, for every put (§4.4; see clocks.go)
	Truncate int  // greatest number of pairs in the clock of a new version (§4.4); 0: no limit

	// Off is for experiments: the mechanisms that the node does without. It is the same on all nodes
	// of a cluster.
	Off Off

	Limits Limits
}

// Limits bound what a node keeps. A zero field means the usual limit.
type Limits struct {
	Hints    int // greatest number of hints that the node keeps; 0: hints.DefaultMax
	Siblings int // greatest number of versions of a key that the node adds to; 0: wire.MaxSiblings
}

// Off switches mechanisms off, for experiments that measure what a mechanism is good for. The zero
// Off switches nothing off. Anti-entropy has a switch of its own (Timings.AntiEntropy).
type Off struct {
	ReadRepair bool // gets repair no replica (§5)
	Handoff    bool // fallbacks keep hints, and never deliver or rehome them (§4.6)
	Forwarding bool // the node that a client asks coordinates the put, home or not (§4.5)
	Admission  bool // background work never yields to clients (§6.5)
}

// PreferLastWrite makes last write wins the mode of all puts and gets that begin from now on
// (§4.4). Simulators use it to ask what another mode would have changed. There is no way back: a
// record that was put under last write wins stays so.
func (n *Node) PreferLastWrite() { n.cfg.LWW = true }
