package sim

// P11 on the side of the new home: a home that counts toward R holds what its predecessors acknowledged. The check looks at
// what nodes hold, so that it does not depend on a client that reads the key in time.
//
// A write is owed to the homes of now if all nodes that acknowledged it knew one earlier ring (operation.known). Each of them
// learned of the next ring later, and handed over what it held then. Writes for which that is not true are excused:
// those that were acknowledged by nodes with different rings, those of which a copy was destroyed, and those of which a
// copy may have gone with a node that was removed.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/vclock"
)

// hears notes that a home acknowledged a put whose client was answered before.
func (c *checker) hears(e event.Event) {
	if op := c.ops[e.Request]; op != nil && op.known != nil && c.w.hosts[e.Peer].node.View() == op.known.history.Digest() {
		op.heldBy(e.Peer)
	}
}

// heldBy notes that node acknowledged the put, if node is a home in the ring that all of them knew.
func (op *operation) heldBy(node string) {
	if op.known != nil && !slices.Contains(op.homes, node) && slices.Contains(op.known.ring.Homes([]byte(op.Key)), node) {
		op.homes = append(op.homes, node)
	}
}

// given checks that h holds what is owed to it of each key that h counts as a home of.
func (c *checker) given(h *host) {
	if !c.w.plan.moves() || !h.up || len(h.node.Ring().Members()) == 0 || c.forgotten() {
		return
	}
	at := &view{h.node.History(), h.node.Ring()}
	for _, key := range c.keys {
		homes := at.ring.Homes([]byte(key))
		if !slices.Contains(homes, h.name) || h.node.Awaits([]byte(key)) {
			continue
		}
		for _, w := range c.byKey[key] {
			if w.outcome == ok && w.Kind != "get" && w.known != nil && !c.holds(h, w) && c.owed(w, at) {
				c.lacks(h, w, homes, at)
			}
		}
	}
}

// forgotten says whether a node has ever lost what it knew of the ring: it may go back to an older one.
func (c *checker) forgotten() bool {
	return slices.ContainsFunc(c.w.names, func(n string) bool { return c.w.hosts[n].forgot > 0 })
}

// lacks checks that h, which does not hold w, need not hold it: h took the place of no home that acknowledged w, and
// so few of the homes that count lack w that every quorum finds it.
func (c *checker) lacks(h *host, w *operation, homes []string, at *view) {
	for _, name := range c.predecessors(h, w, at) {
		if slices.Contains(w.homes, name) && !slices.Contains(homes, name) {
			c.fail("P11", "%s counts as a home of %s and lacks #%d, which %s acknowledged before it gave the key away", h.name, w.Key, w.ID, name)
		}
	}
	lack := 0
	for _, name := range homes {
		if o := c.w.hosts[name]; o.up && o.node.View() == h.node.View() && !o.node.Awaits([]byte(w.Key)) && !c.holds(o, w) {
			lack++
		}
	}
	if lack+len(w.homes) > len(homes) {
		c.fail("P11", "%d of the homes %v of %s, %s among them, count and lack #%d, which the homes %v acknowledged", lack, homes, w.Key, h.name, w.ID, w.homes)
	}
}

// owed says whether the homes in the ring of at must be given w.
func (c *checker) owed(w *operation, at *view) bool {
	return at.history.Covers(w.known.history) && removals(w.known.history, at.history) == 0 && c.lost[w.ID] == nil &&
		!c.gone(w) && !c.buried(w.ID) && (!c.w.plan.lww() || c.unbeaten(w))
}

// holds says whether h holds w in any role, or what supersedes w.
func (c *checker) holds(h *host, w *operation) bool {
	var got vclock.Siblings
	for _, r := range c.w.stored(h, w.Key) {
		got = append(got, r.Versions...)
	}
	return c.reflects(got, w.ID, w.version) || c.outdated(got, w)
}

// predecessors lists the homes whose place h took when it became a home of the key of w, and that were homes from when w
// was acknowledged until then. There are none if h was a home already, or if changes of the ring were not
// learned in the order of their times: then no node knew the rings in between.
func (c *checker) predecessors(h *host, w *operation, at *view) []string {
	changes, known := ringChanges(at.history), len(ringChanges(w.known.history))
	var after []string
	for k := len(changes); k >= known && !c.w.unordered; k-- {
		homes := c.w.rings.Of(changes[:k]).Homes([]byte(w.Key))
		if slices.Contains(homes, h.name) {
			after = homes
			continue
		}
		lost := slices.DeleteFunc(slices.Clone(homes), func(n string) bool { return slices.Contains(after, n) })
		for ; k >= known; k-- {
			homes := c.w.rings.Of(changes[:k]).Homes([]byte(w.Key))
			lost = slices.DeleteFunc(lost, func(n string) bool { return !slices.Contains(homes, n) })
		}
		return lost
	}
	return nil
}

// ringChanges leaves out what changes no ring.
func ringChanges(h member.History) member.History {
	return slices.DeleteFunc(slices.Clone(h), func(c member.Change) bool { return c.Kind == member.Gone })
}
