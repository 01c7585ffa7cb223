package engine

// §4.8.1 Ring Membership: who belongs to the ring is said by an administrator, explicitly:
// "the node that serves the request writes the membership change and its time of issue to persistent
// store. The membership changes form a history." Nobody is a member, or ceases to be one, for
// being reachable or not. How histories spread is in gossip.go, what a change sets off in transfer.go.

import (
	"fmt"
	"slices"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// membership is what a node knows of the ring.
type membership struct {
	rings   *member.Rings
	history member.History
	digest  uint64     // of the history: the node's view, as messages carry it
	ring    *ring.Ring // what the history makes of it; no members in a node that joins
	pending map[plot]*pendingRange
	lost    map[plot]bool // ranges that the node was a home of, and holds in full until they are handed over
}

var membershipKey = []byte("membership")

func newMembership(cfg Config) *membership {
	m := &membership{rings: cfg.Rings, pending: map[plot]*pendingRange{}, lost: map[plot]bool{}}
	if m.rings == nil {
		m.rings = member.NewRings(cfg.Ring)
	}
	return m
}

// loadMembership reads the history. One that is lost or damaged begins again with the founders: gossip
// brings the rest.
func (n *Node) loadMembership() error {
	n.member.set(member.Founders(n.cfg.Founders))
	b, err := n.db.Get(store.Meta, membershipKey)
	if err != nil {
		return err
	}
	if b == nil {
		return nil
	}
	kept, err := wire.DecodeMembership(b)
	if err != nil {
		n.emit(trace.Event{Kind: trace.Damaged, Message: "the membership history is damaged; the others know it"})
		return nil
	}
	n.member.set(n.member.history.Merge(kept.Changes))
	for _, p := range kept.Pending {
		n.await(ring.Shift{Start: p.Start, End: p.End, Before: p.From})
	}
	for _, p := range kept.Lost {
		if at := n.plotAt(p.End); at.Span == (trace.Span{Start: p.Start, End: p.End}) {
			n.member.lost[at] = true
		}
	}
	return nil
}

func (m *membership) set(h member.History) {
	m.history, m.digest, m.ring = h, h.Digest(), m.rings.Of(h)
}

func (n *Node) saveMembership() {
	m := wire.Membership{Changes: n.member.history}
	for _, at := range sortedPlots(n.member.pending) {
		m.Pending = append(m.Pending, wire.PendingRange{Start: at.Start, End: at.End, From: n.member.pending[at].from})
	}
	for _, at := range sortedPlots(n.member.lost) {
		m.Lost = append(m.Lost, wire.PendingRange{Start: at.Start, End: at.End})
	}
	n.write(store.Meta, membershipKey, wire.EncodeMembership(m))
}

// ring is the ring as the node knows it now; nothing below keeps any of it.
func (n *Node) ring() *ring.Ring { return n.member.ring }

// inRing says whether the node knows of a ring: one that is to join may not yet.
func (n *Node) inRing() bool { return len(n.ring().Members()) > 0 }

// belongs says whether node is a member.
func (n *Node) belongs(node string) bool { return n.ring().Has(node) }

// amend writes down what an administrator says.
func (n *Node) amend(in Amend) {
	e := trace.Event{Time: n.now, Node: n.cfg.Name, Kind: trace.Membership, Peer: in.Change.Node}
	if err := n.checkChange(in.Change); err != nil {
		e.Err, e.Message = wire.BadRequest, err.Error()
	} else {
		in.Change.By = n.cfg.Name
		h, c := n.member.history.With(int64(n.now), in.Change)
		e.Changes = member.History{c}
		n.learn(h, n.cfg.Name)
	}
	n.out.Replies = append(n.out.Replies, Reply{Client: in.Client, Events: []trace.Event{e}})
}

func (n *Node) checkChange(c member.Change) error {
	members := len(n.ring().Members())
	switch {
	case !wire.ValidName(c.Node):
		return fmt.Errorf("%q is no name for a node; use a-z, 0-9 and '-', at most %d", c.Node, wire.MaxName)
	case len(n.member.history) >= member.MaxChanges:
		return fmt.Errorf("the ring has seen %d changes, which is the limit", member.MaxChanges)
	case c.Kind == member.Join && n.belongs(c.Node):
		return fmt.Errorf("%s is a member already", c.Node)
	case c.Kind == member.Join && (c.Weight < 1 || c.Weight > member.MaxWeight):
		return fmt.Errorf("weight %d: want 1 to %d", c.Weight, member.MaxWeight)
	case c.Kind == member.Join && c.Zone != "" && !wire.ValidName(c.Zone):
		return fmt.Errorf("%q is no name for a zone; use a-z, 0-9 and '-', at most %d", c.Zone, wire.MaxName)
	case c.Kind == member.Join:
		return n.ring().CanJoin(ring.Member{Name: c.Node, Weight: c.Weight, Zone: c.Zone})
	case !n.belongs(c.Node):
		return fmt.Errorf("%s is no member as %s knows the ring", c.Node, n.cfg.Name)
	case members-1 < max(n.cfg.R, n.cfg.W):
		return fmt.Errorf("%s cannot go: with the %d members left no request could reach R=%d and W=%d", c.Node, members-1, n.cfg.R, n.cfg.W)
	}
	return nil
}

// learn takes in the changes of h that are news, and goes on with the ring that they make.
func (n *Node) learn(h member.History, from string) {
	news := h.Without(n.member.history)
	all := n.member.history.Merge(news)
	if len(news) == 0 || len(all) > member.MaxChanges {
		return
	}
	before := n.ring()
	n.member.set(all)
	n.emit(trace.Event{Kind: trace.Membership, Peer: from, Changes: news, Count: len(n.ring().Members())})
	n.reshape(before)
	n.saveMembership()
	n.rumor(news, from)
}

// reshape goes over from one ring to the next.
func (n *Node) reshape(before *ring.Ring) {
	clear(n.prefs)
	for _, m := range n.ring().Members() {
		if m.Name != n.cfg.Name {
			n.probeLater(n.peer(m.Name))
		}
	}
	if !n.inRing() {
		return
	}
	if len(before.Members()) == 0 { // it joins: others have had the ring without it
		others := slices.DeleteFunc(slices.Clone(n.member.history), func(c member.Change) bool { return c.Node == n.cfg.Name })
		before = n.member.rings.Of(others)
	}
	n.reshapePending(before)
	n.prune()
	n.rehomeLater()
	n.handOverSoon()
}

// replicas is N, or the number of members if that is smaller.
func (n *Node) replicas() int { return min(n.cfg.Ring.N, len(n.ring().Members())) }
