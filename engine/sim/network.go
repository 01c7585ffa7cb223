package sim

import (
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
)

// The network carries messages between hosts. Cuts are those of fault.Net;
// the rest is drawn for each message.
type network struct {
	w        *world
	cuts     *fault.Net
	cutCount int           // changes of cuts
	delay    time.Duration // mean
	tail     float64       // chance of a delay a hundred times as long
	loss     float64
	repeat   float64
	calm     map[string]bool              // nodes among which there is no weather any more
	clogged  map[fault.Link]time.Duration // nothing arrives before
	sent     uint64                       // messages
	tells    bool                         // drivers notice that connections break and come back
	told     map[fault.Link]bool          // links that their sender knows to be down
}

// framedEvery is the one of how many messages that goes as the bytes of a frame, as all do in
// a real cluster: the rest is spared the time that it takes.
const framedEvery = 16

func newNetwork(w *world) *network {
	return &network{w: w, cuts: fault.NewNet(w.names), delay: usualDelay, clogged: map[fault.Link]time.Duration{}, told: map[fault.Link]bool{}}
}

func (n *network) send(m wire.Message) {
	w, l := n.w, fault.Link{From: m.From, To: m.To}
	if w.plan.bug.message(w, &m) {
		return
	}
	if n.sent++; n.sent%framedEvery == 0 {
		m = w.check.framed(m)
	}
	if n.cuts.Cut(l) {
		w.fault(cutMessage)
		n.dropped(m, "the link is cut")
		return
	}
	r := w.dice(forMessage, w.hosts[m.From].id, w.hosts[m.To].id, m.Request, topic(m))
	wild := !n.calm[m.From] || !n.calm[m.To]
	lost, repeated := wild && chance(r, n.loss), wild && chance(r, n.repeat)
	first, second := n.draw(l, wild), time.Duration(0)
	if repeated {
		second = n.draw(l, wild)
	}
	switch {
	case lost:
		w.fault(lossKind)
		n.dropped(m, "lost")
		return
	case repeated:
		w.fault(repeatKind)
		n.carry(m, second)
	}
	n.carry(m, first)
}

// draw throws the dice that were taken last for the time that a message is under way.
func (n *network) draw(l fault.Link, wild bool) time.Duration {
	w := n.w
	if !wild {
		return 20*time.Microsecond + exp(w.rng, usualDelay)
	}
	d := 20*time.Microsecond + exp(w.rng, n.delay)
	if chance(w.rng, n.tail) {
		w.fault(longDelayKind)
		d *= 100
	}
	return max(d, n.clogged[l]-w.now)
}

// topic tells messages of one request apart, and those of none.
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
		return 5 + uint64(b.Purpose)<<8 ^ hashString(b.Key)<<16
	case wire.WriteReply:
		return 6
	case wire.Forward:
		return 7
	case wire.ForwardReply:
		return 8
	}
	return hashString(fmt.Sprintf("%T", m.Body))
}

func (n *network) carry(m wire.Message, d time.Duration) {
	w, to := n.w, n.w.hosts[m.To]
	life := to.life
	w.after(d, func() {
		w.note(uint64(w.now), to.id, m.Op)
		// What is under way to a node that crashes is lost with its connection.
		if !n.cuts.Cut(fault.Link{From: m.From, To: m.To}) && to.life == life {
			to.input(engine.Receive{Message: m})
		}
	})
}

func (n *network) dropped(m wire.Message, why string) {
	n.w.tell(event.Event{Kind: event.Dropped, Node: m.From, Peer: m.To, Request: m.Request, Message: why})
}

// change applies a fault to the cuts.
func (n *network) change(f fault.Fault) {
	if err := n.cuts.Apply(f); err != nil {
		panic("sim: " + err.Error()) // plans are checked
	}
	n.cutCount++
	if !n.tells {
		return
	}
	for _, from := range n.w.names {
		for _, to := range n.w.names {
			n.refresh(fault.Link{From: from, To: to})
		}
	}
}

// refreshOf refreshes the links of a node that came or went.
func (n *network) refreshOf(name string) {
	for _, o := range n.w.names {
		n.refresh(fault.Link{From: name, To: o})
		n.refresh(fault.Link{From: o, To: name})
	}
}

// refresh tells the sender that its connection broke or came back, if drivers notice such things.
func (n *network) refresh(l fault.Link) {
	if !n.tells || l.From == l.To || !n.w.hosts[l.From].up {
		return
	}
	down := n.cuts.Cut(l) || !n.w.hosts[l.To].up
	if down == n.told[l] {
		return
	}
	n.told[l] = down
	if down {
		n.w.hosts[l.From].input(engine.PeerDown{Peer: l.To})
	} else {
		n.w.hosts[l.From].input(engine.PeerUp{Peer: l.To})
	}
}

// forget drops what was told to a node: it crashed.
func (n *network) forget(name string) {
	if len(n.told) == 0 {
		return
	}
	for _, to := range n.w.names {
		delete(n.told, fault.Link{From: name, To: to})
	}
}
