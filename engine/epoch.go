package engine

// §4.4: which dot a coordinator may give to a new version. A dot must never be minted twice:
// replicas and trees compare dots, so a dot that stands for two writes loses one of them without a
// trace.
//
// A counter comes from state that can be lost. The node therefore keeps the last dot that it minted
// for a key: in the key's record, in the same batch as the version, or in the space store.Own if
// the record does not hold the dot (counters.go). Nothing deletes that proof. A key without a proof
// was not stamped in this epoch and starts at 1, or above the floor of its part of the ring. The
// clock of a key then has one entry for each node that coordinated the key, as in the paper.
//
// A disk can lose that proof. The node then takes a new incarnation, in which it has minted
// nothing: after a wipe, after a recovery that may have dropped writes, and on a disk that is older
// than the latest run of the node. Damage to a single record begins a new epoch within the
// incarnation. With an object buffer (§6.1) a crash loses the latest counters, so every run of the
// node has an incarnation of its own.

import (
	"fmt"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// An epoch has two parts. The high bits are the incarnation of the node's disk. The low bits are
// the number of epochs that were begun in that incarnation.
const (
	incarnationBits = 40 // milliseconds since 1970; a number returns after 34 years
	epochBits       = 64 - incarnationBits
)

// loadSelf reads the node's incarnation, or takes a new one if the counters on the disk prove
// nothing.
func (c *counters) loadSelf() error {
	b, err := c.n.db.Get(store.Meta, record.SelfKey())
	if err != nil {
		return err
	}
	var last record.Self
	known := b != nil
	if known {
		last, err = record.DecodeSelf(b)
		known = err == nil
	}
	old := known && last.Run < c.n.cfg.LastRun && !mutant.Is(mutant.RunIgnored)
	if old {
		c.n.emit(event.Event{Kind: event.RolledBack, Message: fmt.Sprintf(
			"the disk is a copy from before the latest run of %s; counters begin a new epoch", c.n.cfg.Name)})
	}
	doubted := old || c.n.cfg.Buffered || c.n.cfg.Distrust && !mutant.Is(mutant.DistrustIgnored)
	if known && !doubted {
		c.self = last
		if last.Run == 0 { // written by an earlier version of the program, which began an epoch for each key
			c.self.Epochs++
		}
	} else {
		c.self = record.Self{Incarnation: c.n.cfg.Incarnation & (1<<incarnationBits - 1)}
		if c.n.cfg.Buffered && c.self.Incarnation <= last.Incarnation { // the clock was set back
			c.self.Incarnation = (last.Incarnation + 1) & (1<<incarnationBits - 1)
		}
		if mutant.Is(mutant.IncarnationReused) {
			c.self.Incarnation = 1
		}
	}
	c.self.Run = max(c.n.cfg.Incarnation, last.Run)
	c.saveSelf()
	return nil
}

func (c *counters) saveSelf() { c.n.write(store.Meta, record.SelfKey(), record.EncodeSelf(c.self)) }

// epoch returns the epoch in which the node stamps keys that it has not stamped in this
// incarnation.
func (c *counters) epoch() uint64 { return c.self.Incarnation<<epochBits | c.self.Epochs }

// beginEpoch begins a new epoch, because the proof of a counter is lost.
func (c *counters) beginEpoch() {
	if c.self.Epochs++; c.self.Epochs >= 1<<epochBits {
		// So many epochs take longer than one millisecond. So no run has the next incarnation yet.
		c.self.Incarnation, c.self.Epochs = (c.self.Incarnation+1)%(1<<incarnationBits), 0
	}
	if !mutant.Is(mutant.EpochUnsaved) {
		c.saveSelf()
	}
}

// mint returns the next dot of this node for key. The clock seen covers the put's context and all
// versions that the node holds. The caller stores the dot in the same step, with records.merge,
// handoff.keep or keep.
func (c *counters) mint(key []byte, seen vclock.Clock) record.Own {
	if own, ok := c.lastMinted(key); ok && !c.n.buggify(FreshEpochs) {
		own.Counter++
		if seen.Get(vclock.Actor{Node: c.n.cfg.Name, Epoch: own.Epoch}) < own.Counter {
			return own
		} // another node or a client has seen a later dot of this node, so the disk is an old copy
	}
	if mutant.Is(mutant.CounterReused) {
		return record.Own{Epoch: c.epoch(), Counter: 1}
	}
	c.beginEpoch()
	for _, d := range seen {
		if d.Node == c.n.cfg.Name {
			c.n.emit(event.Event{Kind: event.FreshEpoch, Key: key})
			break
		}
	}
	return record.Own{Epoch: c.epoch(), Counter: 1}
}

// lastMinted returns the last dot that this node minted for key, with Counter 0 if there is no such
// dot. lastMinted returns false if the proof on the disk is damaged.
func (c *counters) lastMinted(key []byte) (record.Own, bool) {
	k := c.n.dataKey(key)
	rec, err := c.n.records.read(store.Data, k)
	if err != nil {
		return record.Own{}, false
	}
	kept, err := c.read(k)
	if err != nil {
		return record.Own{}, false
	}
	last := latestOwn(c.trusted(rec.Own), c.trusted(kept))
	if last.Counter == 0 {
		last = c.floor(k, c.epoch())
	}
	return last, true
}

// trusted returns own if it was minted in this incarnation, and the zero Own otherwise.
func (c *counters) trusted(own record.Own) record.Own {
	if own.Epoch>>epochBits == c.self.Incarnation || mutant.Is(mutant.OldIncarnationTrusted) {
		return own
	}
	return record.Own{}
}

// latestOwn returns the later of two dots of one incarnation.
func latestOwn(a, b record.Own) record.Own {
	if b.Counter > 0 && (a.Counter == 0 || b.Epoch > a.Epoch || b.Epoch == a.Epoch && b.Counter > a.Counter) {
		return b
	}
	return a
}
