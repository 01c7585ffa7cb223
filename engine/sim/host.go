package sim

import (
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/splitmix"
	"ringside/engine/store"
)

// A host runs one node as localcluster does: it takes inputs from its inbox, steps the node, and carries out what
// package driver asks for. The disk takes the time; while it does, the inbox fills.
type host struct {
	w         *world
	name      string
	id        uint64 // its place among the world's nodes
	disk      *disk
	node      *engine.Node
	driver    *driver.Driver
	up        bool
	paused    bool
	life      uint64 // counts starts; what was scheduled in an earlier life is void
	ran       uint64 // the latest life whose first batch is durable, as remembered outside the disk
	inbox     []engine.Input
	spare     []engine.Input // the last turn's, to be filled again
	flight    *batch         // being made durable
	releasing bool           // effects are leaving the node
	wakes     time.Duration
	dues      time.Duration
	skew      time.Duration // its clock against the world's
	drift     float64       // its clock's rate against the world's, minus 1
	doomed    time.Duration // it crashes in its next commit, for that long; 0: it does not
	doubt     bool          // the disk was recovered from damage, and no node has taken a new incarnation on it since

	collected []event.Event // tombstones that a buffered node has dropped since its last batch was taken

	rotten bool          // a record rotted in this life of the node, which need not have noticed
	forgot time.Duration // when the disk last lost what it had of the membership; forever where it may come out at any boot; 0: never
}

// A batch is what a host brings to its disk at once.
type batch struct {
	writes []store.Write
	events []event.Event // of the steps that wrote it; of a buffered node only the tombstones that it dropped
	told   bool          // the events have been told
}

// buffered says whether the host's node has an object buffer (§6.1).
func (h *host) buffered() bool { return h.w.plan.Buffer > 0 }

const (
	// maxInbox bounds what waits for a node; beyond it messages are lost.
	maxInbox = 4096
	// maxTurn is how many inputs share one commit.
	maxTurn = 64
	// flushEvery is how long a write stays in an object buffer, if no output waits for it: long
	// enough that crashes find some.
	flushEvery = 2 * time.Second
)

func newHost(w *world, name string, id int) *host {
	h := &host{w: w, name: name, id: uint64(id), disk: newDisk(w.plan.tail())}
	if we := w.plan.Weather; id < len(we.Skew) { // from the first boot on: a node's time never goes back
		h.skew, h.drift = we.Skew[id], we.Drift[id]
	}
	return h
}

// clock is the host's own time.
func (h *host) clock() time.Duration {
	return h.w.now + h.skew + time.Duration(float64(h.w.now-start)*h.drift)
}

// boot starts the node on whatever its disk holds.
func (h *host) boot() {
	if h.up {
		return
	}
	w := h.w
	h.life++
	h.rotten = false
	h.up, h.paused, h.flight, h.collected, h.inbox = true, false, nil, nil, nil
	h.driver = driver.New(h.disk, driver.Options{Node: h.name, Objects: w.plan.Buffer, FlushEvery: flushEvery})
	n, out, err := engine.New(engine.Config{
		Name: h.name, Ring: w.ring.Config(), Rings: w.rings, Founders: w.foundersOf(h), Seeds: w.plan.seeds(), R: w.plan.R, W: w.plan.W, LWW: w.plan.lww(), Strict: w.plan.Quorum == StrictQuorum,
		Secret: []byte(secret), Seed: splitmix.Next(w.plan.Seed ^ splitmix.Next(h.id<<32|h.life)),
		Timings: w.plan.timings(), Incarnation: w.plan.bug.incarnation(h.life), LastRun: h.ran, Distrust: h.doubt, Buffered: h.buffered(), Buggify: h.buggify(),
		Literal: w.plan.Clocks == settings.ClocksLiteral, Truncate: w.plan.Truncate, MaxHints: w.plan.maxHints(), MaxSiblings: w.plan.maxSiblings(),
	}, h.driver.Reader(), h.clock())
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err)) // the simulated disk reads or says what is damaged
	}
	h.node = n
	h.driver.Start(w.plan.bug.stepped(n), out)
	h.wakeAt(h.driver.Wake())
	h.endTurn()
	w.net.refreshOf(h.name)
	w.check.given(h)
	w.tellBoot(h)
}

// foundersOf is whom the node knows of from the beginning; one that joins knows only the seeds.
func (w *world) foundersOf(h *host) []ring.Member {
	if int(h.id) < len(w.founders) {
		return w.founders
	}
	return nil
}

func (p *Plan) seeds() []string { return p.names()[:min(seedNodes, p.Nodes)] }

// request is the client's request that the batch is about, the first if it is about many.
func (b *batch) request() uint64 {
	for _, e := range b.events {
		if e.Request > 0 {
			return e.Request
		}
	}
	return 0
}

// input queues what reaches the node.
func (h *host) input(in engine.Input) {
	if !h.up || len(h.inbox) >= maxInbox {
		return
	}
	if _, ok := in.(engine.Receive); ok && len(h.inbox) >= tinyInbox && h.odd(smallInbox) {
		return
	}
	h.inbox = append(h.inbox, in)
	h.work()
}

// work takes turns as long as there is something to do and nothing in the way.
func (h *host) work() {
	for h.up && !h.paused && !h.releasing && !h.driver.Busy() && len(h.inbox) > 0 {
		if h.buffered() && len(h.inbox) > 1 && h.odd(shortTurns) { // the rest has a turn of its own
			life := h.life
			h.w.after(0, func() {
				if h.life == life {
					h.work()
				}
			})
			return
		}
		h.turn()
	}
}

// turn steps the node with some of its inbox.
func (h *host) turn() {
	k := min(len(h.inbox), maxTurn)
	if h.buffered() || k > 1 && h.odd(shortTurns) { // with a buffer nothing is shared, so nothing waits but for room
		k = 1
	}
	inputs := h.inbox[:k]
	h.inbox = append(h.spare[:0], h.inbox[k:]...)
	h.spare = inputs
	now := h.clock()
	for _, in := range inputs {
		h.driver.Step(now, in)
		h.w.steps++
		h.wakeAt(h.driver.Wake())
	}
	h.endTurn()
}

func (h *host) endTurn() {
	act, err := h.driver.EndTurn(h.clock())
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err)) // the simulated disk reads or says what is damaged
	}
	h.carryOut(act)
}

// carryOut does what the driver asks for, in its order.
func (h *host) carryOut(act driver.Action) {
	if act.Began {
		h.doubt, h.ran = false, h.life
	}
	h.release(act.Effects)
	h.dueAt(h.driver.Due())
	if act.Batch == nil {
		return
	}
	h.flight = &batch{writes: act.Batch, events: h.driver.Waiting().Events}
	if h.buffered() {
		h.flight.events, h.flight.told, h.collected = h.collected, true, nil
	}
	h.commit(h.flight)
}

// commit makes a batch durable, which takes a while, and lets out what waits for it.
func (h *host) commit(b *batch) {
	life := h.life
	took, fails := h.disk.sync(h.w.dice(forDisk, h.id, b.request()))
	if h.doomed > 0 {
		h.doom(took)
	}
	h.w.after(took+h.disk.transfer(b.writes), func() {
		if h.life != life || !h.up {
			return
		}
		if fails && !h.w.net.calm[h.name] {
			h.flushFailed()
			return
		}
		h.w.check.dropping(h, b)
		h.disk.apply(h.w.plan.bug.batch(b.writes))
		h.flight = nil
		h.carryOut(h.driver.Durable(h.clock()))
		h.work()
	})
}

// flushFailed is a crash: nobody knows what is on the disk.
func (h *host) flushFailed() {
	h.w.fault(failedSyncKind)
	h.w.tell(event.Event{Kind: event.DiskFailed, Node: h.name, Message: "a flush failed"})
	h.crash()
	h.w.later(exp(h.w.dice(forReboot, h.id), time.Second), h.boot)
}

// view is what the node would read now: its disk, and its buffer on top of it.
func (h *host) view() store.Reader {
	if h.up && h.buffered() {
		return h.driver.Reader()
	}
	return h.disk
}

// release lets effects leave. A client that is answered may send its next request at once: the node takes it in
// after that, because the effects are the driver's.
func (h *host) release(e driver.Effects) {
	h.releasing = true
	defer func() { h.releasing = false }()
	for _, m := range e.Messages {
		h.w.net.send(m)
	}
	for _, r := range e.Replies {
		h.w.replied(r)
	}
	h.w.observe(e.Events)
	if !h.buffered() {
		return
	}
	for _, e := range e.Events {
		if e.Kind == event.TombstoneCollected {
			h.collected = append(h.collected, e)
		}
	}
}

// dueAt plans the call that the driver asked for, in the node's own time.
func (h *host) dueAt(at time.Duration) {
	if at == 0 || at == h.dues {
		return
	}
	h.dues = at
	life := h.life
	h.w.after(h.until(at), func() {
		if h.life != life || h.dues != at {
			return
		}
		if h.dues = 0; h.up && !h.paused {
			h.endTurn()
			h.work()
		}
	})
}

// until is how long the world has to go on until the host's clock shows at.
func (h *host) until(at time.Duration) time.Duration {
	return time.Duration(float64(max(at-h.clock(), 0))/(1+h.drift)) + time.Microsecond
}

// wakeAt plans the step that the node asked for, in its own time.
func (h *host) wakeAt(at time.Duration) {
	if at == 0 || at == h.wakes {
		return
	}
	h.wakes = at
	life := h.life
	h.w.after(h.until(at), func() {
		if h.life == life && h.wakes == at {
			h.wakes = 0
			h.input(nil)
		}
	})
}

// crash stops the node where it stands. A batch that was being made durable may
// have got there, though nobody was told.
func (h *host) crash() {
	if !h.up {
		return
	}
	if h.buffered() && len(h.driver.Lost()) > 0 {
		h.w.check.losing(h, h.end)
	} else {
		h.end()
	}
	h.w.net.forget(h.name)
	h.w.net.refreshOf(h.name)
	h.w.tell(event.Event{Kind: event.NodeDown, Node: h.name})
}

// end ends the run of the driver, and loses what was in a buffer.
func (h *host) end() {
	landed := h.flight != nil && chance(h.w.dice(forCrash, h.id), .5)
	if landed {
		b := h.flight
		if k := len(b.writes); mutant.Is(mutant.BatchTorn) {
			b.writes = b.writes[k/2:]
		}
		h.w.check.dropping(h, b)
		h.disk.apply(b.writes)
		for _, e := range b.events { // the run ends before the events are told
			if !b.told && (e.Kind == event.TombstoneCollected || e.Kind == event.Coordinate || e.Kind == event.Truncated) {
				h.w.check.event(e)
			}
		}
	}
	h.driver.Crash(landed)
	if n := len(engine.KeysOf(h.driver.Lost())); n > 0 {
		h.w.fault(lostBuffer)
		h.w.tell(event.Event{Kind: event.BufferLost, Node: h.name, Count: n})
	}
	h.up, h.paused, h.flight, h.inbox, h.wakes, h.dues = false, false, nil, nil, 0, 0
}

func (h *host) pause() {
	if h.up && !h.paused {
		h.paused = true
		h.w.tell(event.Event{Kind: event.NodePaused, Node: h.name})
	}
}

func (h *host) resume() {
	if h.up && h.paused {
		h.paused = false
		h.w.tell(event.Event{Kind: event.NodeUp, Node: h.name})
		h.dueAt(h.driver.Due())
		h.work()
	}
}
