package engine

// §4.4: who may stamp which dot. A counter comes from state that can be lost, so a
// coordinator goes on counting only where it can prove that it holds its own latest
// counter for the key: the counter is stored in the same record, and the
// same batch, as the version it stamped. Wherever that record is gone (never
// there, handed back with a hint, wiped, dropped in a recovery) the node begins
// a fresh epoch, and no dot is ever minted twice. A crash of a node with an object buffer
// (§6.1) loses its latest counters, so there every life is an incarnation of its own.

import (
	"ringside/engine/mutant"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// An epoch is an incarnation of the node's disk and, in the low bits, a number
// that counts the epochs begun in it.
const (
	incarnationBits = 40 // 34 years of milliseconds before one comes again
	epochBits       = 64 - incarnationBits
)

var selfKey = []byte("self")

// loadSelf finds out which incarnation this is. n.self.Epoch is the
// incarnation, n.self.Counter the epochs begun in it.
func (n *Node) loadSelf() error {
	b, err := n.db.Get(store.Meta, selfKey)
	if err != nil {
		return err
	}
	last := wire.Own{}
	if b != nil {
		last, err = wire.DecodeOwn(b)
	}
	if b != nil && err == nil && !n.cfg.Buffered && (!n.cfg.Distrust || mutant.Is(mutant.DistrustIgnored)) {
		n.self = last
		return nil
	}
	n.self = wire.Own{Epoch: n.cfg.Incarnation & (1<<incarnationBits - 1)}
	if n.cfg.Buffered && n.self.Epoch <= last.Epoch { // a clock that was set back, where every life takes one
		n.self.Epoch = (last.Epoch + 1) & (1<<incarnationBits - 1)
	}
	if mutant.Is(mutant.IncarnationReused) {
		n.self.Epoch = 1
	}
	n.saveSelf()
	return nil
}

func (n *Node) saveSelf() { n.write(store.Meta, selfKey, wire.EncodeOwn(n.self)) }

// mint returns the next dot of this node for key as epoch and counter. seen is all
// that the put and the node's own state know to have happened.
func (n *Node) mint(key []byte, home, standsIn bool, seen vclock.Clock) wire.Own {
	if own, ok := n.lastMinted(key, home, standsIn); ok && n.trusts(own) && !n.odd(FreshEpochs) {
		own.Counter++
		if seen.Get(vclock.Actor{Node: n.cfg.Name, Epoch: own.Epoch}) < own.Counter {
			return own
		} // somebody has seen more of us than we have: our disk is an old copy
	}
	if mutant.Is(mutant.CounterReused) {
		return wire.Own{Epoch: n.self.Epoch << epochBits, Counter: 1}
	}
	n.self.Counter++
	if n.self.Counter >= 1<<epochBits { // so many took longer than the millisecond that they borrow from the future
		n.self = wire.Own{Epoch: (n.self.Epoch + 1) % (1 << incarnationBits), Counter: 1}
	}
	if !mutant.Is(mutant.EpochUnsaved) {
		n.saveSelf()
	}
	own := wire.Own{Epoch: n.self.Epoch<<epochBits | n.self.Counter, Counter: 1}
	for _, d := range seen {
		if d.Node == n.cfg.Name {
			n.emit(trace.Event{Kind: trace.FreshEpoch, Key: key})
			break
		}
	}
	return own
}

// lastMinted reads the counter from where the node's role keeps it.
func (n *Node) lastMinted(key []byte, home, standsIn bool) (wire.Own, bool) {
	switch {
	case home:
		rec, err := n.record(store.Data, dataKey(key))
		return rec.Own, err == nil
	case standsIn:
		b, err := n.db.Get(store.Own, dataKey(key))
		if err != nil || b == nil {
			return wire.Own{}, false
		}
		own, err := wire.DecodeOwn(b)
		return own, err == nil
	}
	return wire.Own{}, false
}

// trusts says whether a counter was written in this incarnation of the disk.
func (n *Node) trusts(own wire.Own) bool {
	return own.Counter > 0 && (own.Epoch>>epochBits == n.self.Epoch || mutant.Is(mutant.OldIncarnationTrusted))
}
