package sim

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// Nodes join, leave and are removed while everything else goes wrong, too (§4.8, §4.9).

// Kinds of membership changes, as faults.
const (
	joinKind   = "join"
	leaveKind  = "leave"
	removeKind = "remove" // it crashes, is removed, and comes back later to find that out
)

// seedNodes is how many of the founders all nodes know as seeds (§4.8.2).
const seedNodes = 2

// drawJoin takes a new node, or now and then one that may have left before, and the node that is told.
func drawJoin(d *drawing, s *Strike) {
	node := pick(d.rng, d.names)
	if d.rng.Float64() < .7 {
		d.joined++
		node = fmt.Sprintf("n%d", len(d.names)+d.joined)
	}
	s.Nodes, s.For = []string{node, pick(d.rng, d.names)}, 0
}

func drawLeave(d *drawing, s *Strike) {
	s.Nodes = []string{pick(d.rng, d.all()), pick(d.rng, d.names)}
	switch {
	case s.Kind == leaveKind:
		s.For = 0
	case d.o.Tombstones > 0: // long enough that a tombstone would be collected that waits for nobody
		s.For *= awayFor
	}
}

// awayFor is how much longer removed nodes stay away in runs that collect tombstones.
const awayFor = 20

func changesMembers(kind string) bool {
	return kind == joinKind || kind == leaveKind || kind == removeKind
}

func (w *world) join(s Strike) {
	node := s.Nodes[0]
	if w.ring.Has(node) || w.ring.CanJoin(ring.Member{Name: node, Weight: 1}) != nil {
		return
	}
	if w.hosts[node] == nil {
		w.addHost(node)
	}
	w.amend(s, member.Join)
}

// addHost starts a node that knows of nobody but the seeds.
func (w *world) addHost(name string) {
	h := newHost(w, name, len(w.names))
	w.hosts[name] = h
	w.names = append(w.names, name)
	w.net.cuts.Add(name, "") // no node in particular lets it in
	h.boot()
}

// leave asks a node to go, unless there would be fewer than N left.
func (w *world) leave(s Strike) {
	if w.canGo(s.Nodes[0]) {
		w.amend(s, member.Leave)
	}
}

// remove removes a member, or a node that left and may not have handed over yet what it has.
func (w *world) remove(s Strike) {
	if !w.canGo(s.Nodes[0]) && !w.leaves(s.Nodes[0]) {
		return
	}
	h := w.hosts[s.Nodes[0]]
	h.crash()
	w.amend(s, member.Remove)
	w.later(s.For, h.boot)
}

// leaves says whether a node left and has not said that it holds nothing any more.
func (w *world) leaves(node string) bool {
	last, _ := w.history.Last(node)
	return last.Kind == member.Leave && !w.ring.Has(node)
}

func (w *world) canGo(node string) bool {
	return w.ring.Has(node) && len(w.ring.Members()) > max(w.plan.N, w.plan.R, w.plan.W)
}

// amend tells the change to the node that the plan says, or to the first that is there.
func (w *world) amend(s Strike, kind member.Kind) {
	for _, via := range append([]string{s.Nodes[1]}, w.names...) {
		if h := w.hosts[via]; h.up && !h.paused && w.ring.Has(via) {
			w.ordered[order{s.Nodes[0], kind}] = true
			h.input(engine.ChangeMembership{Change: member.Change{Node: s.Nodes[0], Kind: kind, Weight: 1}})
			return
		}
	}
}

// orders name the kinds of changes as faults.
var orders = map[member.Kind]string{member.Join: joinKind, member.Leave: leaveKind, member.Remove: removeKind}

// amended counts a change that a node was asked for, once the node has written it down.
func (w *world) amended(e event.Event) {
	for _, c := range e.Changes {
		w.fault(orders[c.Kind])
		if h := w.hosts[c.By]; h.node.History().Has(c) && h.node.Ring().Has(c.Node) != (c.Kind == member.Join) {
			w.check.fail("P12", "%s wrote down that %s is to %s, and the ring that it knows says otherwise", c.By, c.Node, c.Kind)
		}
	}
}

// An order is a change of the membership that the plan asked a node for.
type order struct {
	node string
	kind member.Kind
}

// learn keeps the world's own account of the membership: all changes that any node wrote down. Nobody
// changes it but by order, and to say that itself is gone (P12).
func (w *world) learn(e event.Event) {
	w.check.countHomes()
	for _, c := range e.Changes {
		asked := w.ordered[order{c.Node, c.Kind}] || c.Kind == member.Gone && c.By == c.Node
		if !asked && !slices.Contains(w.history, c) {
			w.check.fail("P12", "%s tells that %s is to %s, which nobody asked for", e.Node, c.Node, c.Kind)
		}
	}
	h := w.history.Merge(e.Changes)
	if len(h) == len(w.history) {
		return
	}
	before, after := ringChanges(w.history), ringChanges(h)
	w.unordered = w.unordered || !slices.Equal(before, after[:min(len(before), len(after))])
	w.history, w.ring = h, w.rings.Of(h)
}

// recall makes the world's account that of the nodes: a change of which a wipe took the only copy
// has never been. Without one, or another such loss, what was told is known.
func (w *world) recall() {
	told, forgotten := w.history, w.plan.Buffer > 0
	w.history = nil
	for _, name := range w.names {
		w.history = w.history.Merge(w.hosts[name].node.State().Changes)
		forgotten = forgotten || w.hosts[name].forgot > 0
	}
	for _, c := range told {
		if !forgotten && !slices.Contains(w.history, c) {
			w.check.fail("P12", "nobody knows any more that %s was to %s, as %s wrote down", c.Node, c.Kind, c.By)
		}
	}
	w.ring = w.rings.Of(w.history)
}

// unsettled says what of the membership is still under way, "" if nothing is.
func (w *world) unsettled() string {
	for _, name := range w.names {
		s := w.hosts[name].node.State()
		switch {
		case s.View != w.history.Digest():
			return fmt.Sprintf("%s knows %d of %d changes", name, len(s.Changes), len(w.history))
		case s.Member != w.ring.Has(name):
			return fmt.Sprintf("%s takes itself for a member: %v", name, s.Member)
		case s.Pending > 0:
			return fmt.Sprintf("%s waits for %d ranges", name, s.Pending)
		case s.Foreign > 0:
			return fmt.Sprintf("%s holds %d keys that are not its own", name, s.Foreign)
		}
	}
	return ""
}

// awaitRing is P12: the nodes agree on the ring, and everything is where it belongs.
func (w *world) awaitRing(end time.Duration) {
	w.recall()
	const look = 100 * time.Millisecond
	for w.now < end && w.unsettled() != "" {
		w.runUntil(min(end, w.now+look), nil)
	}
	if left := w.unsettled(); left != "" {
		w.check.fail("P12", "%v after the last fault %s", quiesce, left)
	}
}

// onlyAtHome is P12 for one key: nobody but its homes holds it.
func (c *checker) onlyAtHome(key string) {
	homes := c.w.ring.Homes([]byte(key))
	if want := min(c.w.plan.N, len(c.w.ring.Members())); len(homes) != want {
		c.fail("P12", "%s has %d homes, want %d", key, len(homes), want)
	}
	for _, name := range c.w.names {
		for _, r := range c.w.stored(c.w.hosts[name], key) {
			if r.For == "" && len(r.Versions) > 0 && !slices.Contains(homes, name) {
				c.fail("P12", "%s holds %s as %v, whose homes are %v", name, key, r.Versions, homes)
			}
		}
	}
}

// dropping is P11: what a node deletes of its replicas, all homes hold durably, as that node knows the ring.
func (c *checker) dropping(h *host, t *batch) {
	for i, wr := range t.writes {
		if wr.Space == store.Hints && wr.Value == nil {
			c.droppingHint(h, wr.Key, t.writes[:i])
		}
		if wr.Space != store.Data || wr.Value != nil {
			continue
		}
		_, k := record.ParseDataKey(wr.Key)
		key := string(k)
		if t.collecting(key) {
			continue // that is P3's concern
		}
		b := h.heldBefore(store.Data, wr.Key, t.writes[:i])
		rec, err := record.Decode(b)
		if err != nil || b == nil {
			continue
		}
		homes := h.node.Ring().Homes([]byte(key))
		if before := c.leaving[h.name+" "+key]; h.buffered() && before != nil {
			homes = before
		}
		for _, name := range homes {
			c.keeps(h, c.w.hosts[name], key, rec.Siblings)
		}
		c.handsOn(h.name, key)
	}
}

// drops notes, for a node with a buffer, which homes a range had that it drops: the disk learns of that later.
func (c *checker) drops(h *host, span event.Span) {
	for _, key := range c.keys {
		if at := ring.Of([]byte(key)); h.buffered() && (ring.Range{Start: span.Start, End: span.End}).Holds(at) {
			c.leaving[h.name+" "+key] = h.node.Ring().Homes([]byte(key))
			c.handsOn(h.name, key) // the node reads its buffer, and finds nothing of the range from now on
		}
	}
}

func (c *checker) keeps(loser, home *host, key string, s vclock.Siblings) {
	if c.w.plan.lww() {
		return // a later write may have won there
	}
	for _, id := range idsOf(s) {
		if !c.has(home, key, id, 0) {
			c.fail("P11", "%s dropped #%d of %s, which its home %s does not hold", loser.name, id, key, home.name)
		}
	}
}

// departed is P11 and P9 for a node that says that it holds nothing any more: it may be taken down for good.
func (c *checker) departed(h *host) {
	for _, key := range c.keys {
		for _, r := range c.w.stored(h, key) {
			switch {
			case len(r.Versions) == 0:
			case r.For == "":
				c.fail("P11", "%s says that it has left, and holds %s as %v", h.name, key, r.Versions)
			default:
				c.fail("P9", "%s says that it has left, and keeps a hint of %s for %s", h.name, key, r.For)
			}
		}
	}
}

// maxMoves is how many rings on from the one that a node knows the truth can be looked for.
const maxMoves = 4

// has says whether a home, by somebody's account of the ring, holds a write durably. One that knows a later
// ring may have handed it on: then all homes of that ring have it. One that came back since, and is yet to be given
// the range, had it. One that was made to lose it, or to forget the ring since the write began, may go without.
func (c *checker) has(home *host, key string, id uint64, moves int) bool {
	op := c.ops[id]
	if op == nil || c.lostBy(home, id) || home.forgot >= op.began || c.carries(c.heldIn(home.disk, key), id) || c.refuses(home, key, id) {
		return true
	}
	if len(home.node.Ring().Members()) == 0 {
		return false // it knows no ring, and was not made to forget one
	}
	homes := home.node.Ring().Homes([]byte(key))
	if slices.Contains(homes, home.name) {
		return home.node.Awaits([]byte(key))
	}
	return moves < maxMoves && !slices.ContainsFunc(homes, func(next string) bool {
		return !c.has(c.w.hosts[next], key, id, moves+1)
	})
}
