package engine

// §4.8.1 Ring Membership: who belongs to the ring is said by an administrator, explicitly:
// "the node that serves the request writes the membership change and its time of issue to persistent
// store. The membership changes form a history." Nobody is a member, or ceases to be one, for
// being reachable or not. How histories spread is in gossip.go, what a change sets off in transfer.go.

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// membership is what a node knows of the ring.
type membership struct {
	rings   *member.Rings
	history member.History
	digest  uint64     // of the history: the node's view, as messages carry it
	ring    *ring.Ring // what the history makes of it; no members in a node that joins
	self    string
	gone    bool     // the node went, and has said that it holds nothing any more
	leavers []string // nodes of the history that are no members and have not said that they hold nothing; sorted
	pending map[plot]*pendingRange
	lost    map[plot]bool       // ranges that the node was a home of, and holds as it did until they are handed over
	news    bool                // the history is to be saved
	changed map[event.Span]bool // ranges of which something is to be saved
}

func newMembership(cfg Config) *membership {
	m := &membership{self: cfg.Name, rings: cfg.Rings, pending: map[plot]*pendingRange{}, lost: map[plot]bool{}, changed: map[event.Span]bool{}}
	if m.rings == nil {
		m.rings = member.NewRings(cfg.Ring)
	}
	return m
}

// loadMembership reads the history, and what changes hands. A history that is lost or damaged begins
// again with the founders: gossip brings the rest.
func (n *Node) loadMembership() error {
	n.member.set(member.Founders(n.cfg.Founders))
	b, err := n.db.Get(store.Meta, record.HistoryKey())
	if err != nil || b == nil {
		return err
	}
	kept, err := record.DecodeMembership(b)
	if err != nil {
		n.emit(event.Event{Kind: event.Damaged, Message: "the membership history is damaged; the others know it"})
		return nil
	}
	n.member.set(n.member.history.Merge(kept.Changes))
	if !n.inRing() {
		return nil
	}
	from, to := record.RangeKeys()
	return n.db.Scan(store.Meta, from, to, func(_, v []byte) bool {
		if kept, err := record.DecodeMembership(v); err == nil { // of a damaged one the new homes will ask again
			n.loadRanges(kept)
		}
		return true
	})
}

// loadRanges goes on with ranges that change hands.
func (n *Node) loadRanges(kept record.Membership) {
	for _, p := range kept.Pending {
		n.await(ring.Shift{Start: p.Start, End: p.End, Before: p.From})
	}
	for _, p := range kept.Lost {
		if at := n.plotAt(p.End); at.Span == (event.Span{Start: p.Start, End: p.End}) {
			n.member.lost[at] = true
		}
	}
	for _, p := range slices.Concat(kept.Pending, kept.Lost) {
		if at := n.plotAt(p.End); !n.hosts(at) {
			n.handover(at)
		}
	}
}

func (m *membership) set(h member.History) {
	m.history, m.digest, m.ring, m.news = h, h.Digest(), m.rings.Of(h), true
	last, _ := h.Last(m.self)
	m.gone = last.Kind == member.Gone && !m.ring.Has(m.self)
	m.leavers = m.leavers[:0]
	for name, c := range h.Latest() {
		if c.Kind != member.Gone && !m.ring.Has(name) {
			m.leavers = append(m.leavers, name)
		}
	}
	slices.Sort(m.leavers)
}

// leaves says whether name is a leaver.
func (m *membership) leaves(name string) bool {
	_, ok := slices.BinarySearch(m.leavers, name)
	return ok
}

// saveMembership writes what changed in this step.
func (n *Node) saveMembership() {
	m := n.member
	if m.news && len(m.history) > len(n.cfg.Founders) {
		n.write(store.Meta, record.HistoryKey(), record.EncodeMembership(record.Membership{Changes: m.history}))
	}
	m.news = false
	for _, s := range slices.SortedFunc(maps.Keys(m.changed), func(a, b event.Span) int { return cmp.Or(a.End.Compare(b.End), a.Start.Compare(b.Start)) }) {
		n.write(store.Meta, record.RangeKey(s.Start, s.End), n.rangeRecord(s))
	}
	clear(m.changed)
}

// rangeRecord is what is to be kept of a range, nil if it changes hands no more.
func (n *Node) rangeRecord(s event.Span) []byte {
	if !n.inRing() {
		return nil
	}
	at := n.plotAt(s.End)
	if at.Span != s {
		return nil
	}
	var m record.Membership
	if p := n.member.pending[at]; p != nil && !mutant.Is(mutant.PendingUnsaved) {
		m.Pending = []record.PendingRange{{Start: s.Start, End: s.End, From: p.from}}
	}
	if n.member.lost[at] {
		m.Lost = []record.PendingRange{{Start: s.Start, End: s.End}}
	}
	if m.Pending == nil && m.Lost == nil {
		return nil
	}
	return record.EncodeMembership(m)
}

// ring is the ring as the node knows it now; nothing below keeps any of it.
func (n *Node) ring() *ring.Ring { return n.member.ring }

// inRing says whether the node knows of a ring: one that is to join may not yet.
func (n *Node) inRing() bool { return len(n.ring().Members()) > 0 }

// belongs says whether node is a member.
func (n *Node) belongs(node string) bool { return n.ring().Has(node) }

// amend writes down what an administrator says, or only says what would become of it.
func (n *Node) amend(in Amend) {
	e := event.Event{Time: n.now, Node: n.cfg.Name, Kind: event.Membership, Peer: in.Change.Node}
	if err := n.checkChange(in.Change); err != nil {
		e.Err, e.Message = wire.BadRequest, err.Error()
	} else {
		in.Change.By = n.cfg.Name
		h, c := n.member.history.With(int64(n.now), in.Change)
		if mutant.Is(mutant.ChangeTooEarly) {
			h, c = member.History{}.With(int64(n.now), in.Change)
		}
		e.Changes = member.History{c}
		if !in.DryRun {
			n.learn(h, n.cfg.Name)
		}
	}
	n.out.Replies = append(n.out.Replies, Reply{Client: in.Client, Events: []event.Event{e}})
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
	case c.Kind == member.Gone:
		return fmt.Errorf("%s says itself when it has nothing any more", c.Node)
	case c.Kind == member.Join:
		return n.ring().CanJoin(ring.Member{Name: c.Node, Weight: c.Weight, Zone: c.Zone})
	case n.member.leaves(c.Node):
		return n.checkLeaver(c)
	case !n.belongs(c.Node):
		return fmt.Errorf("%s is no member as %s knows the ring", c.Node, n.cfg.Name)
	case members-1 < max(n.cfg.R, n.cfg.W):
		return fmt.Errorf("%s cannot go: with %s left no request could reach R=%d and W=%d", c.Node, membersInWords(members-1), n.cfg.R, n.cfg.W)
	}
	return nil
}

// checkLeaver checks a further change of a node that went. A node that left may still be removed:
// if it died before it handed over what it held, the others do without that.
func (n *Node) checkLeaver(c member.Change) error {
	switch last, _ := n.member.history.Last(c.Node); {
	case last.Kind == member.Leave && c.Kind == member.Remove:
		return nil
	case last.Kind == member.Leave:
		return fmt.Errorf("%s leaves already; settle waits until it has handed over what it holds", c.Node)
	case last.Kind == member.Remove:
		return fmt.Errorf("%s was removed already", c.Node)
	}
	return fmt.Errorf("%s is no member as %s knows the ring", c.Node, n.cfg.Name)
}

// learn takes in the changes of h that are news, and goes on with the ring that they make.
func (n *Node) learn(h member.History, from string) {
	if mutant.Is(mutant.RemovalForgotten) {
		h = slices.DeleteFunc(slices.Clone(h), func(c member.Change) bool { return c.Kind == member.Remove && c.By != n.cfg.Name })
	}
	if mutant.Is(mutant.ShorterHistoryIgnored) && len(h) <= len(n.member.history) && from != n.cfg.Name {
		return
	}
	news := h.Without(n.member.history)
	all := n.member.history.Merge(news)
	if len(news) == 0 || len(all) > member.MaxChanges {
		return
	}
	before, beside := n.stages(news, all), n.ringBeside(news, all)
	n.member.set(all)
	n.collector.forget()
	n.reshape(before, beside)
	n.emit(event.Event{Kind: event.Membership, Peer: from, Changes: news, Count: len(n.ring().Members()), Want: len(n.member.pending)})
	n.rumor(news, from)
}

// maxStages is how many rings of the past a node looks at when it learns of many changes at once.
const maxStages = 8

// stages are the rings from the one that the node knew to the last but one: homes may have come and
// gone in between. If it has joined itself, what was before that is not its business.
func (n *Node) stages(news, all member.History) []*ring.Ring {
	from, _ := slices.BinarySearchFunc(all, news[0], member.Change.Compare)
	first := n.ring()
	if own, ok := news.Last(n.cfg.Name); ok && own.Kind == member.Join {
		from, _ = slices.BinarySearchFunc(all, own, member.Change.Compare)
		first = n.member.rings.Of(all[:from])
	}
	out := []*ring.Ring{first}
	for k := max(from+1, len(all)-maxStages); k < len(all); k++ {
		out = append(out, n.member.rings.Of(all[:k]))
	}
	return out
}

// ringBeside returns the ring that a member may have known that made the news, or learned of them, without knowing of a
// certain other change: of the join of this node if that is among the news, or else of the latest change that this node
// knew. Two members may change the ring without knowing of each other, and by the times either change may be the first.
// ringBeside returns nil if there is no such change.
func (n *Node) ringBeside(news, all member.History) *ring.Ring {
	missed, ok := news.Last(n.cfg.Name)
	if !ok || missed.Kind != member.Join {
		known := slices.DeleteFunc(slices.Clone(n.member.history), func(c member.Change) bool {
			return c.Kind == member.Gone || c.By == c.Node && c.Kind == member.Join // all members know the founders
		})
		if len(known) == 0 {
			return nil
		}
		missed = known[len(known)-1]
	}
	return n.member.rings.Of(slices.DeleteFunc(slices.Clone(all), func(c member.Change) bool { return c.Compare(missed) == 0 }))
}

// reshape goes over from one ring to the next.
func (n *Node) reshape(before []*ring.Ring, beside *ring.Ring) {
	clear(n.prefs)
	for _, m := range n.ring().Members() {
		if m.Name != n.cfg.Name {
			n.probeLater(n.peer(m.Name))
		}
	}
	if !n.inRing() {
		return
	}
	if n.belongs(n.cfg.Name) {
		n.transfer.left = false
	}
	n.reshapePending(before, beside)
	n.prune()
	n.rehomeLater()
	n.handOverSoon()
}

// replicas is N, or the number of members if that is smaller.
func (n *Node) replicas() int { return min(n.cfg.Ring.N, len(n.ring().Members())) }

func membersInWords(n int) string {
	if n == 1 {
		return "1 member"
	}
	return fmt.Sprintf("%d members", n)
}
