package check

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// durability checks P1: acknowledged writes, or what supersedes them, are on the hosts that
// acknowledged them, on disk or in an object buffer. In the end, durability also tells lost writes
// (P1) from undone deletes (P3), swallowed puts (P4) and losses by last write wins (P14).
type durability struct {
	e           *evidence
	durable     map[uint64][]string // write → nodes that said that they hold the write durably, in plans with buffers
	fewest      int                 // least number of members that any member ever knew
	lwwLost     map[uint64]bool     // acknowledged writes that last write wins lost (P14)
	lwwReported map[uint64]bool     // writes that a node reported as lost to last write wins
	fates       Fates
}

func newDurability(e *evidence) *durability {
	return &durability{
		e: e, durable: map[uint64][]string{}, fewest: e.plan.N,
		lwwLost: map[uint64]bool{}, lwwReported: map[uint64]bool{},
	}
}

// checkAcks checks, when a put is acknowledged, that the nodes which acknowledged the put hold it
// on disk or in their object buffer.
func (d *durability) checkAcks(op *operation, r wire.PutReply) {
	op.copies = copies(r)
	if d.e.losses.excused[op.ID] {
		return
	}
	d.checkHinted(op, r)
	for _, node := range r.Acks {
		if d.e.plan.Buffer > 0 && slices.Contains(d.durable[op.ID], node) {
			d.checkOnDisk(op, node)
		}
		h := d.e.world.Host(node)
		if !h.Up() || d.e.lostBy(h, op.ID) {
			continue
		}
		held := d.e.held(h, op.Key)
		other := slices.ContainsFunc(held, func(id uint64) bool { return !d.e.graph.descends(op.ID, id) })
		switch {
		case d.e.graph.carries(held, op.ID), d.e.losses.handed[holding{node, op.Key}] >= op.Began,
			d.e.mayRefuse(h, op.Key, op.ID):
		case !d.e.lww():
			d.e.fail(P1, "%s #%d was acked by %s, which does not hold it on disk or in its buffer", op.Kind, op.ID, node)
		case !other: // a concurrent write may have won, but not an ancestor
			d.e.fail(P1, "%s #%d was acked by %s, which holds %v that it was put over", op.Kind, op.ID, node, held)
		}
	}
}

// checkHinted checks, when a put is acknowledged, that the fallbacks among its acknowledgements
// hold it in a hint. As a replica of a node that is not a home, it would wait for a change of the
// ring. A fallback that knows that the home has left has no hints for that home.
func (d *durability) checkHinted(op *operation, r wire.PutReply) {
	for _, hint := range r.Hinted {
		h := d.e.world.Host(hint.Holder)
		if d.e.lww() || !h.Up() {
			continue
		}
		ring := h.Node().Ring()
		if !ring.Has(hint.For) || slices.Contains(ring.Homes([]byte(op.Key)), h.Name()) || d.e.lostBy(h, op.ID) ||
			h.MembershipLostAt() >= op.Began || d.e.losses.handed[holding{h.Name(), op.Key}] >= op.Began {
			continue
		}
		asReplica, inHint := false, false
		for _, held := range d.e.stored(h, op.Key) {
			carries := d.e.graph.carries(idsOf(held.Versions), op.ID)
			asReplica = asReplica || carries && held.For == ""
			inHint = inHint || carries && held.For != ""
		}
		if asReplica && !inHint {
			d.e.fail(P9, "put #%d was acked by %s for %s, and is not in a hint there", op.ID, h.Name(), hint.For)
		}
	}
}

// copies returns the least number of nodes that keep an acknowledged write. Hints of two
// fallbacks for one home become one copy.
func copies(r wire.PutReply) int {
	at := slices.Clone(r.Acks)
	for _, h := range r.Hinted {
		if i := slices.Index(at, h.Holder); i >= 0 {
			at[i] = h.For
		}
	}
	slices.Sort(at)
	return len(slices.Compact(at))
}

// checkDurableAck checks, in plans with buffers, that a node which says that it holds a write
// durably has the write on its disk. The coordinator's own acknowledgement is checked with the
// reply.
func (d *durability) checkDurableAck(ev event.Event) {
	op := d.e.graph.ops[ev.Request]
	if op == nil {
		return
	}
	d.durable[op.ID] = append(d.durable[op.ID], ev.Peer)
	if ev.Peer != ev.Node {
		d.checkOnDisk(op, ev.Peer)
	}
}

func (d *durability) checkOnDisk(op *operation, node string) {
	h := d.e.world.Host(node)
	if d.e.lww() || d.e.losses.excused[op.ID] || d.e.lostBy(h, op.ID) {
		return
	}
	if d.e.graph.carries(heldIn(h.Disk(), op.Key), op.ID) || d.e.losses.handed[holding{node, op.Key}] >= op.Began {
		return
	}
	if !d.e.mayRefuse(h, op.Key, op.ID) {
		d.e.fail(P1, "put #%d was acked as durable by %s, whose disk does not hold it", op.ID, node)
	}
}

// checkCopies checks during the run that each acknowledged write is on as many hosts as
// acknowledged it, on disk or in an object buffer. Hosts that a fault made lose the write, and a
// ring that shrank, lower the number. For a write with descendants the number is the smallest of
// the key's acknowledgements, because the context of an acknowledgement covers what its coordinator
// knew to be superseded, and the superseding versions are only where that put was acknowledged.
func (d *durability) checkCopies() {
	if d.e.lww() {
		return
	}
	names := d.e.world.Names()
	for _, key := range d.e.keys {
		var overwritten bits
		least := len(names)
		for _, op := range d.e.graph.byKey[key] {
			overwritten.union(op.past)
			if op.copies > 0 {
				least = min(least, op.copies)
			}
		}
		held := make([][]uint64, len(names))
		for i, n := range names {
			held[i] = d.e.held(d.e.world.Host(n), key)
		}
		for _, op := range d.e.graph.byKey[key] {
			want := min(op.copies, d.fewest)
			if overwritten.has(op.index) {
				want = min(want, least)
			}
			d.checkCopiesOf(op, held, want-d.e.losses.lost[op.ID].count())
		}
	}
}

// checkCopiesOf checks that at least want hosts hold op or a descendant.
func (d *durability) checkCopiesOf(op *operation, held [][]uint64, want int) {
	on := 0
	for _, ids := range held {
		if on >= want {
			return
		}
		if d.e.graph.carries(ids, op.ID) {
			on++
		}
	}
	if on < want && !d.e.isCollected(op.ID) && !d.e.absenceExcused(op) {
		d.e.fail(P1, "%s, acked by %v, or what supersedes it should be on %d hosts, and is on %d",
			d.e.name(op), op.Acks, want, on)
	}
}

// countHomes notes how few homes a key may have, as any member knows the ring.
func (d *durability) countHomes() {
	d.e.hosts(func(h Host) {
		if h.Up() && h.Node().Ring().Has(h.Name()) {
			d.fewest = min(d.fewest, len(h.Node().Ring().Members()))
		}
	})
}

// checkAllKept checks that acknowledged writes of a key are among the writes that all homes hold.
func (d *durability) checkAllKept(key string, left []uint64) {
	for _, op := range d.e.graph.byKey[key] {
		if d.missing(op, left) && !d.e.absenceExcused(op) && !d.stranded(op) {
			d.failMissing(op, left)
		}
	}
}

// failMissing judges an acknowledged write of which nothing is left.
func (d *durability) failMissing(op *operation, left []uint64) {
	ancestor := slices.IndexFunc(left, func(id uint64) bool { return d.e.graph.descends(op.ID, id) })
	what := fmt.Sprintf("%s #%d of %s, acked by %v at %v,", op.Kind, op.ID, op.Key, op.Acks, op.Ended-kernel.Origin)
	switch {
	case d.e.lww() && d.outlived(op, left):
		if d.lwwReported[op.ID] { // nodes do not report ordinary overwrites
			d.lwwLost[op.ID] = true
		}
	case op.Kind == plan.Del && ancestor >= 0:
		d.e.fail(P3, "%s is undone: #%d is back", what, left[ancestor])
	case op.Kind == plan.Put && d.swallowed(op, left):
		d.e.fail(P4, "%s was swallowed by a delete that it was put after; left is %v", what, left)
	default:
		d.e.fail(P1, "%s is lost; left is %v", what, left)
	}
}

// outlived reports whether a write that last write wins prefers to op has won. The winner may have
// been destroyed since, or it may be a delete whose tombstone was collected.
func (d *durability) outlived(op *operation, left []uint64) bool {
	return slices.ContainsFunc(d.e.graph.byKey[op.Key], func(w *operation) bool {
		won := slices.Contains(left, w.ID) || d.e.losses.excused[w.ID] || d.e.tombstones.collected[w.ID] > 0
		return won && w != op && !d.e.graph.descends(op.ID, w.ID) && beats(w.version, op.version)
	})
}

// swallowed reports whether only deletes are left, one of which was acknowledged before the put
// began.
func (d *durability) swallowed(op *operation, left []uint64) bool {
	before := false
	for _, id := range left {
		del := d.e.graph.ops[id]
		if del == nil || del.Kind != plan.Del {
			return false
		}
		before = before || del.Ended > 0 && del.Ended < op.Began
	}
	return before
}

// reportedLost notes the writes that a node reports as lost to last write wins.
func (d *durability) reportedLost(ev event.Event) {
	for _, v := range ev.Versions {
		d.lwwReported[v.Request] = true
	}
}
