package engine

// §6.5: background work (the delivery of hints, anti-entropy, transfers) yields to clients'
// requests. The controller is in package admission. Here background work waits for its budget, in
// the order in which it asks.

import (
	"time"

	"ringside/engine/admission"
	"ringside/engine/event"
	"ringside/engine/wire"
)

// background runs a node's background work as far as the admission controller allows.
type background struct {
	n       *Node
	ctl     *admission.Controller
	waiting []func() // for the budget, in order
	running bool     // resume is working off waiting
	paused  bool     // a timer will call resume
}

func newBackground(n *Node) *background {
	limit := n.cfg.Timings.Foreground
	if n.cfg.Off.Admission {
		limit = 0
	}
	return &background{n: n, ctl: admission.New(n.now, limit)}
}

// run calls task, a small piece of background work, as soon as there is budget for it. The task
// must check whether it is still wanted, and must charge what it moves.
func (b *background) run(task func()) {
	b.waiting = append(b.waiting, task)
	b.resume()
}

// busy reports whether work is waiting for the budget.
func (b *background) busy() bool { return len(b.waiting) > 0 }

// resume runs what waits until the budget is used up, and plans to go on after a pause.
func (b *background) resume() {
	if b.running {
		return // a task has called run
	}
	b.running = true
	b.ctl.Refill(b.n.now)
	for len(b.waiting) > 0 && b.ctl.Granted() && !b.n.buggify(LittleSync) {
		task := b.waiting[0]
		b.waiting = b.waiting[1:]
		task()
	}
	b.running = false
	if len(b.waiting) > 0 && !b.paused {
		b.paused = true
		b.n.after(admission.Pause, func() {
			b.paused = false
			b.resume()
		})
	}
}

// charge takes the bytes of a message to or from peer out of the budget, and returns them.
func (b *background) charge(body wire.Body, peer string) int {
	n := b.n
	m := wire.Message{From: n.cfg.Name, To: peer, Op: n.calls.last, Digest: n.members.digest, Body: body}
	size := wire.MessageSize(m)
	b.ctl.Spend(size)
	return size
}

// answered notes how long a client's request waited for the answer of a replica.
func (b *background) answered(waited time.Duration) {
	if b.ctl.Answered(b.n.now, waited) {
		b.n.after(admission.AdjustEvery, b.adjust)
	}
}

// adjust has the controller adjust its slice, and emits an event if the slice changed.
func (b *background) adjust() {
	changed, again := b.ctl.Adjust(b.n.now, b.n.coordinator.requests == 0)
	if changed {
		b.n.emit(event.Event{Kind: event.Slice, Percent: 100 * b.ctl.Slice(), Delay: b.ctl.P99()})
	}
	if again {
		b.n.after(admission.AdjustEvery, b.adjust)
	}
}
