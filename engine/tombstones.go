package engine

// §4.4, beyond the paper, which says of deletes only that an added item is never lost and that
// "deleted items can resurface". Package tombstone says when a tombstone may be collected. Here the
// first home of a key finds old tombstones and asks all members twice; each member answers from its
// store.
//
// The grace, Timings.Tombstones, is longer than the sum of: two times the longest delay of a
// message, the time of a request, and the part of the grace that a node may stand still unnoticed.
// A node that cannot answer may hold an ancestor. So tombstones stay while a member cannot be
// reached, and while a former member has not said that it holds nothing (member.Gone).

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
	"ringside/engine/tombstone"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// MinTombstones is the shortest useful grace: more than twice what a client's request may take.
	MinTombstones = 5 * time.Second
	// collectEvery is the longest time between two scans for tombstones. A short grace has shorter
	// ones.
	collectEvery = 10 * time.Second
	// stallPart is the part of the grace, one in stallPart, for which a node may stand still
	// without the end of its watches.
	stallPart = 4
)

// SafeDelay returns how long a message may be under way at most if tombstones are collected with
// these timings. A request may read a version before the first question, and send it again when the
// request ends; that message must still arrive before the second question.
func (t Timings) SafeDelay() time.Duration {
	return (t.Tombstones - t.Tombstones/stallPart - t.Request - t.RepairGrace) / 2
}

// collector collects tombstones, and answers other nodes that do.
type collector struct {
	n       *Node
	batches *tombstone.Batches
	watches *tombstone.Watches
	scanned []byte                                // the key at which the next scan begins
	kept    string                                // why tombstones stay, "" if no reason is known
	ended   map[*tombstone.Batch]func(why string) // tells the client that asked for the batch
}

func newCollector(n *Node) *collector {
	return &collector{
		n: n, batches: tombstone.NewBatches(), watches: tombstone.NewWatches(),
		ended: map[*tombstone.Batch]func(string){},
	}
}

// begin plans the first scan, at a random moment within pause.
func (c *collector) begin() {
	if c.n.cfg.Timings.Tombstones > 0 {
		c.n.after(1+time.Duration(c.n.rng.Int64N(int64(c.pause()))), c.collect)
	}
}

// pause returns the time between two scans.
func (c *collector) pause() time.Duration {
	return min(c.n.cfg.Timings.Tombstones/stallPart, collectEvery)
}

// collect scans a part of the store for old tombstones, and begins a batch with those that it
// finds.
func (c *collector) collect() {
	n := c.n
	n.after(c.pause(), c.collect)
	c.watches.Expire(n.now)
	if !n.members.ringKnown() || c.batches.Full() {
		return
	}
	var found []wire.Tombstone
	c.scanned = scanPart(n.db, c.scanned, func(k, v []byte) bool {
		if t, ok := c.collectable(k, v); ok {
			found = append(found, t)
		}
		return len(found) < wire.MaxTombstones
	})
	if len(found) == 0 {
		return
	}
	if why := c.cannotAsk(); why != "" {
		c.reportKept(len(found), why)
		return
	}
	b := c.batches.Begin(n.calls.number(), found)
	if mutant.Is(mutant.CollectedAtOnce) {
		c.dropEverywhere(b)
		return
	}
	c.askTwice(b, n.cfg.Timings.Tombstones)
}

// askTwice asks all members the two questions, and drops what all of them agree to. between is the
// time between the questions.
func (c *collector) askTwice(b *tombstone.Batch, between time.Duration) {
	c.askAll(b, wire.CollectAsk, func() {
		c.n.after(between, func() {
			c.askAll(b, wire.CollectAgain, func() { c.dropEverywhere(b) })
		})
	})
}

// collectable returns the tombstone in a stored record. It returns false unless the record holds
// only tombstones, all older than the grace, of a key that this node is the first home of.
func (c *collector) collectable(dataKey, value []byte) (wire.Tombstone, bool) {
	n := c.n
	_, k := record.ParseDataKey(dataKey)
	rec, err := record.Decode(value)
	switch {
	case err != nil || !dead(rec.Siblings):
	case int64(n.now)-latest(rec.Siblings) < int64(n.cfg.Timings.Tombstones):
	case c.batches.Active(k) || n.members.preference(k)[0] != n.cfg.Name:
	default:
		return wire.Tombstone{Key: bytes.Clone(k), State: stateOf(k, rec).Hash}, true
	}
	return wire.Tombstone{}, false
}

// dead reports whether s has versions and all of them are tombstones.
func dead(s vclock.Siblings) bool { return len(s) > 0 && live(s) == 0 }

// cannotAsk returns why the node does not ask the members now, "" if it may ask them.
func (c *collector) cannotAsk() string {
	if away := c.absent(); away != "" && !mutant.Is(mutant.AbsentForgotten) {
		return away + " went, and may come back with what was deleted"
	}
	for _, m := range c.n.members.ring.Members() {
		if !c.n.detector.healthy(m.Name) && !mutant.Is(mutant.SilenceAgrees) {
			return m.Name + " cannot be reached"
		}
	}
	return ""
}

// absent returns a former member that has not said that it holds nothing, "" if there is none. Of
// several it returns the one whose latest change is the latest.
func (c *collector) absent() string {
	seen := map[string]bool{}
	for _, change := range slices.Backward(c.n.members.history) {
		if !seen[change.Node] && !c.n.members.has(change.Node) && change.Kind != member.Gone {
			return change.Node
		}
		seen[change.Node] = true
	}
	return ""
}

// reportKept notes why tombstones stay, and emits an event if the reason is new.
func (c *collector) reportKept(count int, why string) {
	if c.kept == why {
		return
	}
	c.kept = why
	if why != "" {
		c.n.emit(event.Event{Kind: event.TombstonesKept, Count: count, Message: why})
	}
}

// askAll asks all members one of the two questions, this node among them. It calls then if
// tombstones are left that no member objected to.
func (c *collector) askAll(b *tombstone.Batch, phase wire.CollectPhase, then func()) {
	n := c.n
	if b.Over() {
		return
	}
	if why := c.cannotAsk(); why != "" {
		c.endBatch(b, why)
		return
	}
	question := wire.Collect{Batch: b.ID, Phase: phase, Tombstones: b.Tombstones}
	members := n.members.ring.Members()
	b.Ask(len(members))
	for _, m := range members {
		if b.Over() {
			return // this node objects itself
		}
		answered := func(body wire.Body) { c.answered(b, m.Name, body, then) }
		if m.Name == n.cfg.Name {
			answered(c.judge(n.cfg.Name, n.members.digest, question))
			continue
		}
		n.calls.begin(m.Name, 0, question, n.cfg.Timings.Patience, callbacks{
			answer: answered,
			silent: func() {
				if mutant.Is(mutant.SilenceAgrees) {
					answered(wire.CollectReply{Answers: make([]wire.CollectAnswer, len(b.Tombstones))})
					return
				}
				c.endBatch(b, m.Name+" does not answer")
			},
		})
	}
}

// answered takes a member's answer to one of the two questions.
func (c *collector) answered(b *tombstone.Batch, from string, body wire.Body, then func()) {
	r, ok := body.(wire.CollectReply)
	switch {
	case b.Over():
		return
	case ok && r.Err == wire.Pending:
		c.endBatch(b, from+" knows another ring")
		return
	case !ok || r.Err != wire.OK || len(r.Answers) != len(b.Tombstones):
		c.endBatch(b, from+" has answered before, or does not collect tombstones")
		return
	}
	for _, a := range r.Answers {
		if a != wire.CollectAgreed {
			c.reportKept(1, fmt.Sprintf("%s %s", from, objections[a]))
		}
	}
	if !c.batches.Answer(b, r.Answers) {
		return
	}
	if len(b.Tombstones) == 0 {
		c.endBatch(b, c.kept)
		return
	}
	then()
}

// objections says in words why a member does not agree.
var objections = map[wire.CollectAnswer]string{
	wire.CollectDiffers: "holds something else of a deleted key",
	wire.CollectHinted:  "keeps a hint for a deleted key",
	wire.CollectMoving:  "has yet to hand a deleted key over to its homes",
	wire.CollectBusy:    "has too much to do to watch deleted keys",
	wire.CollectChanged: "cannot say what came of a deleted key meanwhile",
}

// endBatch ends a batch. why says why its tombstones stay, "" if they were collected. A later scan
// finds those that stay again.
func (c *collector) endBatch(b *tombstone.Batch, why string) {
	if c.batches.End(b) {
		c.reportKept(len(b.Tombstones), why)
		c.tellEnd(b, why)
	}
}

// dropEverywhere asks all members to drop the tombstones that all agreed to twice. A home that does
// not get the message still offers the tombstone to the others, and gets the message then
// (wasCollected).
func (c *collector) dropEverywhere(b *tombstone.Batch) {
	order := wire.Collect{Batch: b.ID, Phase: wire.CollectDrop, Tombstones: b.Tombstones}
	for _, m := range c.n.members.ring.Members() {
		if m.Name == c.n.cfg.Name {
			c.drop(order)
			continue
		}
		c.n.calls.begin(m.Name, 0, order, c.n.cfg.Timings.Patience, nil)
	}
	c.endBatch(b, "")
}

// onCollect answers another node that collects tombstones.
func (c *collector) onCollect(m wire.Message, q wire.Collect) {
	if q.Phase == wire.CollectDrop {
		c.drop(q)
		c.n.answer(m, wire.CollectReply{})
		return
	}
	c.n.requireDurable() // the answer depends on records that may be in the object buffer
	c.n.answer(m, c.judge(m.From, m.Digest, q))
}

// judge answers one of the two questions of a node that knows the history with this digest.
func (c *collector) judge(from string, digest uint64, q wire.Collect) wire.CollectReply {
	n, first := c.n, q.Phase == wire.CollectAsk
	switch {
	case digest != n.members.digest:
		return wire.CollectReply{Err: wire.Pending}
	case n.cfg.Timings.Tombstones == 0 || first && c.watches.Asked(from, q.Batch):
		return wire.CollectReply{Err: wire.BadRequest}
	}
	r := wire.CollectReply{Answers: make([]wire.CollectAnswer, len(q.Tombstones))}
	question := c.watches.FirstQuestion(from, q.Batch)
	for i, t := range q.Tombstones {
		r.Answers[i] = c.holdsOnly(t)
		switch {
		case r.Answers[i] != wire.CollectAgreed:
		case !first && !c.watches.Holds(from, q.Batch, t):
			r.Answers[i] = wire.CollectChanged
		case first && (n.background.busy() || c.watches.Full()):
			r.Answers[i] = wire.CollectBusy
		case first:
			question.Watch(t)
		}
	}
	if first {
		question.End(n.now + 2*n.cfg.Timings.Tombstones)
	}
	return r
}

// holdsOnly answers whether the node holds nothing of a key but, as a home, the tombstone. Ranges
// that move need no other care: a node that still holds something of one says so, or does not
// answer.
func (c *collector) holdsOnly(t wire.Tombstone) wire.CollectAnswer {
	n := c.n
	if len(n.handoff.index.HomesOf(t.Key)) > 0 {
		return wire.CollectHinted
	}
	rec, err := n.records.read(store.Data, n.dataKey(t.Key))
	switch {
	case err != nil:
		n.transfers.handOverDamaged(n.position(t.Key))
		return wire.CollectDiffers
	case len(rec.Siblings) == 0:
		return wire.CollectAgreed
	case stateOf(t.Key, rec).Hash != t.State || !dead(rec.Siblings):
		return wire.CollectDiffers
	case !n.members.isHome(n.cfg.Name, n.members.preference(t.Key)):
		return wire.CollectMoving
	}
	return wire.CollectAgreed
}

// stored notes that the node now holds rec of a key.
func (c *collector) stored(key []byte, rec record.Record) {
	if c.watches.Watching(key) {
		c.watches.Stored(key, stateOf(key, rec).Hash)
	}
}

// noticeStall ends all watches if the node did not run for long. Messages that were meant to have
// arrived by now, and timers that were meant to have run, may have waited for the node.
func (c *collector) noticeStall() {
	due, ok := c.n.timers.Next()
	if grace := c.n.cfg.Timings.Tombstones; ok && grace > 0 && c.n.now-due > grace/stallPart {
		c.watches.Forget()
	}
}

// drop drops the tombstones of which the node holds exactly the state that was agreed to.
func (c *collector) drop(q wire.Collect) {
	n := c.n
	for _, t := range q.Tombstones {
		c.watches.Collected(q.Batch, t)
		k := n.dataKey(t.Key)
		rec, err := n.records.read(store.Data, k)
		if err != nil || !dead(rec.Siblings) || stateOf(t.Key, rec).Hash != t.State {
			continue
		}
		n.records.delete(k)
		n.trees.update(k, rec, record.Record{})
		n.emit(event.Event{Kind: event.TombstoneCollected, Key: t.Key, Versions: rec.Siblings})
	}
}

// wasCollected reports whether siblings are a tombstone that was collected a while ago. The node
// need not take it again. from, the node that sent it, gets the message to drop it as well.
func (c *collector) wasCollected(key []byte, siblings vclock.Siblings, lww bool, from string) bool {
	state, batch, ok := c.watches.WasCollected(key)
	if !ok || stateOf(key, record.Record{Siblings: siblings, LWW: lww}).Hash != state {
		return false
	}
	if from != "" && from != c.n.cfg.Name {
		order := wire.Collect{Batch: batch, Phase: wire.CollectDrop, Tombstones: []wire.Tombstone{{Key: key, State: state}}}
		c.n.calls.begin(from, 0, order, c.n.cfg.Timings.Patience, nil)
	}
	return true
}
