package check

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/sim/kernel"
)

// A home that counts toward R holds what its predecessors acknowledged (P11). The check looks at
// what nodes hold, so that it does not depend on a client that reads the key in time.
//
// The homes of now must have a write if all nodes that acknowledged it knew one earlier ring
// (operation.ackedIn). Each of those nodes learned of the next ring later, and handed over what it
// held then. Other writes are excused: those that nodes with different rings acknowledged, those of
// which a copy was destroyed, and those of which a removed node may have taken a copy along.

// ackedUnder is a node that acknowledged a put, and the digest of the history that the node knew.
type ackedUnder struct {
	node   string
	digest uint64
}

// hears takes in that a node acknowledged a put. Nodes may acknowledge a put after its client was
// answered, and events leave a node before its replies.
func (e *evidence) hears(ev event.Event) {
	op := e.graph.ops[ev.Request]
	if op == nil {
		return
	}
	a := ackedUnder{ev.Peer, e.world.Host(ev.Peer).Node().Digest()}
	if op.Ended == 0 {
		op.early = append(op.early, a)
	} else {
		op.heard(a)
	}
}

// heard counts an acknowledgement if the node knew the ring of ackedIn.
func (op *operation) heard(a ackedUnder) {
	if op.ackedIn != nil && a.digest == op.ackedIn.history.Digest() {
		op.ackedBy(a.node)
	}
}

// ackedBy notes that a node acknowledged the put, if the node is a home in the ring of ackedIn.
func (op *operation) ackedBy(node string) {
	if op.ackedIn == nil || slices.Contains(op.homes, node) {
		return
	}
	if slices.Contains(op.ackedIn.ring.Homes([]byte(op.Key)), node) {
		op.homes = append(op.homes, node)
	}
}

// checkReady checks that a host holds what it must have of each key that it counts as a home of.
func (t *transfers) checkReady(h Host) {
	if !t.e.plan.Moves() || !h.Up() || len(h.Node().Ring().Members()) == 0 || t.e.forgotten() {
		return
	}
	at := ringViewOf(h)
	for _, key := range t.e.keys {
		homes := at.ring.Homes([]byte(key))
		if !slices.Contains(homes, h.Name()) || h.Node().Awaits([]byte(key)) {
			continue
		}
		for _, w := range t.e.graph.byKey[key] {
			if w.acked() && w.ackedIn != nil && !t.e.holds(h, w) && t.owed(w, at) {
				t.checkLack(h, w, homes, at)
			}
		}
	}
}

// checkLack checks that a host which does not hold w need not hold it: the host took the place of
// no home that acknowledged w, and so few of the homes that count lack w that every quorum finds w.
func (t *transfers) checkLack(h Host, w *operation, homes []string, at *ringView) {
	for _, name := range t.predecessors(h, w, at) {
		if slices.Contains(w.homes, name) && !slices.Contains(homes, name) {
			t.e.fail(P11, "%s counts as a home of %s and lacks #%d, which %s acknowledged before it gave the key away",
				h.Name(), w.Key, w.ID, name)
		}
	}
	lack := 0
	for _, name := range homes {
		o := t.e.world.Host(name)
		counts := o.Up() && o.Node().Digest() == h.Node().Digest() && !o.Node().Awaits([]byte(w.Key))
		if counts && !t.e.holds(o, w) {
			lack++
		}
	}
	if lack+len(w.homes) > len(homes) {
		t.e.fail(P11, "%d of the homes %v of %s, %s among them, count and lack #%d, which the homes %v acknowledged",
			lack, homes, w.Key, h.Name(), w.ID, w.homes)
	}
}

// owed reports whether the homes in a view must have w.
func (t *transfers) owed(w *operation, at *ringView) bool {
	return at.history.Covers(w.ackedIn.history) && removals(w.ackedIn.history, at.history) == 0 &&
		t.e.losses.lost[w.ID] == nil && !t.e.absenceExcused(w) && !t.e.isCollected(w.ID) &&
		(!t.e.lww() || t.e.unbeaten(w))
}

// predecessors lists the homes whose place a host took when it became a home of the key of w, and
// that were homes from the acknowledgement of w until then. The list is empty if the host was a
// home already. It is also empty if changes of the ring were not learned in the order of their
// times, because no node then knew the rings in between.
func (t *transfers) predecessors(h Host, w *operation, at *ringView) []string {
	members := t.e.world.Members()
	changes, known := kernel.RingChanges(at.history), len(kernel.RingChanges(w.ackedIn.history))
	var after []string
	for k := len(changes); k >= known && !members.Reordered(); k-- {
		homes := members.RingOf(changes[:k]).Homes([]byte(w.Key))
		if slices.Contains(homes, h.Name()) {
			after = homes
			continue
		}
		replaced := slices.DeleteFunc(slices.Clone(homes), func(n string) bool { return slices.Contains(after, n) })
		for ; k >= known; k-- {
			homes := members.RingOf(changes[:k]).Homes([]byte(w.Key))
			replaced = slices.DeleteFunc(replaced, func(n string) bool { return !slices.Contains(homes, n) })
		}
		return replaced
	}
	return nil
}
