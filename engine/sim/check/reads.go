package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// reads checks P7 and P8 for each get. The checks do not depend on whether the run is healthy.
type reads struct {
	e        *evidence
	siblings *siblings
	deletes  deletes
	contexts *contexts
	stale    int // gets that lacked a write which was acknowledged before they began
	behind   []Behind
}

// Behind is by how much a get was stale. Of the writes that were acknowledged before the get began,
// Versions are neither in the reply nor superseded there. The first of them had been acknowledged
// for Age.
type Behind struct {
	Get      uint64
	Age      time.Duration
	Versions int
}

// nodeView is what one node held of a key, and which ring it knew, when an operation began.
type nodeView struct {
	host        Host
	versions    vclock.Siblings // in any role; of gets only
	digest      uint64          // of the ring's history; 0: the node knew no ring
	awaits      bool            // the node was a home without the key's range
	reachable   bool            // the coordinator must ask the node before it says that there is nothing
	incarnation uint64
}

// views looks at all nodes for an operation that begins.
func (r *reads) views(op *operation) []nodeView {
	out := make([]nodeView, 0, len(r.e.world.Names()))
	reachable := r.reachable(op, op.Via)
	r.e.hosts(func(h Host) {
		n := h.Node()
		g := nodeView{
			host: h, digest: n.Digest(), awaits: len(n.Ring().Members()) > 0 && n.Awaits([]byte(op.Key)),
			incarnation: h.Incarnation(), reachable: slices.Contains(reachable, h.Name()),
		}
		if op.Kind == plan.Get {
			for _, x := range r.e.stored(h, op.Key) {
				g.versions = append(g.versions, x.Versions...)
			}
		}
		out = append(out, g)
	})
	return out
}

// distinct reports whether no node is listed twice.
func distinct(nodes []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(nodes)))) == len(nodes)
}

// checkQuorum checks the nodes that count for a reply: as many as the client or the cluster asked
// for, each once (P13), the primaries among them, and only homes under a strict quorum. P1 and P7
// depend on that. own is the quorum of the operation, usual that of the cluster.
func (r *reads) checkQuorum(op *operation, property string, nodes []string, own, usual int) {
	if want := min(cmp.Or(own, usual), r.e.plan.Replicas()); len(nodes) < want {
		r.e.fail(property, "%s #%d succeeds with %v, the quorum is %d", op.Kind, op.ID, nodes, want)
	}
	if !distinct(nodes) {
		r.e.fail(P13, "%s #%d counts a replica twice: %v", op.Kind, op.ID, nodes)
	}
	if r.e.plan.Moves() { // the node may know another ring
		return
	}
	homes := r.e.world.Members().Ring().Homes([]byte(op.Key))
	primaries := 0
	for _, node := range nodes {
		if slices.Contains(homes, node) {
			primaries++
		}
	}
	if primaries < op.Primaries {
		r.e.fail(property, "%s #%d succeeds with %v, and %d homes of %s are not among them",
			op.Kind, op.ID, nodes, op.Primaries, op.Key)
	}
	if r.e.strict(op) {
		if i := slices.IndexFunc(nodes, func(n string) bool { return !slices.Contains(homes, n) }); i >= 0 {
			r.e.fail(property, "%s #%d is strict, and counts %s, which is not a home of %s",
				op.Kind, op.ID, nodes[i], op.Key)
		}
	}
}

// checkGet checks the reply to a get.
func (r *reads) checkGet(op *operation, reply wire.GetReply) {
	r.checkQuorum(op, P7, reply.Replied, op.R, r.e.plan.R)
	ids := idsOf(slices.Concat(reply.Siblings, reply.Tombstones))
	op.read = ids[:len(reply.Siblings)]
	for i, id := range ids {
		if !r.checkWritten(op, id, i >= len(reply.Siblings)) {
			return
		}
	}
	r.siblings.falseSiblings += r.siblings.checkConcurrent(r.e.name(op), op.Key, ids)
	at := r.e.settledRingView(op, append(slices.Clone(reply.Replied), reply.Coordinator))
	r.contexts.checkContext(op, reply.Context, ids)
	r.checkShown(op, reply, at, op.views)
	r.checkAbsent(op, reply, op.views)
	r.deletes.checkResurfacedBefore(finding{fmt.Sprintf("get #%d", op.ID), op.Key, ids, "its client"}, op.Began)
	r.checkFresh(op, ids, reply)
}

// checkWritten checks P8 for one write that a get shows. It returns false if no such write exists.
func (r *reads) checkWritten(op *operation, id uint64, deleted bool) bool {
	w := r.e.graph.ops[id]
	switch {
	case w == nil || w.Key != op.Key || w.Kind == plan.Get || (w.Kind == plan.Del) != deleted:
		r.e.fail(P8, "%s returns #%d, which no client wrote there", r.e.name(op), id)
		return false
	case w.Outcome == client.Failed && w.Ended > 0:
		r.e.fail(P8, "%s returns #%d, which was refused for certain", r.e.name(op), id)
	}
	return true
}

// checkFresh counts stale gets: a write that was acknowledged before the get began is neither in
// the reply nor superseded there. Without faults, and with R+W>N, there are none (P7). Under last
// write wins a later time supersedes, and only the nodes know the times, so stale gets are only
// counted.
func (r *reads) checkFresh(op *operation, ids []uint64, reply wire.GetReply) {
	newest := int64(-1)
	for _, v := range slices.Concat(reply.Siblings, reply.Tombstones) {
		newest = max(newest, v.Time)
	}
	behind := Behind{Get: op.ID}
	for _, w := range r.e.graph.byKey[op.Key] {
		superseded := r.e.graph.carries(ids, w.ID) || r.e.lww() && w.version.Time <= newest
		if !w.acked() || w.Ended >= op.Began || superseded || r.e.isCollected(w.ID) {
			continue
		}
		behind.Versions++
		behind.Age = max(behind.Age, op.Began-w.Ended)
		if r.e.plan.Fresh() && !r.e.lww() {
			r.e.fail(P7, "%s lacks #%d, which was acked before", r.e.name(op), w.ID)
		}
	}
	if !r.e.own(op) && behind.Versions > 0 { // the Judge chooses quorums of its own
		r.stale++
		r.behind = append(r.behind, behind)
	}
}
