package sim

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine"
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
	disk    *disk
	node    *engine.Node
	overlay *store.Overlay
	up      bool
	paused  bool
	life    uint64 // counts starts; what was scheduled in an earlier life is void
	inbox   []engine.Input
	busy    bool
	pending *turn // being made durable
	wakes   time.Duration
	skew    time.Duration // its clock against the world's
	drift   float64       // its clock's rate against the world's, minus 1
	doubt   bool          // the disk was recovered from damage, and no node has taken a new incarnation on it since

	rotten    bool // a record rotted in this life of the node, which need not have noticed
	destroyed bool // the disk lost something that it had synced, at least once
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

func newHost(w *world, name string) *host {
	return &host{w: w, name: name, disk: newDisk(w)}
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
	w.lives++
	h.life, h.up, h.paused, h.busy, h.pending = w.lives, true, false, false, nil
	h.inbox, h.rotten = nil, false
	h.overlay = store.NewOverlay(h.disk)
	n, out, err := engine.New(engine.Config{
		Name: h.name, Ring: w.ring, R: w.opt.R, W: w.opt.W, LWW: w.opt.LWW, Secret: []byte("sim"), Seed: w.opt.Seed + w.lives,
		Timings: w.opt.timings(), Incarnation: w.lives, Distrust: h.doubt,
	}, h.overlay, h.clock())
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err)) // the simulated disk reads or says what is damaged
	}
	h.node = n
	var t turn
	t.add(out)
	h.overlay.Add(out.Writes)
	h.wakeAt(out.Wake)
	h.commit(&t)
	w.net.refresh()
}

// timings are the default ones but for anti-entropy.
func (o Options) timings() engine.Timings {
	t := engine.DefaultTimings()
	t.AntiEntropy = max(o.AntiEntropy, 0)
	return t
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
	h.inbox = append(h.inbox, in)
	h.work()
}

// work takes a turn if there is something to do and nothing in the way.
func (h *host) work() {
	if !h.up || h.paused || h.busy || len(h.inbox) == 0 {
		return
	}
	var t turn
	k := min(len(h.inbox), maxTurn)
	batch := h.inbox[:k]
	h.inbox = slices.Clone(h.inbox[k:])
	now := h.clock()
	for _, in := range batch {
		out := h.node.Step(now, in)
		h.w.steps++
		h.overlay.Add(out.Writes)
		t.add(out)
		h.wakeAt(out.Wake)
	}
	h.commit(&t)
}

// commit makes the turn's writes durable, which takes a while, and lets the rest out.
func (h *host) commit(t *turn) {
	if len(t.writes) == 0 {
		h.release(t)
		return
	}
	h.busy, h.pending = true, t
	life := h.life
	h.w.after(h.disk.syncTime(), func() {
		if h.life != life || !h.up {
			return
		}
		if h.disk.fails() {
			h.w.fault("disk-failed-sync")
			h.crash()
			h.w.after(h.w.exp(time.Second), h.boot)
			return
		}
		h.disk.apply(t.writes)
		h.doubt = false // the first batch of a life holds the node's new incarnation
		h.overlay.Reset()
		h.busy, h.pending = false, nil
		h.release(t)
		h.work()
	})
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
	if h.pending != nil && h.w.chance(.5) {
		h.disk.apply(h.pending.writes)
	}
	h.up, h.paused, h.busy, h.pending, h.inbox, h.wakes = false, false, false, nil, nil, 0
	h.w.net.forget(h.name)
	h.w.net.refresh()
}

func (h *host) pause() { h.paused = h.up }

func (h *host) resume() {
	h.paused = false
	h.work()
}
