package sim

import (
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/mutant"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// A host runs one node the way the real driver does: it drains its inbox, steps
// everything, makes one batch durable, and only then lets anything out. It is the
// disk that takes the time; while it does, the inbox fills.
type host struct {
	w       *world
	name    string
	id      uint64 // its place among the world's nodes
	disk    *disk
	node    *engine.Node
	overlay *store.Overlay
	buffer  *buffer // of a plan that has buffers; nil otherwise, and while the node is down
	up      bool
	paused  bool
	life    uint64 // counts starts; what was scheduled in an earlier life is void
	inbox   []engine.Input
	spare   []engine.Input // the last turn's, to be filled again
	busy    bool
	pending *turn // being made durable
	wakes   time.Duration
	skew    time.Duration // its clock against the world's
	drift   float64       // its clock's rate against the world's, minus 1
	doomed  time.Duration // it crashes in its next commit, for that long; 0: it does not
	doubt   bool          // the disk was recovered from damage, and no node has taken a new incarnation on it since

	rotten bool          // a record rotted in this life of the node, which need not have noticed
	forgot time.Duration // when the disk last lost what it had of the membership; forever where it may come out at any boot; 0: never
}

// A turn is what one drain of the inbox came to.
type turn struct {
	writes   []store.Write
	messages []wire.Message
	replies  []engine.Reply
	events   []trace.Event
}

const (
	// maxInbox bounds what waits for a node; beyond it messages are lost.
	maxInbox = 4096
	// maxTurn is how many inputs share one commit.
	maxTurn = 64
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
	h.up, h.paused, h.busy, h.pending, h.inbox = true, false, false, nil, nil
	h.overlay = store.NewOverlay(h.disk)
	var reads store.Reader = h.overlay
	if w.plan.Buffer > 0 {
		h.buffer = newBuffer(h)
		reads = h.buffer.objects
	}
	n, out, err := engine.New(engine.Config{
		Name: h.name, Ring: w.ring.Config(), Rings: w.rings, Founders: w.foundersOf(h), Seeds: w.plan.seeds(), R: w.plan.R, W: w.plan.W, LWW: w.plan.lww(), Strict: w.plan.Quorum == StrictQuorum,
		Secret: []byte(secret), Seed: mix(w.plan.Seed ^ mix(h.id<<32|h.life)),
		Timings: w.plan.timings(), Incarnation: w.plan.bug.incarnation(h.life), Distrust: h.doubt, Buffered: w.plan.Buffer > 0, Buggify: h.buggify(),
		Literal: w.plan.Clocks == trace.ClocksLiteral, Truncate: w.plan.Truncate, MaxHints: w.plan.maxHints(), MaxSiblings: w.plan.maxSiblings(),
	}, reads, h.clock())
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err)) // the simulated disk reads or says what is damaged
	}
	h.node = n
	var t turn
	t.add(out)
	h.overlay.Add(out.Writes)
	h.wakeAt(out.Wake)
	h.commit(&t)
	w.net.refreshOf(h.name)
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

// request is the client's request that the turn is about, the first if it is about many.
func (t *turn) request() uint64 {
	for _, e := range t.events {
		if e.Request > 0 {
			return e.Request
		}
	}
	return 0
}

func (t *turn) add(o engine.Output) {
	t.writes = append(t.writes, o.Writes...)
	t.messages = append(t.messages, o.Messages...)
	t.replies = append(t.replies, o.Replies...)
	t.events = append(t.events, o.Events...)
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

// work takes a turn if there is something to do and nothing in the way.
func (h *host) work() {
	if !h.up || h.paused || h.busy || len(h.inbox) == 0 {
		return
	}
	if h.buffer != nil {
		h.workBuffered()
		return
	}
	var t turn
	k := min(len(h.inbox), maxTurn)
	if k > 1 && h.odd(shortTurns) {
		k = 1
	}
	batch := h.inbox[:k]
	h.inbox = append(h.spare[:0], h.inbox[k:]...)
	h.spare = batch
	now := h.clock()
	for _, in := range batch {
		out := h.node.Step(now, in)
		h.w.steps++
		if !mutant.Is(mutant.PendingUnread) {
			h.overlay.Add(out.Writes)
		}
		t.add(out)
		h.wakeAt(out.Wake)
	}
	h.commit(&t)
}

// workBuffered is work with a buffer: nothing is shared, so nothing waits but for room.
func (h *host) workBuffered() {
	for len(h.inbox) > 0 && !h.buffer.full() {
		if len(h.inbox) > 1 && h.odd(shortTurns) { // the rest has a turn of its own
			life := h.life
			h.w.after(0, func() {
				if h.life == life {
					h.work()
				}
			})
			return
		}
		in := h.inbox[0]
		h.inbox = h.inbox[1:]
		out := h.node.Step(h.clock(), in)
		h.w.steps++
		h.buffer.take(out)
		h.wakeAt(out.Wake)
	}
}

// commit makes the turn's writes durable, which takes a while, and lets the rest out.
func (h *host) commit(t *turn) {
	if len(t.writes) == 0 {
		h.release(t)
		return
	}
	if mutant.Is(mutant.AckBeforePersist) {
		h.release(t)
		t = &turn{writes: t.writes}
	}
	h.busy, h.pending = true, t
	life := h.life
	took, fails := h.disk.sync(h.w.dice(forDisk, h.id, t.request()))
	if h.doomed > 0 {
		h.doom(took)
	}
	h.w.after(took+h.disk.transfer(t.writes), func() {
		if h.life != life || !h.up {
			return
		}
		if fails && !h.w.net.calm[h.name] {
			h.flushFailed()
			return
		}
		h.w.check.dropping(h, t)
		h.disk.apply(h.w.plan.bug.batch(t.writes))
		h.doubt = false // the first batch of a life holds the node's new incarnation
		h.overlay.Reset()
		h.busy, h.pending = false, nil
		h.release(t)
		h.work()
	})
}

// flushFailed is a crash: nobody knows what is on the disk.
func (h *host) flushFailed() {
	h.w.fault(failedSyncKind)
	h.w.tell(trace.Event{Kind: trace.DiskFailed, Node: h.name, Message: "a flush failed"})
	h.crash()
	h.w.later(exp(h.w.dice(forReboot, h.id), time.Second), h.boot)
}

// view is what the node would read now: its disk, and its buffer on top of it.
func (h *host) view() store.Reader {
	if h.buffer != nil {
		return h.buffer.objects
	}
	return h.disk
}

func (h *host) release(t *turn) {
	for _, m := range t.messages {
		h.w.net.send(m)
	}
	for _, r := range t.replies {
		h.w.replied(r)
	}
	h.w.observe(t.events)
}

// wakeAt plans the step that the node asked for, in its own time.
func (h *host) wakeAt(at time.Duration) {
	if at == 0 || at == h.wakes {
		return
	}
	h.wakes = at
	life := h.life
	wait := time.Duration(float64(max(at-h.clock(), 0)) / (1 + h.drift))
	h.w.after(wait+time.Microsecond, func() {
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
	if h.pending != nil && chance(h.w.dice(forCrash, h.id), .5) {
		if k := len(h.pending.writes); mutant.Is(mutant.BatchTorn) {
			h.pending.writes = h.pending.writes[k/2:]
		}
		h.w.check.dropping(h, h.pending)
		h.disk.apply(h.pending.writes)
		for _, e := range h.pending.events { // which nobody will hear of
			if e.Kind == trace.TombstoneCollected || e.Kind == trace.Coordinate || e.Kind == trace.Truncated {
				h.w.check.event(e)
			}
		}
	}
	if b := h.buffer; b != nil && b.objects.Empty() {
		h.buffer = nil
	} else if b != nil {
		h.w.check.losing(h, b.crash)
	}
	h.up, h.paused, h.busy, h.pending, h.inbox, h.wakes = false, false, false, nil, nil, 0
	h.w.net.forget(h.name)
	h.w.net.refreshOf(h.name)
	h.w.tell(trace.Event{Kind: trace.NodeDown, Node: h.name})
}

func (h *host) pause() {
	if h.up && !h.paused {
		h.paused = true
		h.w.tell(trace.Event{Kind: trace.NodePaused, Node: h.name})
	}
}

func (h *host) resume() {
	if h.up && h.paused {
		h.paused = false
		h.w.tell(trace.Event{Kind: trace.NodeUp, Node: h.name})
		h.work()
	}
}
