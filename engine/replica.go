package engine

// §4.3, §4.5: the node that keeps a replica. It answers a write once the replica is durable, and a
// read with everything that it holds of the key.

import (
	"ringside/engine/mutant"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// onWrite keeps a replica as a home or as a fallback, and answers. The driver lets the answer leave
// once the replica is durable, or in the object buffer if the sender is content with that.
func (rs *records) onWrite(m wire.Message, w wire.Write) {
	rs.n.withDurability(w.Lazy, func() {
		rs.n.answer(m, wire.WriteReply{Err: rs.keep(m, w)})
	})
}

// keep keeps the replica of a write.
func (rs *records) keep(m wire.Message, w wire.Write) wire.Code {
	n := rs.n
	sync := w.Purpose == wire.AntiEntropy || w.Purpose == wire.Transfer
	switch {
	case (n.departure.over || n.members.gone) && mutant.Is(mutant.GoneNodeAcks):
		return wire.OK
	case n.departure.over: // the node has announced that it holds nothing, and may be stopped at any moment
		return wire.Pending
	case sync && n.buggify(LittleSync):
		return wire.Overloaded
	case n.members.gone: // a node that takes nothing need not be asked what it holds
		return wire.Overloaded
	}
	u := update{key: w.Key, siblings: w.Siblings, lww: w.LWW, purpose: w.Purpose, request: m.Request, peer: m.From}
	if w.For != "" && w.For != n.cfg.Name {
		if mutant.Is(mutant.HintUnwritten) {
			return wire.OK
		}
		return n.handoff.keep(w.For, u)
	}
	before := len(n.out.Writes)
	code := rs.merge(u)
	if w.Purpose == wire.Handoff && len(n.out.Writes) > before {
		n.syncer.syncKeySoon(w.Key)
	}
	if w.Purpose == wire.Transfer {
		n.arrivals.extendLease(m.From, w.Key)
	}
	return code
}

// onRead answers with everything that the node knows of a key. That includes hints, which may hold
// the newest version (§4.6).
func (rs *records) onRead(m wire.Message, r wire.Read) {
	rs.n.answer(m, rs.answer(r.Key, m.Digest))
}

// answer returns the node's answer to a reader that knows the history with that digest.
func (rs *records) answer(key []byte, digest uint64) wire.ReadReply {
	n := rs.n
	s, lww, err := rs.knownToReaders(key)
	home, waits := n.moves.role(key)
	r := wire.ReadReply{
		Err: err, Siblings: s, LWW: lww, Home: home,
		Returned: n.handoff.returnedLately(), Lost: rs.lastWrites.lostOf(key),
	}
	switch {
	case err != wire.OK:
	case waits != nil:
		r.Err, r.Ask = wire.Pending, waits.From()
	case !home && digest != n.members.digest: // the reader may take this node for a home
		r.Err = wire.Pending
	}
	return r
}

// knownToReaders is known, unless a deliberate bug hides the hints.
func (rs *records) knownToReaders(key []byte) (s vclock.Siblings, lww bool, code wire.Code) {
	s, lww, code = rs.known(key)
	if mutant.Is(mutant.HintsUnread) && code == wire.OK {
		rec, _ := rs.read(store.Data, rs.n.dataKey(key))
		s, lww = rec.Siblings, rec.LWW
	}
	return s, lww, code
}

// reconcile merges two sets of siblings (§4.4). Under last write wins it keeps the latest version.
func reconcile(a, b vclock.Siblings, lww bool) vclock.Siblings {
	if s, broken := reconcileBadly(a, b, lww); broken {
		return s
	}
	if lww {
		return a.Latest(b)
	}
	return a.Merge(b)
}
