package engine

// §4.3, §4.4: the records that the node keeps. A node is sent everything that its sender knows of a
// key. It merges that with its record, and never replaces the record. So a message that arrives
// twice, late or in another order leaves the same record.

import (
	"bytes"
	"fmt"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/oversize"
	"ringside/engine/record"
	"ringside/engine/slab"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// records reads and writes the node's records.
type records struct {
	n    *Node
	keys int // records of the space store.Data that a get would find, and the damaged ones

	decoder    record.Decoder
	latest     latestRecord
	place      place           // of the key that was used last
	stored     slab.Slab[byte] // for the stored keys of places
	oversized  *oversize.Set   // merges whose result does not fit into one message
	lastWrites *lastWrites
}

func newRecords(n *Node) *records {
	return &records{n: n, oversized: oversize.NewSet(), lastWrites: newLastWrites(n)}
}

// An update is what the node is to merge into one of its records.
type update struct {
	key      []byte
	siblings vclock.Siblings
	lww      bool       // only the latest version is kept from now on
	own      record.Own // the dot that this node has just minted for the key; zero: another node sent the update
	purpose  wire.Purpose
	request  uint64 // the client's request that the update belongs to, 0 if there is none
	peer     string // the sender
}

// minted reports whether this node has just minted the dot of the update.
func (u update) minted() bool { return u.own != record.Own{} }

// event returns an event of that kind about the update.
func (u update) event(kind event.Kind) event.Event {
	return event.Event{Kind: kind, Request: u.request, Key: u.key, Peer: u.peer, Op: u.purpose.String()}
}

// forgetLatest begins a step.
func (rs *records) forgetLatest() { rs.latest = latestRecord{} }

// latestRecord is the record of the space store.Data that the current step read or wrote last. A
// put needs the record of its key several times.
type latestRecord struct {
	stored []byte // the record's key; nil: there is no such record
	record.Record
}

// forget notes that the record of a stored key may have changed.
func (l *latestRecord) forget(stored []byte) {
	if bytes.Equal(l.stored, stored) {
		*l = latestRecord{}
	}
}

// count adds to the number of keys.
func (rs *records) count(delta int) { rs.keys += delta }

// read returns the record under a stored key, the zero record if there is none.
func (rs *records) read(s store.Space, stored []byte) (record.Record, error) {
	if s == store.Data && rs.latest.stored != nil && bytes.Equal(rs.latest.stored, stored) {
		return rs.latest.Record, nil
	}
	b, err := rs.n.db.Get(s, stored)
	if err != nil || b == nil {
		return record.Record{}, err
	}
	rec, err := rs.decoder.Decode(b)
	if err == nil && s == store.Data {
		rs.latest = latestRecord{stored, rec}
	}
	return rec, err
}

// readForMerge is read for a record that an update is merged into. A damaged record counts as none,
// so that the update mends it. A caller that overwrites a damaged record begins a new epoch,
// because the counter in the record is lost.
func (rs *records) readForMerge(s store.Space, key, stored []byte) (rec record.Record, damaged bool) {
	rec, err := rs.read(s, stored)
	if err != nil {
		rs.n.emit(event.Event{Kind: event.Damaged, Key: key, Message: err.Error()})
		return record.Record{}, true
	}
	return rec, false
}

// known returns everything that the node holds of a key, as a home and as a fallback.
func (rs *records) known(key []byte) (s vclock.Siblings, lww bool, code wire.Code) {
	rec, err := rs.read(store.Data, rs.n.dataKey(key))
	if err != nil {
		rs.n.emit(event.Event{Kind: event.Damaged, Key: key, Message: err.Error()})
		return nil, false, wire.Damaged
	}
	s, lww = rec.Siblings, rec.LWW
	for _, home := range rs.n.handoff.index.HomesOf(key) {
		hint, _ := rs.readForMerge(store.Hints, key, record.HintKey(home, key))
		lww = lww || hint.LWW
		s = reconcile(s, hint.Siblings, lww)
	}
	return s, lww, wire.OK
}

// merge merges an update into the node's own replica of the key. It returns wire.TooLarge if the
// result would not fit into one message.
func (rs *records) merge(u update) wire.Code {
	n := rs.n
	if !u.minted() && n.collector.wasCollected(u.key, u.siblings, u.lww, u.peer) {
		return wire.OK
	}
	k := n.dataKey(u.key)
	rec, damaged := rs.readForMerge(store.Data, u.key, k)
	old := rec
	changed, code := rs.mergeInto(&rec, u, "")
	if code != wire.OK || !changed && !damaged {
		return code
	}
	n.write(store.Data, k, record.Encode(rec))
	rs.latest = latestRecord{k, rec}
	rs.oversized.Changed(u.key)
	if damaged && !u.minted() && !mutant.Is(mutant.DamagedCounterTrusted) {
		n.counters.beginEpoch()
	}
	if u.minted() {
		n.counters.drop(k)
	}
	n.collector.stored(u.key, rec)
	if damaged && !mutant.Is(mutant.TreeNotRebuilt) { // the tree may not know what the damaged record held
		n.trees.rebuildAt(n.position(u.key))
	} else if !mutant.Is(mutant.TreeNotUpdated) || u.purpose != wire.Handoff {
		n.trees.update(k, old, rec)
	}
	if n.members.ringKnown() && !n.members.isHome(n.cfg.Name, n.members.preference(u.key)) {
		n.transfers.resumeSoon()
	}
	e := u.event(event.Stored)
	e.Versions, e.Count = rec.Siblings, live(rec.Siblings)-liveOrDamaged(old.Siblings, damaged)
	rs.count(e.Count)
	n.emit(e)
	return wire.OK
}

// mergeInto merges an update into rec, which is a hint for home, or the node's own replica if home
// is "". It returns whether rec changed. If the result would not fit into one message, mergeInto
// leaves rec as it is and returns wire.TooLarge. The sender then keeps its versions until a client
// has reconciled the key.
func (rs *records) mergeInto(rec *record.Record, u update, home string) (changed bool, code wire.Code) {
	before := *rec
	rec.LWW = rec.LWW || u.lww
	rec.Siblings = reconcile(before.Siblings, u.siblings, rec.LWW)
	corrupt(rec, u.siblings, u.purpose)
	if len(rec.Siblings) > wire.MaxMerged || rec.Siblings.Size() > event.MaxMergedBytes {
		*rec = before
		return false, wire.TooLarge
	}
	if rec.LWW && len(rec.Siblings) > 0 {
		rs.lastWrites.displaced(u, before.Siblings, rec.Siblings[0], home)
	}
	if home == "" && u.minted() {
		rec.Own = u.own
		return true, wire.OK
	}
	return rec.LWW != before.LWW || !rec.Siblings.Equal(before.Siblings), wire.OK
}

// delete deletes a record and keeps the counter in it. A damaged record may have held any counter,
// so a new epoch begins. The method delete reads the record itself, because a fold in this step may
// have moved a kept counter into the record.
func (rs *records) delete(stored []byte) {
	rec, err := rs.read(store.Data, stored)
	rs.n.write(store.Data, stored, nil) // first, so that a fold does not move the counter back into the record
	if err != nil {
		rs.n.counters.beginEpoch()
		return
	}
	rs.n.counters.keepLatest(stored, rec.Own)
}

// refused remembers a merge whose result would be oversized, and emits an event for a new one.
func (rs *records) refused(m oversize.Merge) {
	n := rs.n
	if rs.oversized.Add(n.now, m) {
		n.emit(event.Event{
			Kind: event.MergeRefused, Key: m.Key, Peer: m.Peer,
			Count: m.Bytes + m.PeerBytes, Want: event.MaxMergedBytes, Message: m.Sizes(n.cfg.Name),
		})
	}
}

// shownKey is the number of bytes of a stored key that an event shows.
const shownKey = 48

// discard removes records whose stored keys belong to no key of a client, because the disk is
// damaged where its checksums do not reach. No client can ask for such a record, and no tree would
// ever agree about it.
func (rs *records) discard(s store.Space, stored [][]byte) {
	for _, k := range stored {
		rs.n.write(s, k, nil)
		rs.n.emit(event.Event{Kind: event.Damaged, Message: fmt.Sprintf(
			"invalid stored key %x: no client can ask for it; the record was deleted", k[:min(len(k), shownKey)])})
	}
	if len(stored) > 0 {
		rs.n.counters.beginEpoch() // each of them may have held the counter of a key that seems to have none now
	}
}

// live returns 1 for a key that a get would find, 0 otherwise.
func live(s vclock.Siblings) int { return min(len(s.Live()), 1) }

// liveOrDamaged is live for a record as it was read. A damaged record counts as a key.
func liveOrDamaged(s vclock.Siblings, damaged bool) int {
	if damaged {
		return 1
	}
	return live(s)
}

// latest returns the greatest wall-clock time among siblings, in nanoseconds since 1970, and 0 if
// there are no siblings.
func latest(s vclock.Siblings) int64 {
	var t int64
	for _, v := range s {
		t = max(t, v.Time)
	}
	return t
}
