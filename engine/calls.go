package engine

// §4.8.3: a peer that does not answer is suspected. A call is a message to a peer that wants an
// answer, together with what its sender does with the answer or with the silence.

import (
	"math"
	"slices"
	"time"

	"ringside/engine/mutant"
	"ringside/engine/timers"
	"ringside/engine/wire"
)

// A caller is told how its call ends. The call is valid until the method returns.
type caller interface {
	onAnswer(c *call, answer wire.Body)
	// onSilent is called if no answer came in time, or the connection is gone. It is called at most
	// once.
	onSilent(c *call)
	// onGone is called if the connection broke after onSilent: no late answer can come either.
	onGone(c *call)
}

// A call is a message that wants an answer.
type call struct {
	cs       *calls
	op       uint64 // the call's number
	to       string
	home     string // for questions: the home that the asked node stands for
	keep     bool   // stay after silence: a late answer still counts until the owner abandons the call
	silent   bool   // no answer came in time
	settled  bool   // for questions: the call was answered or given up
	front    bool   // a client's request waits for the answer
	began    time.Duration
	caller   caller        // nil: no one waits for the end
	wait     time.Duration // how long the answer may take
	stalls   uint64        // calls.stalls when the call began; renewed: the answer may not take longer again
	patience timers.Timer
}

// renewed is the number of stalls of a call that has waited twice.
const renewed = math.MaxUint64

// callbacks is a caller made of functions. All of them are optional.
type callbacks struct {
	answer func(wire.Body)
	silent func()
}

func (f callbacks) onAnswer(_ *call, answer wire.Body) {
	if f.answer != nil {
		f.answer(answer)
	}
}

func (f callbacks) onSilent(*call) {
	if f.silent != nil {
		f.silent()
	}
}

func (callbacks) onGone(*call) {}

// calls holds the node's calls by number. Numbers are never used twice.
type calls struct {
	n    *Node
	open map[uint64]*call
	free []*call // ended calls, for reuse
	last uint64  // number of the latest call or batch

	stalls uint64 // how often the node did not run for long
}

// newCalls returns no calls. The first number lies above those of earlier runs of the node, whose
// answers may still be under way.
func newCalls(n *Node) *calls {
	c := &calls{n: n, open: map[uint64]*call{}, last: uint64(n.now)}
	if mutant.Is(mutant.NumbersRestart) {
		c.last = 0
	}
	return c
}

// number returns a new number.
func (cs *calls) number() uint64 {
	cs.last++
	return cs.last
}

// begin sends body to a peer and returns the number of the call. patience is how long the answer
// may take. request is the client request that the call belongs to, 0 if there is none.
func (cs *calls) begin(to string, request uint64, body wire.Body, patience time.Duration, who caller) uint64 {
	return cs.start(cs.newCall(to, who), request, body, patience)
}

// newCall returns a call that has not begun.
func (cs *calls) newCall(to string, who caller) *call {
	k := len(cs.free) - 1
	if k < 0 {
		return &call{cs: cs, to: to, caller: who}
	}
	c := cs.free[k]
	cs.free = cs.free[:k]
	*c = call{cs: cs, to: to, caller: who}
	return c
}

// maxFree bounds the ended calls that are kept for reuse.
const maxFree = 1024

// release gives back an ended call. The number of the call is not open, and no timer holds the
// call.
func (cs *calls) release(c *call) {
	*c = call{to: "a call after its end"}
	if len(cs.free) < maxFree {
		cs.free = append(cs.free, c)
	}
}

// start begins a call and returns its number.
func (cs *calls) start(c *call, request uint64, body wire.Body, patience time.Duration) uint64 {
	c.op, c.began = cs.number(), cs.n.now
	if cs.n.buggify(HastyDoubt) {
		patience /= hastyDivisor
	}
	c.wait, c.stalls = patience, cs.stalls
	c.patience = cs.n.later(patience, c)
	cs.open[c.op] = c
	cs.n.send(wire.Message{To: c.to, Request: request, Op: c.op, Body: body})
	return c.op
}

// longStall is the part of a peer's patience from which a stall of the node itself counts.
const longStall = 4

// Stalled tells the node that it did not run for d: what it had sent left late, and what came waits
// for it. The owner of the node calls Stalled before the next step. Peers are not suspected for
// that time (§4.8.3).
func (n *Node) Stalled(d time.Duration) {
	if d >= n.cfg.Timings.Patience/longStall {
		n.calls.stalled()
	}
}

// stalled lets the open calls wait once more.
func (cs *calls) stalled() { cs.stalls++ }

// Run ends the patience of a call. If the node stalled meanwhile, the question may have left late,
// and the answer may be waiting for the node. The call therefore waits once more. The call does
// so only once, because a node whose disk is always slow must find failed peers too.
func (c *call) Run() {
	if c.stalls < c.cs.stalls {
		c.stalls = renewed
		c.patience = c.cs.n.later(c.wait, c)
		return
	}
	c.cs.n.detector.silent(c.to)
	c.cs.silent(c.op)
}

// abandon ends the owner's interest in a call. The wait for the answer goes on: a peer that stays
// silent is suspected whether or not its answer is still needed.
func (cs *calls) abandon(op uint64) {
	c := cs.open[op]
	switch {
	case c == nil:
	case c.silent:
		delete(cs.open, op)
		cs.release(c)
	default:
		c.keep, c.caller = false, nil
	}
}

// silent ends the wait for an answer, and tells the caller unless that was done before.
func (cs *calls) silent(op uint64) {
	c := cs.open[op]
	if c == nil {
		return
	}
	c.patience.Stop()
	again, over := c.silent, !c.keep
	c.silent = true
	if over {
		delete(cs.open, op)
	}
	if c.caller != nil && !again {
		c.caller.onSilent(c)
	}
	if over {
		cs.release(c)
	}
}

// answered gives an answer to the call that it belongs to. Answers count by call and peer: a
// repeated answer, or one from another peer, is dropped.
func (cs *calls) answered(m wire.Message) {
	cs.n.detector.answered(m.From)
	c := cs.open[m.Op]
	if c == nil || c.to != m.From {
		return
	}
	if c.front {
		cs.n.background.answered(cs.n.now - c.began)
	}
	c.patience.Stop()
	over := !mutant.Is(mutant.AckByCount) || !c.keep
	if over {
		delete(cs.open, m.Op)
	}
	if c.caller != nil {
		c.caller.onAnswer(c, m.Body)
	}
	if over {
		cs.release(c)
	}
}

// disconnected ends the calls to a peer: no answer can come.
func (cs *calls) disconnected(peer string) {
	var ops []uint64
	for op, c := range cs.open {
		if c.to == peer {
			ops = append(ops, op)
		}
	}
	slices.Sort(ops)
	for _, op := range ops {
		if c := cs.open[op]; c != nil && c.silent {
			delete(cs.open, op)
			if c.caller != nil {
				c.caller.onGone(c)
			}
			cs.release(c)
			continue
		}
		cs.silent(op)
	}
}

// unsent makes up for a message that never left. A question counts as unanswered, but its receiver
// is not suspected. Instead of an answer that was too large the receiver gets a refusal.
func (cs *calls) unsent(m wire.Message) {
	if b, ok := m.Body.(wire.ReadReply); ok && b.Err == wire.OK {
		cs.n.answer(wire.Message{From: m.To, Request: m.Request, Op: m.Op}, wire.ReadReply{Err: wire.Overloaded})
		return
	}
	if c := cs.open[m.Op]; c != nil && c.to == m.To {
		cs.silent(m.Op)
	}
}

// mayAnswer reports whether an answer to one of ops can still come.
func (cs *calls) mayAnswer(ops []uint64) bool {
	return slices.ContainsFunc(ops, func(op uint64) bool {
		c := cs.open[op]
		return c != nil && cs.n.detector.connected(c.to)
	})
}

// waitsFor reports whether one of ops is a call to node that was neither answered nor given up.
func (cs *calls) waitsFor(ops []uint64, node string) bool {
	return slices.ContainsFunc(ops, func(op uint64) bool {
		c := cs.open[op]
		return c != nil && !c.silent && c.to == node
	})
}
