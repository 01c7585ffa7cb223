package engine

import (
	"math"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// An Input is a *Receive, *Request, PeerUp, PeerDown, Unsent, Describe, Compare or
// ChangeMembership, or nil if only time has passed.
type Input interface{ isInput() }

// Receive is a message from another node. The node does not keep the Receive.
type Receive struct{ Message wire.Message }

// Request is a request of a client. Its Reply carries the same Client, a number that the driver
// chooses. The node does not keep the Request.
type Request struct {
	Client uint64
	Body   wire.ClientRequest
}

// PeerUp says that the driver has a new connection to Peer, or knows that Peer can be reached
// again. Between two messages a driver may close the connection without a PeerDown.
type PeerUp struct{ Peer string }

// PeerDown says that the driver cannot reach Peer: its connection is broken or refused. A driver
// that does not know may omit PeerDown, because the node also notices silence.
type PeerDown struct{ Peer string }

// Unsent says that a Message of an earlier Output never left: it could not be encoded, or too much
// was waiting for its receiver.
type Unsent struct{ Message wire.Message }

// Describe asks for a State event of the node, and for a Replicas event for each of Keys. They come
// as Reply.Events, not as Output.Events.
type Describe struct {
	Client uint64
	Keys   [][]byte
}

// Compare asks for rounds of anti-entropy now (§4.7): of each of Ranges that the node is a home of,
// with each home ranked after the node. If all homes get the same Compare, each two homes compare
// once. The Reply comes after the last round, with a SyncDone event.
type Compare struct {
	Client uint64
	Ranges []event.Span // none: all ranges
	DryRun bool         // find differences, and repair nothing
}

// ChangeMembership asks for a change of the membership (§4.8.1). Of Change, the fields Node, Kind,
// Weight and Zone count. The Reply has a Membership event, with the change as it was written down,
// or with Err and Message.
type ChangeMembership struct {
	Client uint64
	Change member.Change
	DryRun bool // check the change, and write nothing down
}

func (ChangeMembership) isInput() {}
func (*Receive) isInput()         {}
func (*Request) isInput()         {}
func (PeerUp) isInput()           {}
func (PeerDown) isInput()         {}
func (Unsent) isInput()           {}
func (Describe) isInput()         {}
func (Compare) isInput()          {}

// Output is what the driver must do after a Step, in the order of the fields. Watchers hear of a
// step before its Messages and Replies leave, so that the order of events follows cause and effect.
// Its slices are valid until the next Step.
type Output struct {
	Writes   []store.Write  // apply in order
	Durable  bool           // make all Writes so far durable before anything below leaves the node
	Events   []event.Event  // show; they never change what a node does
	Messages []wire.Message // send; they may be lost, delayed, repeated and reordered
	Replies  []Reply        // give to local clients
	Wake     time.Duration  // step again by that time, since 1970; 0: no need
}

// released overwrites a released Write in poisoned runs. All nodes share its key, so its key must
// not change.
var released = store.Write{Space: 'x', Key: []byte(Released)}

// reset empties o and keeps the memory of its slices. poison is Config.Poison.
func (o *Output) reset(poison bool) {
	*o = Output{
		Writes:   Reuse(o.Writes, poison, released),
		Events:   Reuse(o.Events, poison, event.Event{Node: Released}),
		Messages: Reuse(o.Messages, poison, wire.Message{From: Released, To: Released}),
		Replies:  Reuse(o.Replies, poison, Reply{Client: math.MaxUint64}),
	}
}

// maxReused bounds the elements of a slice whose memory is reused. A step that drops a whole key
// range has a million writes.
const maxReused = 4096

// Released stands in memory that was released and must not be read.
const Released = "memory that was released"

// Reuse empties s and returns it for reuse, or nil if its memory is too large to be kept. With
// poison the elements become released, a value that nothing expects, so that code that still reads
// them fails.
func Reuse[T any](s []T, poison bool, released T) []T {
	clear(s)
	if poison {
		for i := range s {
			s[i] = released
		}
	}
	if cap(s) > maxReused {
		return nil
	}
	return s[:0]
}

// A Reply answers the Request, Describe, Compare or ChangeMembership of Client.
type Reply struct {
	Client uint64
	Body   wire.ClientReply // to a Request
	Events []event.Event    // to the other inputs
}
