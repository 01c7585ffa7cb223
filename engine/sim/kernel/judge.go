package kernel

import (
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/wire"
)

// A Judge is told what happens in a World. Its methods must not change the World.
type Judge interface {
	// Event is called for each event of a node, before Members learns the changes in the event.
	Event(e event.Event)
	// Changed is called when a node has written down a change of the membership that a fault asked
	// for.
	Changed(c member.Change)
	// Booted is called when the node of h has started.
	Booted(h *Host)
	// Applying is called before a batch is applied to the disk of h.
	Applying(h *Host, b *Batch)
	// Destroying must call destroy, which takes data from the disk or the buffer of h.
	Destroying(h *Host, destroy func())
	// Unsendable is called for a message that the wire format cannot carry.
	Unsendable(m wire.Message, err error)
	// LullOver is called at the end of a lull that was long enough for the cluster to come to rest,
	// right after RecallMembers, which returned before.
	LullOver(began time.Duration, before member.History)
}

// NoJudge is a Judge that ignores everything.
type NoJudge struct{}

func (NoJudge) Event(event.Event)                      {}
func (NoJudge) Changed(member.Change)                  {}
func (NoJudge) Booted(*Host)                           {}
func (NoJudge) Applying(*Host, *Batch)                 {}
func (NoJudge) Destroying(_ *Host, destroy func())     { destroy() }
func (NoJudge) Unsendable(wire.Message, error)         {}
func (NoJudge) LullOver(time.Duration, member.History) {}

var _ Judge = NoJudge{}
