package engine

// §4.4, beyond the paper, which says of deletes only that an added item is never lost and that "deleted
// items can resurface". A delete leaves a tombstone: a version without a value, which swallows whatever it
// descends from. It may go once no ancestor of it is left anywhere, on no disk, in no memory and on no link.
//
// The first home of a key asks all nodes twice. Who says yes at first holds nothing of the key but
// the tombstone, no hint and no repair that waits, and watches the key from then on: if anything else is stored
// of it, if the membership changes or if the node starts anew or stands still for long, the watch is over.
// Whatever was under way then (from a disk that has forgotten it since, in the memory of a request) arrives
// within the grace, and is swallowed by the tombstone or ends a watch. So if the grace later all watches still
// stand, nobody holds an ancestor any more, and nobody ever will: the homes drop the tombstone.
//
// The grace has to be longer than a message may take twice, plus a request's time, plus the quarter of it
// that a node may stand still unnoticed. Whoever cannot answer may hold an ancestor: members that are down, and nodes
// that went and have not said that they hold nothing any more (member.Gone).

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// collectEvery is the longest time between two looks for tombstones; a short grace has shorter ones.
	collectEvery = 10 * time.Second
	// maxBatches is how many batches a node may have under way. Each takes the grace.
	maxBatches = 32
	// maxWatched is how many keys a node watches for all others together, about 200 bytes each.
	maxWatched = 1 << 16
	// stallPart is the part of the grace that a node may stand still without forgetting its watches.
	stallPart = 4
)

// SafeDelay is how long a message may be under way at most where tombstones are collected with these
// timings: what a request read before the first question may be sent again when it ends, and arrive
// as late as that before the second.
func (t Timings) SafeDelay() time.Duration {
	return (t.Tombstones - t.Tombstones/stallPart - t.Request - t.RepairGrace) / 2
}

// collector is a node's part in the collection of tombstones.
type collector struct {
	scanned []byte            // where the next look goes on
	batches map[uint64]*batch // of this node, by number
	active  map[string]bool   // keys in them
	kept    string            // why tombstones stay, "" if nothing that is known keeps them

	watched map[string]watch
	sets    map[string][]watchSet // who asked → its batches that are watched, oldest first
	newest  map[string]uint64     // who asked → its newest batch
}

// A batch is some tombstones that a node, their first home, wants collected.
type batch struct {
	id         uint64
	tombstones []wire.Tombstone // that nobody has objected to
	objected   []bool           // in the round that is on
	waiting    int              // answers that are missing
	over       bool
}

// A watch says that a node has held nothing of a key but a tombstone ever since it was asked.
type watch struct {
	by      string
	batch   uint64
	state   uint64
	dropped bool // the tombstone was collected; whoever still has it is to drop it, too
}

// A watchSet is what is watched for one batch.
type watchSet struct {
	batch uint64
	keys  []string
	until time.Duration // whoever asked has given up by then
}

func newCollector() *collector {
	return &collector{
		batches: map[uint64]*batch{}, active: map[string]bool{},
		watched: map[string]watch{}, sets: map[string][]watchSet{}, newest: map[string]uint64{},
	}
}

// beginCollecting plans the first look; every node has its own moment.
func (n *Node) beginCollecting() {
	if n.cfg.Timings.Tombstones > 0 {
		n.after(1+time.Duration(n.rng.Int64N(int64(n.collectPause()))), n.collect)
	}
}

func (n *Node) collectPause() time.Duration {
	return min(n.cfg.Timings.Tombstones/stallPart, collectEvery)
}

// collect looks for tombstones that are old enough, and begins a batch with what it finds.
func (n *Node) collect() {
	n.after(n.collectPause(), n.collect)
	n.endSets()
	if !n.members.ringKnown() || len(n.collector.batches) >= maxBatches {
		return
	}
	found := n.oldTombstones()
	if len(found) == 0 {
		return
	}
	if why := n.cannotAsk(); why != "" {
		n.keepDead(len(found), why)
		return
	}
	b := &batch{id: n.calls.number(), tombstones: found}
	n.collector.batches[b.id] = b
	for _, t := range found {
		n.collector.active[string(t.Key)] = true
	}
	if mutant.Is(mutant.CollectedAtOnce) {
		n.dropEverywhere(b)
		return
	}
	n.askAll(b, wire.CollectAsk, func() {
		n.after(n.cfg.Timings.Tombstones, func() {
			n.askAll(b, wire.CollectAgain, func() { n.dropEverywhere(b) })
		})
	})
}

// oldTombstones reads on from where the last look stopped, and begins again at the end.
func (n *Node) oldTombstones() []wire.Tombstone {
	var found []wire.Tombstone
	n.collector.scanned = scanPart(n.db, n.collector.scanned, func(k, v []byte) bool {
		if t, ok := n.collectable(k, v); ok {
			found = append(found, t)
		}
		return len(found) < wire.MaxTombstones
	})
	return found
}

// collectable says whether a record is nothing but old tombstones of a key that this node is the first home of.
func (n *Node) collectable(dbKey, value []byte) (wire.Tombstone, bool) {
	_, k := record.ParseDataKey(dbKey)
	rec, err := record.Decode(value)
	switch {
	case err != nil || !dead(rec.Siblings):
	case int64(n.now)-latest(rec.Siblings) < int64(n.cfg.Timings.Tombstones):
	case n.collector.active[string(k)] || n.members.preference(k)[0] != n.cfg.Name:
	default:
		return wire.Tombstone{Key: bytes.Clone(k), State: stateOf(k, rec).Hash}, true
	}
	return wire.Tombstone{}, false
}

// dead says whether there are versions, and all of them tombstones.
func dead(s vclock.Siblings) bool { return len(s) > 0 && live(s) == 0 }

// cannotAsk says why it makes no sense to ask now, "" if it may.
func (n *Node) cannotAsk() string {
	if away := n.absent(); away != "" && !mutant.Is(mutant.AbsentForgotten) {
		return away + " went, and may come back with what was deleted"
	}
	for _, m := range n.members.ring.Members() {
		if !n.detector.healthy(m.Name) && !mutant.Is(mutant.SilenceAgrees) {
			return m.Name + " cannot be reached"
		}
	}
	return ""
}

// absent names a node that went and has not said that it holds nothing, "" if there is none.
func (n *Node) absent() string {
	seen := map[string]bool{}
	for _, c := range slices.Backward(n.members.history) {
		if !seen[c.Node] && !n.members.has(c.Node) && c.Kind != member.Gone {
			return c.Node
		}
		seen[c.Node] = true
	}
	return ""
}

// keepDead notes why tombstones stay, and tells it when the reason is a new one.
func (n *Node) keepDead(count int, why string) {
	if n.collector.kept != why {
		n.collector.kept = why
		if why != "" {
			n.emit(event.Event{Kind: event.TombstonesKept, Count: count, Message: why})
		}
	}
}

// askAll puts one of the two questions to all members, this node among them, and goes on
// with those tombstones that nobody objected to.
func (n *Node) askAll(b *batch, phase wire.CollectPhase, then func()) {
	if b.over {
		return
	}
	if why := n.cannotAsk(); why != "" {
		n.endBatch(b, why)
		return
	}
	c := wire.Collect{Batch: b.id, Phase: phase, Tombstones: b.tombstones}
	b.objected = make([]bool, len(b.tombstones))
	members := n.members.ring.Members()
	b.waiting = len(members)
	for _, m := range members {
		if b.over {
			return // this node objects itself
		}
		answered := func(body wire.Body) { n.answeredCollect(b, m.Name, body, then) }
		if m.Name == n.cfg.Name {
			answered(n.onCollectAsk(n.cfg.Name, n.members.digest, c))
			continue
		}
		n.calls.begin(m.Name, 0, c, n.cfg.Timings.Patience, call{
			onAnswer: answered,
			onSilent: func() {
				if mutant.Is(mutant.SilenceAgrees) {
					answered(wire.CollectReply{Answers: make([]wire.CollectAnswer, len(b.tombstones))})
					return
				}
				n.endBatch(b, m.Name+" does not answer")
			},
		})
	}
}

func (n *Node) answeredCollect(b *batch, from string, body wire.Body, then func()) {
	r, ok := body.(wire.CollectReply)
	switch {
	case b.over:
		return
	case ok && r.Err == wire.Pending:
		n.endBatch(b, from+" knows another ring")
		return
	case !ok || r.Err != wire.OK || len(r.Answers) != len(b.tombstones):
		n.endBatch(b, from+" has answered before, or does not collect tombstones")
		return
	}
	for i, a := range r.Answers {
		if a != wire.CollectAgreed {
			b.objected[i] = true
			n.keepDead(1, fmt.Sprintf("%s %s", from, objections[a]))
		}
	}
	if b.waiting--; b.waiting > 0 {
		return
	}
	var left []wire.Tombstone
	for i, t := range b.tombstones {
		if b.objected[i] {
			delete(n.collector.active, string(t.Key))
		} else {
			left = append(left, t)
		}
	}
	if b.tombstones = left; len(left) == 0 {
		n.endBatch(b, n.collector.kept)
		return
	}
	then()
}

var objections = map[wire.CollectAnswer]string{
	wire.CollectDiffers: "holds something else of a deleted key",
	wire.CollectHinted:  "keeps a hint for a deleted key",
	wire.CollectMoving:  "has yet to hand a deleted key over to its homes",
	wire.CollectBusy:    "has too much to do to watch deleted keys",
	wire.CollectChanged: "cannot say what came of a deleted key meanwhile",
}

// endBatch gives up what is left of a batch, or is done with it; a later look begins anew.
func (n *Node) endBatch(b *batch, why string) {
	if b.over {
		return
	}
	b.over = true
	n.keepDead(len(b.tombstones), why)
	delete(n.collector.batches, b.id)
	for _, t := range b.tombstones {
		delete(n.collector.active, string(t.Key))
	}
}

// dropEverywhere has all nodes drop what all said twice that they can do without. A home that does
// not hear of it offers the tombstone to the others some day, and is told then.
func (n *Node) dropEverywhere(b *batch) {
	c := wire.Collect{Batch: b.id, Phase: wire.CollectDrop, Tombstones: b.tombstones}
	for _, m := range n.members.ring.Members() {
		if m.Name == n.cfg.Name {
			n.dropTombstones(c)
			continue
		}
		n.calls.begin(m.Name, 0, c, n.cfg.Timings.Patience, call{})
	}
	n.endBatch(b, "")
}

// onCollect answers another node that wants tombstones collected.
func (n *Node) onCollect(m wire.Message, c wire.Collect) {
	if c.Phase == wire.CollectDrop {
		n.dropTombstones(c)
		n.answer(m, wire.CollectReply{})
		return
	}
	n.requireDurable() // what this node agrees to rests on what it holds
	n.answer(m, n.onCollectAsk(m.From, m.View, c))
}

// onCollectAsk judges tombstones for a node that knows the ring as view.
func (n *Node) onCollectAsk(from string, view uint64, c wire.Collect) wire.CollectReply {
	first := c.Phase == wire.CollectAsk
	switch {
	case view != n.members.digest:
		return wire.CollectReply{Err: wire.Pending}
	case n.cfg.Timings.Tombstones == 0 || first && c.Batch <= n.collector.newest[from]: // a repetition must not begin a watch anew
		return wire.CollectReply{Err: wire.BadRequest}
	}
	r := wire.CollectReply{Answers: make([]wire.CollectAnswer, len(c.Tombstones))}
	var keys []string
	for i, t := range c.Tombstones {
		r.Answers[i] = n.holdsOnly(t)
		w, watched := n.collector.watched[string(t.Key)]
		switch {
		case r.Answers[i] != wire.CollectAgreed:
		case !first && (!watched || w != watch{by: from, batch: c.Batch, state: t.State}):
			r.Answers[i] = wire.CollectChanged
		case first && (n.background.busy() || len(n.collector.watched) >= maxWatched):
			r.Answers[i] = wire.CollectBusy
		case first:
			n.collector.watched[string(t.Key)] = watch{by: from, batch: c.Batch, state: t.State}
			keys = append(keys, string(t.Key))
		}
	}
	if first {
		n.collector.newest[from] = c.Batch
		n.collector.sets[from] = append(n.collector.sets[from], watchSet{c.Batch, keys, n.now + 2*n.cfg.Timings.Tombstones})
	}
	return r
}

// holdsOnly says whether the node holds nothing of a key but, as a home, the tombstone. Ranges that change
// hands need no other care: whoever still holds something of one says so, or is missed.
func (n *Node) holdsOnly(t wire.Tombstone) wire.CollectAnswer {
	if len(n.handoff.index.HomesOf(t.Key)) > 0 {
		return wire.CollectHinted
	}
	rec, err := n.records.read(store.Data, record.DataKey(t.Key))
	switch {
	case err == nil && len(rec.Siblings) == 0:
		return wire.CollectAgreed
	case err != nil || stateOf(t.Key, rec).Hash != t.State || !dead(rec.Siblings):
		return wire.CollectDiffers
	case !n.members.isHome(n.cfg.Name, n.members.preference(t.Key)):
		return wire.CollectMoving
	}
	return wire.CollectAgreed
}

// stored ends the watch of a key of which the node now holds something else, rec.
func (c *collector) stored(key []byte, rec record.Record) {
	if w, ok := c.watched[string(key)]; ok && !w.dropped && w.state != stateOf(key, rec).Hash {
		delete(c.watched, string(key))
	}
}

// forget ends all watches: the node cannot vouch for anything that it said before.
func (c *collector) forget() {
	clear(c.watched)
	clear(c.sets)
}

// endSets ends the watches of those who gave up, or are done.
func (n *Node) endSets() {
	c := n.collector
	for by, sets := range c.sets {
		c.sets[by] = slices.DeleteFunc(sets, func(s watchSet) bool {
			if n.now < s.until {
				return false
			}
			for _, k := range s.keys {
				if w := c.watched[k]; w.by == by && w.batch == s.batch {
					delete(c.watched, k)
				}
			}
			return true
		})
	}
}

// noticeStall ends all watches if the node did not run for long: what is meant to
// have arrived, and what was to be forgotten by now, may have waited for it.
func (n *Node) noticeStall() {
	due, ok := n.timers.Next()
	if grace := n.cfg.Timings.Tombstones; ok && grace > 0 && n.now-due > grace/stallPart {
		n.collector.forget()
	}
}

// dropTombstones drops those that the node holds exactly so.
func (n *Node) dropTombstones(c wire.Collect) {
	for _, t := range c.Tombstones {
		if w, ok := n.collector.watched[string(t.Key)]; ok && w.batch == c.Batch && w.state == t.State {
			w.dropped = true
			n.collector.watched[string(t.Key)] = w
		}
		k := record.DataKey(t.Key)
		rec, err := n.records.read(store.Data, k)
		if err != nil || !dead(rec.Siblings) || stateOf(t.Key, rec).Hash != t.State {
			continue
		}
		n.records.delete(k)
		n.trees.update(k, rec, record.Record{})
		n.emit(event.Event{Kind: event.TombstoneCollected, Key: t.Key, Versions: rec.Siblings})
	}
}

// collected says whether siblings are a tombstone that all nodes were told to drop a while ago. Nothing
// would come of taking it but that it goes around once more; whoever still has it is told.
func (n *Node) collected(key []byte, siblings vclock.Siblings, lww bool, from string) bool {
	w, ok := n.collector.watched[string(key)]
	if !ok || !w.dropped {
		return false
	}
	state := stateOf(key, record.Record{Siblings: siblings, LWW: lww})
	if state.Hash != w.state {
		return false
	}
	if from != "" && from != n.cfg.Name {
		c := wire.Collect{Batch: w.batch, Phase: wire.CollectDrop, Tombstones: []wire.Tombstone{{Key: key, State: w.state}}}
		n.calls.begin(from, 0, c, n.cfg.Timings.Patience, call{})
	}
	return true
}
