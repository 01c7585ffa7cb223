package engine

// §4.4, beyond the paper: a client asks for one tombstone to be collected at once. The two
// questions are those of tombstones.go. The time between them is wire.ForgetAfter in place of the
// grace, so the client must know that no old write of the key is still under way.

import (
	"fmt"

	"ringside/engine/store"
	"ringside/engine/tombstone"
	"ringside/engine/wire"
)

// onForget begins to collect the tombstone of a key.
func (c *collector) onForget(client uint64, req wire.ForgetRequest) {
	n := c.n
	answer := func(r wire.ForgetReply) {
		r.Request = req.Request
		n.reply(client, r)
	}
	switch {
	case len(req.Key) == 0 || len(req.Key) > wire.MaxKey:
		answer(wire.ForgetReply{Err: wire.BadRequest,
			Message: fmt.Sprintf("the key has %d bytes, want 1 to %d", len(req.Key), wire.MaxKey)})
		return
	case n.cfg.Timings.Tombstones == 0:
		answer(wire.ForgetReply{Message: "this cluster keeps tombstones (--tombstones off)"})
		return
	case c.batches.Full():
		answer(wire.ForgetReply{Err: wire.Overloaded,
			Message: n.cfg.Name + " collects as many tombstones as it can; try again"})
		return
	case c.batches.Active(req.Key):
		answer(wire.ForgetReply{Message: n.cfg.Name + " collects the tombstone already"})
		return
	case !n.members.isHome(n.cfg.Name, n.members.preference(req.Key)):
		answer(wire.ForgetReply{Message: n.cfg.Name + " is not a home of the key; ask a home"})
		return
	}
	n.requireDurable() // the questions depend on the record, which may be in the object buffer
	rec, err := n.records.read(store.Data, n.dataKey(req.Key))
	switch {
	case err != nil:
		answer(wire.ForgetReply{Message: "the replica of " + n.cfg.Name + " is damaged"})
		return
	case live(rec.Siblings) > 0:
		answer(wire.ForgetReply{Live: true, Message: "the key has a value"})
		return
	}
	if why := c.cannotAsk(); why != "" {
		answer(wire.ForgetReply{Message: why})
		return
	}
	c.forget(wire.Tombstone{Key: req.Key, State: stateOf(req.Key, rec).Hash}, answer)
}

// forget asks all members twice, and tells the client what came of that.
func (c *collector) forget(t wire.Tombstone, answer func(wire.ForgetReply)) {
	n := c.n
	b := c.batches.Begin(n.calls.number(), []wire.Tombstone{t})
	c.ended[b] = func(why string) { answer(wire.ForgetReply{Message: why, Forgotten: why == ""}) }
	c.askTwice(b, wire.ForgetAfter)
}

// tellEnd tells the client of a batch that the batch has ended. why says why its tombstone stays,
// "" if the tombstone was collected.
func (c *collector) tellEnd(b *tombstone.Batch, why string) {
	if tell := c.ended[b]; tell != nil {
		delete(c.ended, b)
		tell(why)
	}
}
