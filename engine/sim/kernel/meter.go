package kernel

import (
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// A Meter counts what is sent in a World. Its methods must not change the World, and must not keep
// their arguments.
type Meter interface {
	// Sent is called for each message that a node sends, also for one that is lost. purpose is that
	// of a Write or a WriteReply, and UnknownPurpose for any other message.
	Sent(m wire.Message, purpose wire.Purpose)
	// Asked is called for each request of a client.
	Asked(body wire.ClientRequest)
	// Answered is called for each reply to the request of a client that still waits.
	Answered(body wire.ClientReply)
}

// UnknownPurpose is the purpose of a message that is neither a Write nor the answer to one, and of
// the answer to a write that is long forgotten.
const UnknownPurpose wire.Purpose = 255

// maxPurposes bounds the remembered purposes of writes. The answer to a write comes long before
// that many later writes.
const maxPurposes = 1 << 16

// purposes remembers why replicas were written, because an acknowledgement does not say it.
type purposes struct {
	recent, older map[exchange]wire.Purpose
}

// An exchange is a question and its answer, by the node that asks and its number for them.
type exchange struct {
	node string
	op   uint64
}

// of returns the purpose of a message, and remembers that of a Write.
func (p *purposes) of(m wire.Message) wire.Purpose {
	switch b := m.Body.(type) {
	case wire.Write:
		if len(p.recent) >= maxPurposes/2 || p.recent == nil {
			p.older, p.recent = p.recent, map[exchange]wire.Purpose{}
		}
		p.recent[exchange{m.From, m.Op}] = b.Purpose
		return b.Purpose
	case wire.WriteReply:
		x := exchange{m.To, m.Op}
		if purpose, known := p.recent[x]; known {
			return purpose
		}
		if purpose, known := p.older[x]; known {
			return purpose
		}
	}
	return UnknownPurpose
}

// legOf returns the distribution of the delay of a message, the zero Delay for the usual delay.
func legOf(l plan.Legs, m wire.Message, purpose wire.Purpose) plan.Delay {
	switch m.Body.(type) {
	case wire.Read:
		return l.R
	case wire.ReadReply:
		return l.S
	case wire.Write:
		if purpose == wire.Replicate {
			return l.W
		}
	case wire.WriteReply:
		if purpose == wire.Replicate {
			return l.A
		}
	}
	return l.Other
}
