package engine

import (
	"time"

	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// Config is what a node is made with. It never changes.
type Config struct {
	Name    string
	Ring    *ring.Ring
	R, W    int
	Strict  bool // no sloppy quorum unless... see wire.Quorum.Strict
	LWW     bool
	Secret  []byte // seals contexts; the same on all nodes of a cluster
	Seed    uint64 // of the node's random choices
	Timings Timings

	// Incarnation is a number that no earlier life of this node's disk had. The
	// node uses it when its store is new, or when Distrust is set.
	Incarnation uint64
	// Distrust says that the store may lack writes that were once durable (it was
	// recovered from damage): the node's own counters prove nothing any more.
	Distrust bool
}

// An Input is one of Receive, Request, PeerUp, PeerDown, Describe, or nil when
// only time has passed.
type Input interface{ isInput() }

// Receive is a message from another node.
type Receive struct{ Message wire.Message }

// Request is a request of a client that the driver knows as Client. The Reply
// to it carries the same Client.
type Request struct {
	Client uint64
	Body   wire.ClientRequest
}

// PeerUp says that the driver has a connection to Peer again.
type PeerUp struct{ Peer string }

// PeerDown says that the driver cannot reach Peer: its connection broke, or is refused.
// A driver need not know; silence is noticed too.
type PeerDown struct{ Peer string }

// Describe asks for State and Replicas events of the node, the latter for each
// key of Keys. They come as Reply.Events, not as Output.Events.
type Describe struct {
	Client uint64
	Keys   [][]byte
}

func (Receive) isInput()  {}
func (Request) isInput()  {}
func (PeerUp) isInput()   {}
func (PeerDown) isInput() {}
func (Describe) isInput() {}

// Output is what the world must do after a Step, in this order.
type Output struct {
	Writes   []store.Write  // 1. applied durably, in order, before anything below leaves the node
	Messages []wire.Message // 2. may be lost, delayed, repeated, reordered
	Replies  []Reply        // 3. answers to local clients
	Events   []trace.Event  // 4. for watching only; never change behaviour
	Wake     time.Duration  // step again by then; 0: no need
}

// A Reply answers the Request or Describe of Client.
type Reply struct {
	Client uint64
	Body   wire.ClientReply // nil for Describe
	Events []trace.Event    // for Describe
}
