package kernel

import (
	"fmt"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// input queues an input of the node.
func (h *Host) input(in engine.Input) {
	if !h.up || len(h.inbox) >= maxInbox {
		return
	}
	if _, ok := in.(*engine.Receive); ok && len(h.inbox) >= smallInbox && h.buggify(plan.SmallInbox) {
		return
	}
	h.inbox = append(h.inbox, in)
	h.work()
}

// work takes turns as long as there are inputs and the node can be stepped.
func (h *Host) work() {
	for h.up && !h.paused() && !h.releasing && !h.driver.Busy() && len(h.inbox) > 0 {
		if h.Buffered() && len(h.inbox) > 1 && h.buggify(plan.ShortTurns) { // the other inputs get turns of their own
			incarnation := h.incarnation
			h.w.After(0, func() {
				if h.incarnation == incarnation {
					h.work()
				}
			})
			return
		}
		h.turn()
	}
}

// turn steps the node with some of its inputs.
func (h *Host) turn() {
	k := min(len(h.inbox), maxTurn)
	if h.Buffered() || k > 1 && h.buggify(plan.ShortTurns) { // inputs of a node with a buffer share no commit
		k = 1
	}
	inputs := h.inbox[:k]
	h.inbox = append(h.spare[:0], h.inbox[k:]...)
	h.spare = inputs
	now := h.now()
	for _, in := range inputs {
		h.driver.Step(now, in)
		h.w.steps++
		h.wake(h.driver.Wake())
	}
	h.endTurn()
}

func (h *Host) endTurn() {
	act, err := h.driver.EndTurn(h.now())
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err)) // reads of a simulated disk do not fail
	}
	h.carryOut(act)
}

// carryOut carries out an action of the driver, in the order of the driver's contract.
func (h *Host) carryOut(act driver.Action) {
	if act.Began {
		h.damage.doubtful, h.lastRun = false, h.incarnation
	}
	h.release(act.Effects)
	h.callDriver(h.driver.Due())
	if act.Batch == nil {
		return
	}
	h.batch = &Batch{Writes: act.Batch, Events: h.driver.Waiting().Events}
	if h.Buffered() {
		h.batch.Events, h.batch.observed, h.collected = h.collected, true, nil
	}
	h.commit(h.batch)
}

// commit makes a batch durable after some time, and then releases the effects that wait for the
// batch.
func (h *Host) commit(b *Batch) {
	incarnation := h.incarnation
	took, fails := h.disk.sync(h.w.Rand(decideDisk, h.id, b.request()))
	if h.crashFor > 0 {
		h.crashInFlush(took)
	}
	h.w.After(took+h.disk.transfer(b.Writes), func() {
		if h.incarnation != incarnation || !h.up {
			return
		}
		if fails && !h.w.net.calm[h.name] {
			h.failFlush()
			return
		}
		h.w.judge.Applying(h, b)
		h.disk.apply(h.w.bug.batch(b.Writes))
		h.batch = nil
		h.carryOut(h.driver.Durable(h.now()))
		h.work()
	})
}

// failFlush crashes the node, because what a failed flush leaves on the disk is not known.
func (h *Host) failFlush() {
	h.w.CountFault(plan.FailedSync)
	h.w.Tell(event.Event{Kind: event.DiskFailed, Node: h.name, Message: "a flush failed"})
	h.crash()
	h.w.later(rng.Exp(h.w.Rand(decideReboot, h.id), time.Second), h.boot)
}

// crashInFlush crashes the node in the middle of a commit that takes some time.
func (h *Host) crashInFlush(took time.Duration) {
	w, incarnation, down := h.w, h.incarnation, h.crashFor
	h.crashFor = 0
	w.After(took/2, func() {
		if h.incarnation != incarnation || !h.up || w.net.calm[h.name] {
			return
		}
		w.CountFault(plan.CrashInFlush)
		h.crash()
		w.later(down, h.boot)
	})
}

// release lets effects leave the node: events first, then messages, then replies. A client that
// receives a reply may send its next request at once. The node takes that request in afterwards,
// because the effects are still in the driver's memory.
func (h *Host) release(e driver.Effects) {
	h.releasing = true
	defer func() { h.releasing = false }()
	h.w.observe(e.Events)
	h.noteCollected(e.Events)
	for _, m := range e.Messages {
		h.w.net.send(m)
	}
	for _, r := range e.Replies {
		h.w.replied(r)
	}
}

// noteCollected remembers the tombstones that a node with a buffer drops, for its next batch.
func (h *Host) noteCollected(events []event.Event) {
	if !h.Buffered() {
		return
	}
	for _, e := range events {
		if e.Kind == event.TombstoneCollected {
			h.collected = append(h.collected, e)
		}
	}
}

// wake schedules the step that the node asked for at a time of the host.
func (h *Host) wake(at time.Duration) {
	if at == 0 || at == h.wakeAt {
		return
	}
	h.wakeAt = at
	incarnation := h.incarnation
	h.w.After(h.until(at), func() {
		if h.incarnation == incarnation && h.wakeAt == at {
			h.wakeAt = 0
			h.input(nil)
		}
	})
}

// callDriver schedules the call that the driver asked for at a time of the host.
func (h *Host) callDriver(at time.Duration) {
	if at == 0 || at == h.dueAt {
		return
	}
	h.dueAt = at
	incarnation := h.incarnation
	h.w.After(h.until(at), func() {
		if h.incarnation != incarnation || h.dueAt != at {
			return
		}
		if h.dueAt = 0; h.up && !h.paused() {
			h.endTurn()
			h.work()
		}
	})
}

// stop ends the incarnation, and loses what is only in the buffer.
func (h *Host) stop() {
	landed := h.batch != nil && rng.Chance(h.w.Rand(decideCrash, h.id), .5)
	if landed {
		h.land(h.batch)
	}
	h.driver.Crash(landed)
	if n := len(engine.KeysOf(h.driver.Lost())); n > 0 {
		h.w.CountFault(plan.LostBuffer)
		h.w.Tell(event.Event{Kind: event.BufferLost, Node: h.name, Count: n})
	}
	h.up, h.pausedAt, h.batch, h.inbox, h.wakeAt, h.dueAt = false, 0, nil, nil, 0, 0
}

// land applies a batch that reached the disk although its node crashed. The events of the batch are
// lost with the node, so the judge is told here of those that it must know.
func (h *Host) land(b *Batch) {
	if k := len(b.Writes); mutant.Is(mutant.BatchTorn) {
		b.Writes = b.Writes[k/2:]
	}
	h.w.judge.Applying(h, b)
	h.disk.apply(b.Writes)
	if b.observed {
		return
	}
	for _, e := range b.Events {
		switch e.Kind {
		case event.TombstoneCollected, event.Coordinate, event.Truncated:
			h.w.judge.Event(e)
		}
	}
}
