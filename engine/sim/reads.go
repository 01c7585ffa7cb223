package sim

// P7 for single answers: a get shows what the nodes that it counts held when it began, and what quorums
// promise that meet. Neither depends on whether the run is healthy.

import (
	"cmp"
	"slices"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A glance is what one node held of a key, and which ring it knew, when an operation began.
type glance struct {
	host     *host
	versions vclock.Siblings // in any role; of gets only
	view     uint64          // 0: the node knew no ring
	awaits   bool            // it was a home, and not given the key's range yet

	reachable bool   // the coordinator had to ask it before it could say that there is nothing
	life      uint64 // which one it was
}

// glances looks at all nodes for an operation that begins.
func (c *checker) glances(op *operation) []glance {
	out := make([]glance, len(c.w.names))
	reachable := c.reachable(op, op.Via)
	for i, name := range c.w.names {
		h := c.w.hosts[name]
		out[i] = glance{host: h, view: h.node.View(), awaits: len(h.node.Ring().Members()) > 0 && h.node.Awaits([]byte(op.Key)), life: h.life,
			reachable: slices.Contains(reachable, name)}
		if op.Kind == "get" {
			for _, r := range c.w.stored(h, op.Key) {
				out[i].versions = append(out[i].versions, r.Versions...)
			}
		}
	}
	return out
}

// shows checks that a get lacks nothing that the nodes which it counts held when it began (P7), nor
// anything that was acked before by a quorum which its own must meet. view is what all nodes had that count.
func (c *checker) shows(op *operation, r wire.GetReply, view *view, glances []glance) {
	got := slices.Concat(r.Siblings, r.Tombstones)
	for _, g := range glances {
		if !slices.Contains(r.Replied, g.host.name) {
			continue
		}
		for _, v := range g.versions {
			w := c.ops[idOf(v)]
			if w != nil && !c.reflects(got, w.ID, v) && !c.mayLack(op, g.host, w) && !c.outdated(got, w) {
				c.fail("P7", "%s counts %s, which held #%d, and lacks it", c.name(op), g.host.name, w.ID)
			}
		}
	}
	if view == nil {
		return
	}
	counted := slices.DeleteFunc(slices.Clone(r.Replied), func(n string) bool { // a sloppy get makes do with what such a home has
		return !c.strict(op) && glances[c.w.hosts[n].id].awaits
	})
	homes := view.ring.Homes([]byte(op.Key))
	for _, w := range c.byKey[op.Key] {
		if w.outcome == ok && w.Kind != "get" && w.ended < op.began && w.view != nil && !c.reflects(got, w.ID, w.version) {
			c.meets(op, w, got, counted, homes, view)
		}
	}
}

// strict says whether only homes count for an operation.
func (c *checker) strict(op *operation) bool { return op.Strict || c.w.plan.Quorum == StrictQuorum }

// reflects says whether versions hold v, which write id made, or what supersedes it.
func (c *checker) reflects(got vclock.Siblings, id uint64, v vclock.Version) bool {
	if c.w.plan.lww() {
		return slices.ContainsFunc(got, func(o vclock.Version) bool { return !beats(v, o) })
	}
	return c.carries(idsOf(got), id)
}

// beats says whether last write wins prefers a to b: the later time, then the greater dot.
func beats(a, b vclock.Version) bool {
	return cmp.Or(cmp.Compare(a.Time, b.Time), a.Dot.Compare(b.Dot)) > 0
}

// unbeaten says whether, under last write wins, nothing that would have won over w was destroyed or collected.
func (c *checker) unbeaten(w *operation) bool {
	return !slices.ContainsFunc(c.byKey[w.Key], func(d *operation) bool {
		gone := c.excused[d.ID] || c.taken[d.ID] || c.tombs.collected[d.ID] > 0
		return gone && beats(d.version, w.version)
	})
}

// mayLack says whether host h may have gone without what it held when op began: since then it was made to lose
// something, or handed the key over, or a tombstone was collected.
func (c *checker) mayLack(op *operation, h *host, w *operation) bool {
	return c.lossAt[h.name] >= op.began && c.lostBy(h, w.ID) || c.handed[h.name+" "+op.Key] >= op.began || c.buried(w.ID) || c.gone(w)
}

// outdated says whether one of the versions covers w because its coordinator had heard of a descendant, which need not
// be among them where contexts of puts were used.
func (c *checker) outdated(got vclock.Siblings, w *operation) bool {
	covered := slices.ContainsFunc(got, func(v vclock.Version) bool { return v.Past.Covers(w.version.Dot) })
	return covered && c.overwritten(w)
}

// overwritten says whether a node has stamped a descendant of w.
func (c *checker) overwritten(w *operation) bool {
	return slices.ContainsFunc(c.byKey[w.Key], func(d *operation) bool { return d.version.Dot.Counter > 0 && c.descends(d.ID, w.ID) })
}

// A view is a ring that all nodes of an operation knew, from its beginning to its end.
type view struct {
	history member.History
	ring    *ring.Ring
}

// settledView is the view that all of nodes had all the time, nil if there is none: a change of the ring was spreading.
func (c *checker) settledView(op *operation, nodes []string) *view {
	var digest uint64
	var last *host
	for _, name := range nodes {
		h := c.w.hosts[name]
		if int(h.id) >= len(op.glances) {
			return nil // it joined meanwhile
		}
		if v := op.glances[h.id].view; v == 0 || v != h.node.View() || digest != 0 && v != digest {
			return nil
		}
		digest, last = h.node.View(), h
	}
	return &view{last.node.History(), last.node.Ring()}
}

// meets checks a get that lacks w, although w was acked before it began: the homes of the key that acked w
// and those that answered must not be so many that some are both. A node whose disk was destroyed meanwhile does not
// count, each removal by force may have taken a copy with it, and a ring that a node has forgotten excuses all.
func (c *checker) meets(op, w *operation, got vclock.Siblings, replied, homes []string, at *view) {
	if c.w.plan.lww() && !c.unbeaten(w) {
		return
	}
	if !at.history.Covers(w.view.history) || c.gone(w) || c.buried(w.ID) || c.outdated(got, w) {
		return
	}
	moved := len(at.history) != len(w.view.history)
	acked, read := -removals(w.view.history, at.history), 0
	for _, name := range w.view.ring.Homes([]byte(op.Key)) {
		if slices.Contains(w.acks, name) && !c.lostBy(c.w.hosts[name], w.ID) {
			acked++
		}
	}
	for _, name := range homes {
		if slices.Contains(replied, name) {
			read++
		}
	}
	if moved && slices.ContainsFunc(c.w.names, func(n string) bool { return c.w.hosts[n].forgot > 0 }) {
		return
	}
	if acked+read > len(homes) {
		c.fail("P7", "%s, answered by %v, lacks #%d, which was acked by %v before; the homes are %v", c.name(op), replied, w.ID, w.acks, homes)
	}
}

// removals counts the nodes that were removed by force between two histories, and those that left and have not said that
// they handed everything over: if they cannot be reached the others do without what they had.
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

// clocked checks the clock of a new version (P6): it covers what its client had read, and beyond that only what others
// have superseded.
func (c *checker) clocked(op *operation) {
	v := op.version
	if c.w.plan.literal() || c.w.plan.lww() {
		return
	}
	for _, q := range c.byKey[op.Key] {
		if q == op || q.version.Dot.Counter == 0 {
			continue
		}
		switch covered := v.Past.Covers(q.version.Dot); {
		case covered && !c.descends(op.ID, q.ID) && !c.overwritten(q):
			c.fail("P6", "%s #%d of %s covers #%d, which its client had not read", op.Kind, op.ID, op.Key, q.ID)
		case !covered && op.parents[q.ID] && !c.cut[op.Key]:
			c.fail("P6", "%s #%d of %s does not cover #%d, which its client had read", op.Kind, op.ID, op.Key, q.ID)
		}
	}
}

// sealed checks the context of an answer that shows ids (P6): it covers them, and beyond that only what others have
// superseded.
func (c *checker) sealed(op *operation, token []byte, ids []uint64) {
	ctx, err := wire.OpenContext([]byte(secret), []byte(op.Key), token)
	if err != nil {
		c.fail("P6", "%s has a context that nobody can open: %v", c.name(op), err)
		return
	}
	if c.w.plan.literal() {
		return
	}
	for _, q := range c.byKey[op.Key] {
		if q.version.Dot.Counter == 0 {
			continue
		}
		shown := slices.Contains(ids, q.ID)
		switch covered := ctx.Clock.Covers(q.version.Dot); {
		case shown && !covered:
			c.fail("P6", "%s shows #%d, which its context does not cover", c.name(op), q.ID)
		case covered && !c.carries(ids, q.ID) && !c.overwritten(q) && !c.w.plan.lww():
			c.fail("P6", "%s has a context that covers #%d, which it does not show", c.name(op), q.ID)
		case shown && ctx.Time < q.version.Time:
			c.fail("P6", "%s shows #%d of a later time than its context has", c.name(op), q.ID)
		}
	}
}
