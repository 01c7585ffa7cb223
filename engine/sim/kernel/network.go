package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
	"ringside/engine/wire"
)

// network carries messages between hosts. Splits are those of fault.Net; the fate of each message
// is drawn.
type network struct {
	w          *World
	conditions plan.Conditions // of the plan, once ScheduleFaults has been called
	over       map[string]bool // conditions that have ended, by the injections that end them
	splits     *fault.Net
	splitCount int                          // number of changes of splits
	calm       map[string]bool              // nodes without faults; links between two calm nodes have no faults
	clogged    map[fault.Link]time.Duration // nothing arrives before that time
	down       map[fault.Link]bool          // links that the sender's driver knows to be down
	drops      []plan.Injection             // of plan.Drop, each of which waits for its message
	sent       uint64                       // number of messages
	decoder    wire.Decoder
	writes     purposes
	leg        plan.Delay // of the message that is being sent; the zero Delay: the usual one
}

// frameEvery is the number of messages of which one is encoded and decoded, as all messages of a
// real cluster are. Encoding all of them would take too much time.
const frameEvery = 16

// leastDelay is the shortest delay of a message.
const leastDelay = 20 * time.Microsecond

func newNetwork(w *World) *network {
	return &network{
		w: w, conditions: plan.Conditions{Delay: plan.UsualDelay}, splits: fault.NewNet(w.names),
		over: map[string]bool{}, clogged: map[fault.Link]time.Duration{}, down: map[fault.Link]bool{},
	}
}

func (n *network) send(m wire.Message) {
	w, l, c := n.w, fault.Link{From: m.From, To: m.To}, n.conditions
	if w.bug.message(w, &m) {
		return
	}
	n.leg = plan.Delay{}
	if w.meter != nil || w.plan.Legs.Given() {
		purpose := n.writes.of(m)
		n.leg = legOf(w.plan.Legs, m, purpose)
		if w.meter != nil {
			w.meter.Sent(m, purpose)
		}
	}
	if n.sent++; n.sent%frameEvery == 0 {
		m = n.framed(m)
	}
	if n.splits.Cut(l) {
		w.CountFault(plan.CutMessage)
		n.dropped(m, "the link is cut")
		return
	}
	r := w.Rand(decideMessage, w.hosts[m.From].id, w.hosts[m.To].id, m.Request, topic(m))
	faulty := !n.calm[m.From] || !n.calm[m.To]
	lost, repeated := faulty && rng.Chance(r, c.Loss), faulty && rng.Chance(r, c.Repeat)
	lost, repeated = lost && !n.over[plan.NoLoss], repeated && !n.over[plan.NoRepeat]
	first, second := n.delay(r, l, faulty), time.Duration(0)
	if repeated {
		second = n.delay(r, l, faulty)
	}
	switch {
	case lost:
		w.CountFault(plan.Loss)
		n.dropped(m, "lost")
		return
	case n.drop(m): // after the draws, so that later messages have the luck that they have without the drop
		w.CountFault(plan.Drop)
		n.dropped(m, "lost: the "+strings.TrimPrefix(fmt.Sprintf("%T", m.Body), "wire.")+" that the script drops")
		return
	case repeated:
		w.CountFault(plan.Repeat)
		n.carry(m, second)
	}
	n.carry(m, first)
}

// drop reports whether an injection waits for the message, which ends the injection.
func (n *network) drop(m wire.Message) bool {
	i := slices.IndexFunc(n.drops, func(f plan.Injection) bool {
		return f.Nodes[0] == m.From && f.Nodes[1] == m.To && (f.Amount == 0 || uint64(f.Amount) == m.Request)
	})
	if i < 0 {
		return false
	}
	n.drops = slices.Delete(n.drops, i, i+1)
	return true
}

// framed returns the message as its receiver decodes it.
func (n *network) framed(m wire.Message) wire.Message {
	b, err := wire.AppendMessage(nil, m)
	if err == nil && len(b) > wire.MaxFrame {
		err = fmt.Errorf("a frame of %d bytes, the bound is %d", len(b), wire.MaxFrame)
	}
	var decoded wire.Message
	if err == nil {
		decoded, err = n.decoder.Message(b)
	}
	if err == nil {
		if again, _ := wire.AppendMessage(nil, decoded); !bytes.Equal(b, again) {
			err = errors.New("the decoded message is another one")
		}
	}
	if err != nil {
		n.w.judge.Unsendable(m, err)
		return m
	}
	return decoded
}

// delay draws how long a message is under way.
func (n *network) delay(r *rand.Rand, l fault.Link, faulty bool) time.Duration {
	mean := plan.UsualDelay
	if faulty && (!n.over[plan.NoDelay] || n.conditions.Delay < mean) {
		mean = n.conditions.Delay
	}
	var d time.Duration
	if n.leg != (plan.Delay{}) {
		d = n.leg.Draw(r)
	} else {
		d = leastDelay + rng.Exp(r, mean)
	}
	if !faulty {
		return d
	}
	if rng.Chance(r, n.conditions.LongDelay) && !n.over[plan.NoDelay] {
		n.w.CountFault(plan.LongDelay)
		d *= 100
	}
	return max(d, n.clogged[l]-n.w.now)
}

// topic distinguishes the messages of one request, and messages without a request.
func topic(m wire.Message) uint64 {
	switch b := m.Body.(type) {
	case wire.Ping:
		return 1
	case wire.Pong:
		return 2
	case wire.Read:
		return 3
	case wire.ReadReply:
		return 4
	case wire.Write:
		return 5 + uint64(b.Purpose)<<8 ^ rng.Hash(b.Key)<<16
	case wire.WriteReply:
		return 6
	case wire.Forward:
		return 7
	case wire.ForwardReply:
		return 8
	}
	return rng.Hash(fmt.Sprintf("%T", m.Body))
}

// carry delivers a message after a delay. A message to a node that crashes is lost with its
// connection.
func (n *network) carry(m wire.Message, d time.Duration) {
	w, to := n.w, n.w.hosts[m.To]
	incarnation := to.incarnation
	w.After(d, func() {
		w.Note(uint64(w.now), to.id, m.Op)
		if !n.splits.Cut(fault.Link{From: m.From, To: m.To}) && to.incarnation == incarnation {
			to.input(&engine.Receive{Message: m})
		}
	})
}

func (n *network) dropped(m wire.Message, why string) {
	n.w.Tell(event.Event{Kind: event.Dropped, Node: m.From, Peer: m.To, Request: m.Request, Message: why})
}

// change applies a fault to the splits.
func (n *network) change(f fault.Fault) {
	if err := n.splits.Apply(f); err != nil {
		panic("sim: " + err.Error()) // plans are checked
	}
	n.splitCount++
	if !n.conditions.Notices {
		return
	}
	for _, from := range n.w.names {
		for _, to := range n.w.names {
			n.refreshLink(fault.Link{From: from, To: to})
		}
	}
}

// refreshLinksOf refreshes the links of a node that started or stopped.
func (n *network) refreshLinksOf(name string) {
	for _, o := range n.w.names {
		n.refreshLink(fault.Link{From: name, To: o})
		n.refreshLink(fault.Link{From: o, To: name})
	}
}

// refreshLink tells the sender that its connection broke or came back, if drivers notice that.
func (n *network) refreshLink(l fault.Link) {
	if !n.conditions.Notices || l.From == l.To || !n.w.hosts[l.From].up {
		return
	}
	down := n.splits.Cut(l) || !n.w.hosts[l.To].up
	if down == n.down[l] {
		return
	}
	n.down[l] = down
	if down {
		n.w.hosts[l.From].input(engine.PeerDown{Peer: l.To})
	} else {
		n.w.hosts[l.From].input(engine.PeerUp{Peer: l.To})
	}
}

// forget drops what a crashed node knew of its links.
func (n *network) forget(name string) {
	if len(n.down) == 0 {
		return
	}
	for _, to := range n.w.names {
		delete(n.down, fault.Link{From: name, To: to})
	}
}
