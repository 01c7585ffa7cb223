package check

import (
	"slices"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// checkShown checks that a reply lacks nothing that the counted nodes held when the get began, and
// nothing that an overlapping quorum acknowledged before. at is the ring view of the coordinator
// and all counted nodes, or nil if their views differed or changed; then only the first check runs.
func (r *reads) checkShown(op *operation, reply wire.GetReply, at *ringView, views []nodeView) {
	shown := slices.Concat(reply.Siblings, reply.Tombstones)
	for _, g := range views {
		if !slices.Contains(reply.Replied, g.host.Name()) {
			continue
		}
		for _, v := range g.versions {
			w := r.e.graph.ops[idOf(v)]
			if w != nil && !r.e.reflects(shown, w.ID, v) && !r.e.mayLack(op, g.host, w) && !r.e.outdated(shown, w) {
				r.e.fail(P7, "%s counts %s, which held #%d, and lacks it", r.e.name(op), g.host.Name(), w.ID)
			}
		}
	}
	if at == nil {
		return
	}
	rangeless := func(n string) bool { // a sloppy get counts a home without its range
		return !r.e.strict(op) && views[r.e.world.Host(n).ID()].awaits
	}
	counted := slices.DeleteFunc(slices.Clone(reply.Replied), rangeless)
	for _, w := range r.e.graph.byKey[op.Key] {
		if w.acked() && w.Ended < op.Began && w.settledIn != nil && !r.e.reflects(shown, w.ID, w.version) {
			r.checkOverlap(op, w, shown, counted, at)
		}
	}
}

// A ringView is a ring, and the history of changes that made it, as one or more nodes know them.
type ringView struct {
	history member.History
	ring    *ring.Ring
}

// ringViewOf returns the current ring view of a host.
func ringViewOf(h Host) *ringView { return &ringView{h.Node().History(), h.Node().Ring()} }

// settledRingView returns the ring view that all nodes had from the beginning of an operation until
// now, nil if their views differ, or one of the nodes knew no ring or learned of a change.
func (e *evidence) settledRingView(op *operation, nodes []string) *ringView {
	var digest uint64
	var last Host
	for _, name := range nodes {
		h := e.world.Host(name)
		if int(h.ID()) >= len(op.views) {
			return nil // the node joined meanwhile
		}
		if d := op.views[h.ID()].digest; d == 0 || d != h.Node().Digest() || digest != 0 && d != digest {
			return nil
		}
		digest, last = h.Node().Digest(), h
	}
	return ringViewOf(last)
}

// checkOverlap fails P7 if the homes that acknowledged w and the homes that replied must share a
// home: acked + read > homes. The get lacks w, although w was acknowledged before the get began. A
// home whose copy was destroyed does not count. Each node of removals counts as one lost
// acknowledgement, because that node may have been a home that acknowledged w.
func (r *reads) checkOverlap(op, w *operation, shown vclock.Siblings, replied []string, at *ringView) {
	if r.lackExcused(w, shown, at) {
		return
	}
	acked, read := -removals(w.settledIn.history, at.history), 0
	for _, name := range w.settledIn.ring.Homes([]byte(w.Key)) {
		if slices.Contains(w.Acks, name) && !r.e.lostBy(r.e.world.Host(name), w.ID) {
			acked++
		}
	}
	homes := at.ring.Homes([]byte(op.Key))
	for _, name := range homes {
		if slices.Contains(replied, name) {
			read++
		}
	}
	if acked+read > len(homes) {
		r.e.fail(P7, "%s, answered by %v, lacks #%d, which was acked by %v before; the homes are %v",
			r.e.name(op), replied, w.ID, w.Acks, homes)
	}
}

// lackExcused reports whether a get in the ring view at may lack w, which is not among the shown
// versions, whichever homes replied.
func (r *reads) lackExcused(w *operation, shown vclock.Siblings, at *ringView) bool {
	switch {
	case r.e.lww() && !r.e.unbeaten(w):
		return true // the winner over w was destroyed or collected
	case !at.history.Covers(w.settledIn.history):
		return true // the counted nodes lack a change that the nodes which acknowledged w knew
	case r.e.absenceExcused(w) || r.e.isCollected(w.ID) || r.e.outdated(shown, w):
		return true
	}
	return r.e.forgotten() && r.movedSince(w, at)
}

// movedSince reports whether the key of w may have moved to other homes since w was put: the ring
// of at has more changes, or a home handed the key over. A home that handed the key over may have
// forgotten the ring for which it did so.
func (r *reads) movedSince(w *operation, at *ringView) bool {
	handedOver := func(name string) bool { return r.e.losses.handed[holding{name, w.Key}] >= w.Began }
	return len(at.history) != len(w.settledIn.history) ||
		slices.ContainsFunc(w.settledIn.ring.Homes([]byte(w.Key)), handedOver)
}

// removals counts the nodes that were removed by force between two histories, and those that left
// and have not said that they handed everything over. If such a node cannot be reached, the others
// go on without its data.
func removals(before, after member.History) int {
	n := 0
	for _, c := range after.Without(before) {
		last, _ := after.Last(c.Node)
		if c.Kind == member.Remove || c.Kind == member.Leave && last == c {
			n++
		}
	}
	return n
}
