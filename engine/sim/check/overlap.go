package check

import (
	"slices"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/sim/kernel"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// shows checks that a reply lacks nothing that the nodes which count held when the get began, and
// nothing that an overlapping quorum acknowledged before. at is the view that all nodes had which
// count.
func (r *reads) shows(op *operation, reply wire.GetReply, at *view, glances []glance) {
	shown := slices.Concat(reply.Siblings, reply.Tombstones)
	for _, g := range glances {
		if !slices.Contains(reply.Replied, g.host.Name()) {
			continue
		}
		for _, v := range g.versions {
			w := r.ops[idOf(v)]
			if w != nil && !r.reflects(shown, w.ID, v) && !r.mayLack(op, g.host, w) && !r.outdated(shown, w) {
				r.fail(P7, "%s counts %s, which held #%d, and lacks it", r.name(op), g.host.Name(), w.ID)
			}
		}
	}
	if at == nil {
		return
	}
	rangeless := func(n string) bool { // a sloppy get counts a home without its range
		return !r.strict(op) && glances[r.world.Host(n).ID()].awaits
	}
	counted := slices.DeleteFunc(slices.Clone(reply.Replied), rangeless)
	for _, w := range r.byKey[op.Key] {
		if w.acked() && w.Ended < op.Began && w.view != nil && !r.reflects(shown, w.ID, w.version) {
			r.overlaps(op, w, shown, counted, at)
		}
	}
}

// view is a ring that all nodes of an operation knew, from the beginning of the operation to its
// end.
type view struct {
	history member.History
	ring    *ring.Ring
}

// viewOf returns the view of a host now.
func viewOf(h *kernel.Host) *view { return &view{h.Node().History(), h.Node().Ring()} }

// settledView returns the view that nodes had during an operation, nil if a change of the ring was
// spreading among them.
func (e *evidence) settledView(op *operation, nodes []string) *view {
	var digest uint64
	var last *kernel.Host
	for _, name := range nodes {
		h := e.world.Host(name)
		if int(h.ID()) >= len(op.glances) {
			return nil // the node joined meanwhile
		}
		if v := op.glances[h.ID()].view; v == 0 || v != h.Node().Digest() || digest != 0 && v != digest {
			return nil
		}
		digest, last = h.Node().Digest(), h
	}
	return viewOf(last)
}

// overlaps checks a get that lacks w although w was acknowledged before the get began. The homes
// that acknowledged w and the homes that replied must not be so many that some are both. A node
// whose disk was destroyed meanwhile does not count. Each removal by force may have taken a copy
// along, and a ring that a node has forgotten excuses everything.
func (r *reads) overlaps(op, w *operation, shown vclock.Siblings, replied []string, at *view) {
	if r.plan.LWW() && !r.unbeaten(w) {
		return
	}
	if !at.history.Covers(w.view.history) || r.gone(w) || r.buried(w.ID) || r.outdated(shown, w) {
		return
	}
	homes := at.ring.Homes([]byte(op.Key))
	moved := len(at.history) != len(w.view.history)
	acked, read := -removals(w.view.history, at.history), 0
	for _, name := range w.view.ring.Homes([]byte(op.Key)) {
		if slices.Contains(w.Acks, name) && !r.lostBy(r.world.Host(name), w.ID) {
			acked++
		}
		// A host that handed the key over may have forgotten the ring for which it did so.
		moved = moved || r.handed[holding{name, op.Key}] >= w.Began
	}
	for _, name := range homes {
		if slices.Contains(replied, name) {
			read++
		}
	}
	if moved && r.forgotten() {
		return
	}
	if acked+read > len(homes) {
		r.fail(P7, "%s, answered by %v, lacks #%d, which was acked by %v before; the homes are %v",
			r.name(op), replied, w.ID, w.Acks, homes)
	}
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
