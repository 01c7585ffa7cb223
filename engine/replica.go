package engine

// §4.3 Replication, on the side of the node that keeps a replica: merge what
// comes with what is there, make it durable, then answer.
//
// Whatever arrives is everything its sender knows of the key, and is merged,
// never put in place of what is there; so a message that comes twice, late or in
// another order leaves the same state.

import (
	"fmt"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// shownKey is how many bytes of a stored key are told.
const shownKey = 48

// discard removes records under keys that no key of a client makes: the disk is damaged where
// its checksums do not reach. Nobody could ask for them, and no tree would ever agree about them.
func (n *Node) discard(s store.Space, strange [][]byte) {
	for _, k := range strange {
		n.write(s, k, nil)
		n.emit(event.Event{Kind: event.Damaged, Message: fmt.Sprintf("the stored key %x is none that could be asked for; its record is gone", k[:min(len(k), shownKey)])})
	}
	if len(strange) > 0 {
		n.beginEpoch() // each may have been the counter of a key that seems to have none now
	}
}

// record reads a record; none is the zero record.
func (n *Node) record(s store.Space, dbKey []byte) (record.Record, error) {
	b, err := n.db.Get(s, dbKey)
	if err != nil || b == nil {
		return record.Record{}, err
	}
	return record.Decode(b)
}

// readable is record for state that is about to be merged into: a damaged
// record counts as none, so that what comes mends it. A caller that writes over a damaged record
// begins a new epoch, because the counter in it is lost.
func (n *Node) readable(s store.Space, key, dbKey []byte) (rec record.Record, damaged bool) {
	rec, err := n.record(s, dbKey)
	if err != nil {
		n.emit(event.Event{Kind: event.Damaged, Key: key, Message: err.Error()})
		return record.Record{}, true
	}
	return rec, false
}

// reconcile merges two sets of siblings (§4.4), and under last write wins keeps the latest.
func reconcile(a, b vclock.Siblings, lww bool) vclock.Siblings {
	switch {
	case mutant.Is(mutant.ArrivalWins) && lww && len(b) > 0:
		return b
	case mutant.Is(mutant.EarliestWins) && lww:
		return earliest(a.Merge(b))
	case mutant.Is(mutant.TieByLeastDot) && lww:
		return leastOfTie(a, b)
	case mutant.Is(mutant.AncestorsKept):
		a, b = truncated(a), truncated(b)
	case lww || mutant.Is(mutant.ConcurrentDropped):
		return a.Latest(b)
	}
	return a.Merge(b)
}

// storeHome merges siblings into the node's own replica of key. own, if not
// nil, is the counter of the dot just minted. why holds Request, Peer and Op of the event.
func (n *Node) storeHome(key []byte, siblings vclock.Siblings, lww bool, own *record.Own, why event.Event) wire.Code {
	if own == nil && n.collected(key, siblings, lww, why.Peer) {
		return wire.OK
	}
	k := record.DataKey(key)
	rec, damaged := n.readable(store.Data, key, k)
	old, before := rec, rec.Siblings
	changed, code := n.mergeInto(&rec, key, siblings, lww, own, why)
	if code != wire.OK || !changed && !damaged {
		return code
	}
	n.write(store.Data, k, record.Encode(rec))
	n.refusals.changed(key)
	if damaged && own == nil && !mutant.Is(mutant.DamagedCounterTrusted) {
		n.beginEpoch()
	}
	if own != nil {
		n.dropCounter(k)
	}
	n.collector.stored(key, rec)
	if damaged && !mutant.Is(mutant.TreeNotRegrown) { // nobody knows what the tree was told of the record
		n.trees.rebuildAt(ring.Of(key))
	} else if !mutant.Is(mutant.TreeUntold) || why.Op != wire.Handoff.String() {
		n.trees.update(k, old, rec)
	}
	if n.members.ringKnown() && !n.members.isHome(n.cfg.Name, n.members.preference(key)) { // it is to be handed over to those that are
		n.handOverSoon()
	}
	why.Kind, why.Key, why.Versions = event.Stored, key, rec.Siblings
	why.Count = live(rec.Siblings) - liveBefore(before, damaged)
	n.keys += why.Count
	n.emit(why)
	return wire.OK
}

// live is 1 for a key that a get would find, 0 otherwise.
func live(s vclock.Siblings) int { return min(len(s.Live()), 1) }

// liveBefore is live for a record as it was read; a damaged one counted as a key.
func liveBefore(s vclock.Siblings, damaged bool) int {
	if damaged {
		return 1
	}
	return live(s)
}

// mergeInto merges siblings into rec and says whether that changed it, or
// refuses what would not fit into one message any more: who keeps it, keeps it until
// somebody has reconciled the key.
func (n *Node) mergeInto(rec *record.Record, key []byte, siblings vclock.Siblings, lww bool, own *record.Own, why event.Event) (changed bool, code wire.Code) {
	before := *rec
	rec.LWW = rec.LWW || lww
	rec.Siblings = reconcile(before.Siblings, siblings, rec.LWW)
	corrupt(rec, siblings, why.Op)
	if len(rec.Siblings) > wire.MaxMerged || rec.Siblings.Size() > wire.MaxFrame/2 {
		*rec = before
		return false, wire.TooLarge
	}
	if rec.LWW && len(rec.Siblings) > 0 {
		n.noticeLost(key, before.Siblings, siblings, rec.Siblings[0], why)
	}
	if own != nil {
		rec.Own = *own
	}
	return own != nil || rec.LWW != before.LWW || !rec.Siblings.Equal(before.Siblings), wire.OK
}

// onWrite keeps a replica, as a home or for one, and answers once it is durable, or in
// the object buffer if that is enough: the driver sees to it before the answer leaves.
func (n *Node) onWrite(m wire.Message, w wire.Write) {
	n.keepAs(w.Lazy, func() { n.keep(m, w) })
}

func (n *Node) keep(m wire.Message, w wire.Write) {
	why := event.Event{Request: m.Request, Peer: m.From, Op: w.Purpose.String()}
	if (n.transfer.left || n.members.gone) && mutant.Is(mutant.GoneNodeAcks) {
		n.answer(m, wire.WriteReply{})
		return
	}
	if n.transfer.left { // it has told that it holds nothing, and may be taken down any moment
		n.answer(m, wire.WriteReply{Err: wire.Pending})
		return
	}
	var err wire.Code
	if w.Purpose == wire.AntiEntropy && n.odd(LittleSync) || w.Purpose == wire.Transfer && n.odd(LittleSync) {
		err = wire.Overloaded
	} else if n.members.gone { // who takes nothing any more need not be asked what it holds
		err = wire.Overloaded
	} else if w.For == "" || w.For == n.cfg.Name {
		before := len(n.out.Writes)
		err = n.storeHome(w.Key, w.Siblings, w.LWW, nil, why)
		if w.Purpose == wire.Handoff && len(n.out.Writes) > before {
			n.compareSoon(w.Key)
		}
		if w.Purpose == wire.Transfer {
			n.transferGoesOn(m.From, w.Key)
		}
	} else if !mutant.Is(mutant.HintUnwritten) {
		err = n.handoff.store(w.For, w.Key, w.Siblings, w.LWW, nil, why)
	}
	n.answer(m, wire.WriteReply{Err: err})
}

// onRead tells all that the node knows of a key, hints included: they may be
// the newest there is (§4.6).
func (n *Node) onRead(m wire.Message, r wire.Read) {
	n.answer(m, n.reading(r.Key, m.View))
}

// reading is the node's answer to a reader that knows the ring as view.
func (n *Node) reading(key []byte, view uint64) wire.ReadReply {
	s, lww, err := n.known(key)
	if mutant.Is(mutant.HintsUnread) && err == wire.OK {
		rec, _ := n.record(store.Data, record.DataKey(key))
		s, lww = rec.Siblings, rec.LWW
	}
	home, pending := n.holds(key)
	r := wire.ReadReply{Err: err, Siblings: s, LWW: lww, Home: home, Returned: n.handoff.returnedLately(), Lost: n.lastWrites.lostOf(key)}
	switch {
	case err != wire.OK:
	case pending != nil:
		r.Err, r.Ask = wire.Pending, pending.from
	case !home && view != n.members.digest: // nobody can tell whether it was asked as a home
		r.Err = wire.Pending
	}
	return r
}

// known is everything the node holds of a key, in any role.
func (n *Node) known(key []byte) (s vclock.Siblings, lww bool, code wire.Code) {
	rec, err := n.record(store.Data, record.DataKey(key))
	if err != nil {
		n.emit(event.Event{Kind: event.Damaged, Key: key, Message: err.Error()})
		return nil, false, wire.Damaged
	}
	s, lww = rec.Siblings, rec.LWW
	for _, home := range n.handoff.index.HomesOf(key) {
		hint, _ := n.readable(store.Hints, key, record.HintKey(home, key))
		lww = lww || hint.LWW
		s = reconcile(s, hint.Siblings, lww)
	}
	return s, lww, wire.OK
}
