package engine

// §4.8.3 Failure Detection: purely local, driven by traffic.
//
// A node believes that a peer failed when the peer did not answer something
// the node asked, or when the driver says that its connection is gone. Only an answer (or a new
// connection) ends the belief, since a peer that can reach us is of no use unless we
// can reach it. Failed peers are probed; healthy ones are not: "in the absence
// of client requests, neither node needs to know whether the other is reachable".

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/timers"
	"ringside/engine/wire"
)

// A peer is what the node believes of another one.
type peer struct {
	name     string
	cut      bool          // the driver has no connection to it
	suspect  bool          // it did not answer
	heard    time.Duration // when it last answered
	probing  bool          // a probe is planned
	draining int           // hints sent to it and not yet acked
	forwards once          // puts that it handed over
	told     time.Duration // when it was last sent the membership history
	view     uint64        // of the membership, as of its last message
	reunion  bool          // a comparison of all that is shared with it is planned
}

func (p *peer) healthy() bool { return !p.cut && !p.suspect }

// A call is a message that wants an answer.
type call struct {
	to       string
	keep     bool // stay after silence: a late answer still counts until the owner abandons the call
	silent   bool // no answer came in time
	front    bool // a client's request waits for it
	began    time.Duration
	onGone   func() // the connection broke after that: no late answer can come either
	onAnswer func(wire.Body)
	onSilent func() // no answer in time, or the connection is gone; at most once
	patience *timers.Timer
}

// call sends body to a peer and remembers what to do with the answer. It
// returns the call's number for abandon.
func (n *Node) call(to string, request uint64, body wire.Body, patience time.Duration, c call) uint64 {
	n.lastOp++
	op := n.lastOp
	c.to, c.began = to, n.now
	if n.odd(HastyDoubt) {
		patience /= hasty
	}
	c.patience = n.after(patience, func() {
		n.suspect(to)
		n.silent(op)
	})
	n.calls[op] = &c
	n.send(wire.Message{To: to, Request: request, Op: op, Body: body})
	return op
}

// forget ends a call whose answer arrived.
func (n *Node) forget(op uint64) {
	c := n.calls[op]
	c.patience.Stop()
	delete(n.calls, op)
}

// abandon ends the owner's interest in a call. The wait for the answer goes on:
// whoever stays silent is suspected, whether or not somebody still needs to know.
func (n *Node) abandon(op uint64) {
	c := n.calls[op]
	switch {
	case c == nil:
	case c.silent:
		delete(n.calls, op)
	default:
		c.keep, c.onAnswer, c.onSilent, c.onGone = false, nil, nil, nil
	}
}

// silent tells the owner of a call, once, that no answer came in time.
func (n *Node) silent(op uint64) {
	c := n.calls[op]
	if c == nil {
		return
	}
	c.patience.Stop()
	f := c.onSilent
	c.onSilent, c.silent = nil, true
	if !c.keep {
		delete(n.calls, op)
	}
	if f != nil {
		f()
	}
}

func (n *Node) send(m wire.Message) {
	m.From, m.View = n.cfg.Name, n.member.digest
	n.out.Messages = append(n.out.Messages, m)
}

func (n *Node) answer(m wire.Message, body wire.Body) {
	n.send(wire.Message{To: m.From, Request: m.Request, Op: m.Op, Body: body})
}

// onAnswer matches an answer with the call it belongs to. Answers count by
// (call, peer): a repeated one, or one from somebody else, is dropped.
func (n *Node) onAnswer(m wire.Message) {
	n.alive(m.From)
	c := n.calls[m.Op]
	if c == nil || c.to != m.From {
		return
	}
	if c.front {
		n.waited(n.now - c.began)
	}
	if mutant.Is(mutant.AckByCount) && c.keep {
		c.patience.Stop()
	} else {
		n.forget(m.Op)
	}
	if c.onAnswer != nil {
		c.onAnswer(m.Body)
	}
}

func (n *Node) alive(name string) {
	p := n.peer(name)
	p.heard = n.now
	if !p.suspect || mutant.Is(mutant.SuspectedForever) {
		return
	}
	p.suspect = false
	if !p.cut {
		n.emit(event.Event{Kind: event.Alive, Peer: name})
		n.deliverHints(p)
		n.reunite(p)
	}
}

func (n *Node) suspect(name string) {
	p := n.peer(name)
	was := p.healthy()
	p.suspect = true
	if was && n.belongs(name) {
		n.emit(event.Event{Kind: event.Suspect, Peer: name})
	}
	n.probeLater(p)
}

func (n *Node) probeLater(p *peer) {
	if p.probing || p.healthy() || !n.concerns(p.name) || mutant.Is(mutant.NeverProbed) {
		return
	}
	p.probing = true
	wait := n.cfg.Timings.Probe
	if n.odd(RareProbes) {
		wait *= rare
	}
	n.after(wait, func() {
		p.probing = false
		if p.suspect && !p.cut {
			n.call(p.name, 0, wire.Ping{}, n.cfg.Timings.Patience, call{})
		}
		n.probeLater(p)
	})
}

// concerns says whether the node has anything to do with name. A node that went is let go once it
// has said that it holds nothing, and has got what was kept for it.
func (n *Node) concerns(name string) bool {
	return n.belongs(name) || n.member.leaves(name) || n.hints.queues[name] != nil || slices.Contains(n.cfg.Seeds, name)
}

// peerDown ends the wait for every answer that cannot come any more.
func (n *Node) peerDown(name string) {
	p := n.peer(name)
	if p.cut {
		return
	}
	was := p.healthy()
	p.cut = true
	if was && n.belongs(name) {
		n.emit(event.Event{Kind: event.Suspect, Peer: name})
	}
	var ops []uint64
	for op, c := range n.calls {
		if c.to == name {
			ops = append(ops, op)
		}
	}
	slices.Sort(ops)
	for _, op := range ops {
		if c := n.calls[op]; c != nil && c.silent {
			delete(n.calls, op)
			if c.onGone != nil {
				c.onGone()
			}
			continue
		}
		n.silent(op)
	}
}

// unsent makes up for a message that never left. Nobody is to be suspected for
// that: a question is taken as unanswered, and in place of an answer that was too
// large the peer is told so.
func (n *Node) unsent(m wire.Message) {
	if b, ok := m.Body.(wire.ReadReply); ok && b.Err == wire.OK {
		n.answer(wire.Message{From: m.To, Request: m.Request, Op: m.Op}, wire.ReadReply{Err: wire.Overloaded})
		return
	}
	if c := n.calls[m.Op]; c != nil && c.to == m.To {
		n.silent(m.Op)
	}
}

// peerUp trusts a new connection: making it took answers from the peer.
func (n *Node) peerUp(name string) {
	p := n.peer(name)
	n.tellGuest(name)
	if p.healthy() || mutant.Is(mutant.ReturnUnnoticed) {
		return
	}
	p.cut, p.suspect = false, false
	n.emit(event.Event{Kind: event.Alive, Peer: name})
	n.deliverHints(p)
	n.reunite(p)
}

// healthy says whether the node would send a replica to name now.
func (n *Node) healthy(name string) bool {
	return name == n.cfg.Name || n.peer(name).healthy()
}

// connected says whether a message to name has a chance to arrive.
func (n *Node) connected(name string) bool {
	return name == n.cfg.Name || !n.peer(name).cut
}

// mayAnswer says whether an answer to one of calls could still come.
func (n *Node) mayAnswer(calls []uint64) bool {
	return slices.ContainsFunc(calls, func(op uint64) bool {
		c := n.calls[op]
		return c != nil && n.connected(c.to)
	})
}
