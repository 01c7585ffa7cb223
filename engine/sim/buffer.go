package sim

import (
	"time"

	"ringside/engine"
	"ringside/engine/store"
	"ringside/engine/trace"
)

// A buffer is a host's object buffer (§6.1): the node goes on while a flush runs, only
// durable outputs wait, and a crash loses what no flush took.
type buffer struct {
	h        *host
	objects  *store.Buffer
	held     []*turn // what waits for the disk, in order
	freed    int     // how many of held the present flush lets out
	flushing []store.Write
	due      bool // a flush is planned

	collected []trace.Event // tombstones whose records are not gone from the disk yet
}

// flushEvery is how long a write stays in memory only, if nobody waits for it: long
// enough that crashes find some.
const flushEvery = 2 * time.Second

func newBuffer(h *host) *buffer { return &buffer{h: h, objects: store.NewBuffer(h.disk)} }

func (b *buffer) full() bool { return b.objects.Objects() >= b.h.w.plan.Buffer }

// take keeps the writes of a step, lets out what need not wait, and starts a flush if
// something has to.
func (b *buffer) take(o engine.Output) {
	b.objects.Add(o.Writes)
	h, t := b.h, &turn{}
	t.add(o)
	h.w.observe(o.Events)
	for _, e := range o.Events {
		if e.Kind == trace.TombstoneCollected {
			b.collected = append(b.collected, e)
		}
	}
	t.writes, t.events = nil, nil
	if o.Durable && !b.objects.Empty() && !h.w.plan.bug.forgetsToWait() {
		b.held = append(b.held, t)
	} else {
		h.release(t)
	}
	switch {
	case len(b.held) > 0 || b.full():
		b.flush()
	case !b.due && b.objects.Waiting():
		b.due = true
		life := h.life
		h.w.after(flushEvery, func() {
			if h.life == life && h.buffer == b {
				b.due = false
				b.flush()
			}
		})
	}
	b.meter()
}

func (b *buffer) meter() {
	b.h.w.tell(trace.Event{Kind: trace.Buffered, Node: b.h.name, Count: b.objects.Objects(), Want: b.h.w.plan.Buffer})
}

// flush brings all there is to disk, which takes a while, unless a flush runs.
func (b *buffer) flush() {
	h := b.h
	if b.flushing != nil || !b.objects.Waiting() {
		return
	}
	b.flushing, b.freed = b.objects.Take(), len(b.held)
	life := h.life
	took, fails := h.disk.sync(h.w.dice(forDisk, h.id))
	if h.doomed > 0 {
		h.doom(took)
	}
	h.w.after(took+h.disk.transfer(b.flushing), func() {
		if h.life != life || !h.up {
			return
		}
		if fails && !h.w.net.calm[h.name] {
			h.flushFailed()
			return
		}
		b.landed()
	})
}

// landed ends a flush and lets out what waited for it.
func (b *buffer) landed() {
	h := b.h
	h.w.check.dropping(h, &turn{writes: b.flushing, events: b.collected})
	h.disk.apply(h.w.plan.bug.batch(b.flushing))
	b.flushing = nil
	b.objects.Flushed()
	if !b.objects.Waiting() {
		b.collected = nil
		b.freed = len(b.held)
	}
	free := b.held[:b.freed]
	b.held, b.freed = append([]*turn(nil), b.held[b.freed:]...), 0
	for _, t := range free {
		h.release(t)
	}
	if len(b.held) > 0 || b.full() {
		b.flush()
	}
	b.meter()
	h.work()
}

// crash loses the buffer. A batch that was being made durable may have got there.
func (b *buffer) crash() {
	h := b.h
	if b.flushing != nil && chance(h.w.dice(forCrash, h.id), .5) {
		h.w.check.dropping(h, &turn{writes: b.flushing, events: b.collected})
		h.disk.apply(b.flushing)
		b.objects.Flushed()
	}
	if n := len(engine.KeysOf(b.objects.Lost())); n > 0 {
		h.w.fault(lostBuffer)
		h.w.tell(trace.Event{Kind: trace.BufferLost, Node: h.name, Count: n})
	}
	h.buffer = nil
}
