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
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// members is what the node knows of the ring: the history of its changes and what follows from that.
type members struct {
	n       *Node
	rings   *member.Rings
	history member.History
	digest  uint64           // of the history: the node's view, as messages carry it
	ring    *ring.Ring       // what the history makes of it; no members in a node that joins
	prefs   map[int][]string // by index of a range: the whole preference list
	gone    bool             // the node went, and has said that it holds nothing any more
	leavers []string         // nodes of the history that are no members and have not said that they hold nothing; sorted
	pending map[keyrange.ID]*pendingRange
	lost    map[keyrange.ID]bool // ranges that the node was a home of, and holds as it did until they are handed over
	news    bool                 // the history is to be saved
	changed map[event.Span]bool  // ranges of which something is to be saved
}

func newMembers(n *Node) *members {
	m := &members{n: n, rings: n.cfg.Rings, prefs: map[int][]string{}, pending: map[keyrange.ID]*pendingRange{}, lost: map[keyrange.ID]bool{}, changed: map[event.Span]bool{}}
	if m.rings == nil {
		m.rings = member.NewRings(n.cfg.Ring)
	}
	return m
}

// loadMembership reads the history, and what changes hands. A history that is lost or damaged begins
// again with the founders: gossip brings the rest.
func (m *members) load() error {
	m.set(member.Founders(m.n.cfg.Founders))
	b, err := m.n.db.Get(store.Meta, record.HistoryKey())
	if err != nil || b == nil {
		return err
	}
	kept, err := record.DecodeMembership(b)
	if err != nil {
		m.n.emit(event.Event{Kind: event.Damaged, Message: "the membership history is damaged; the others know it"})
		return nil
	}
	m.set(m.history.Merge(kept.Changes))
	if !m.ringKnown() {
		return nil
	}
	from, to := record.RangeKeys()
	return m.n.db.Scan(store.Meta, from, to, func(_, v []byte) bool {
		if kept, err := record.DecodeMembership(v); err == nil { // of a damaged one the new homes will ask again
			m.loadRanges(kept)
		}
		return true
	})
}

// loadRanges goes on with ranges that change hands.
func (m *members) loadRanges(kept record.Membership) {
	for _, p := range kept.Pending {
		m.n.await(ring.Shift{Start: p.Start, End: p.End, Before: p.From})
	}
	for _, p := range kept.Lost {
		if at := keyrange.At(m.n.members.ring, p.End); *spanOf(at) == (event.Span{Start: p.Start, End: p.End}) {
			m.lost[at] = true
		}
	}
	for _, p := range slices.Concat(kept.Pending, kept.Lost) {
		if at := keyrange.At(m.n.members.ring, p.End); !at.HasHomes(m.n.members.ring, m.n.cfg.Name) {
			m.n.handover(at)
		}
	}
}

func (m *members) set(h member.History) {
	m.history, m.digest, m.ring, m.news = h, h.Digest(), m.rings.Of(h), true
	last, _ := h.Last(m.n.cfg.Name)
	m.gone = last.Kind == member.Gone && !m.has(m.n.cfg.Name)
	m.leavers = m.leavers[:0]
	for name, c := range h.Latest() {
		if c.Kind != member.Gone && !m.ring.Has(name) {
			m.leavers = append(m.leavers, name)
		}
	}
	slices.Sort(m.leavers)
}

// mark notes that what the store holds of a range's change of hands is to be written again.
func (m *members) mark(id keyrange.ID) { m.changed[*spanOf(id)] = true }

// leaves says whether name is a leaver.
func (m *members) leaves(name string) bool {
	_, ok := slices.BinarySearch(m.leavers, name)
	return ok
}

// saveMembership writes what changed in this step.
func (m *members) save() {
	if m.news && len(m.history) > len(m.n.cfg.Founders) {
		m.n.write(store.Meta, record.HistoryKey(), record.EncodeMembership(record.Membership{Changes: m.history}))
	}
	m.news = false
	for _, s := range slices.SortedFunc(maps.Keys(m.changed), func(a, b event.Span) int { return cmp.Or(a.End.Compare(b.End), a.Start.Compare(b.Start)) }) {
		m.n.write(store.Meta, record.RangeKey(s.Start, s.End), m.rangeRecord(s))
	}
	clear(m.changed)
}

// rangeRecord is what is to be kept of a range, nil if it changes hands no more.
func (m *members) rangeRecord(s event.Span) []byte {
	if !m.ringKnown() {
		return nil
	}
	at := keyrange.At(m.n.members.ring, s.End)
	if *spanOf(at) != s {
		return nil
	}
	var kept record.Membership
	if p := m.pending[at]; p != nil && !mutant.Is(mutant.PendingUnsaved) {
		kept.Pending = []record.PendingRange{{Start: s.Start, End: s.End, From: p.from}}
	}
	if m.lost[at] {
		kept.Lost = []record.PendingRange{{Start: s.Start, End: s.End}}
	}
	if kept.Pending == nil && kept.Lost == nil {
		return nil
	}
	return record.EncodeMembership(kept)
}

// ringKnown reports whether the node knows of a ring. A node that is to join may not know one yet.
func (m *members) ringKnown() bool { return len(m.ring.Members()) > 0 }

// has reports whether node is a member.
func (m *members) has(node string) bool { return m.ring.Has(node) }

// replicas returns N, or the number of members if that is smaller.
func (m *members) replicas() int { return min(m.n.cfg.Ring.N, len(m.ring.Members())) }

// preference returns the key's whole preference list (§4.3). Its first N nodes are the homes.
func (m *members) preference(key []byte) []string {
	i := m.ring.Index(ring.Of(key))
	p := m.prefs[i]
	if p == nil {
		p = m.ring.Preference(key)
		m.prefs[i] = p
	}
	return p
}

// homesIn returns the homes in a preference list, which may be of an earlier, smaller ring.
func (m *members) homesIn(pref []string) []string { return pref[:min(m.replicas(), len(pref))] }

// isHome reports whether node is one of the homes in a preference list.
func (m *members) isHome(node string, pref []string) bool {
	return slices.Contains(m.homesIn(pref), node)
}

// amend writes down what an administrator says, or only says what would become of it.
func (m *members) amend(in Amend) {
	e := event.Event{Time: m.n.now, Node: m.n.cfg.Name, Kind: event.Membership, Peer: in.Change.Node}
	if err := m.checkChange(in.Change); err != nil {
		e.Err, e.Message = wire.BadRequest, err.Error()
	} else {
		in.Change.By = m.n.cfg.Name
		h, c := m.history.With(int64(m.n.now), in.Change)
		if mutant.Is(mutant.ChangeTooEarly) {
			h, c = member.History{}.With(int64(m.n.now), in.Change)
		}
		e.Changes = member.History{c}
		if !in.DryRun {
			m.learn(h, m.n.cfg.Name)
		}
	}
	m.n.out.Replies = append(m.n.out.Replies, Reply{Client: in.Client, Events: []event.Event{e}})
}

func (m *members) checkChange(c member.Change) error {
	members := len(m.ring.Members())
	switch {
	case !wire.ValidName(c.Node):
		return wire.CheckName("node", c.Node)
	case len(m.history) >= member.MaxChanges:
		return fmt.Errorf("the ring has seen %d changes, which is the limit", member.MaxChanges)
	case c.Kind == member.Join && m.has(c.Node):
		return fmt.Errorf("%s is a member already", c.Node)
	case c.Kind == member.Join && (c.Weight < 1 || c.Weight > member.MaxWeight):
		return fmt.Errorf("weight %d: want 1 to %d", c.Weight, member.MaxWeight)
	case c.Kind == member.Join && c.Zone != "" && !wire.ValidName(c.Zone):
		return wire.CheckName("zone", c.Zone)
	case c.Kind == member.Gone:
		return fmt.Errorf("%s says itself when it has nothing any more", c.Node)
	case c.Kind == member.Join:
		return m.ring.CanJoin(ring.Member{Name: c.Node, Weight: c.Weight, Zone: c.Zone})
	case m.leaves(c.Node):
		return m.checkLeaver(c)
	case !m.has(c.Node):
		return fmt.Errorf("%s is no member as %s knows the ring", c.Node, m.n.cfg.Name)
	case members-1 < max(m.n.cfg.R, m.n.cfg.W):
		return fmt.Errorf("%s cannot go: with %s left no request could reach R=%d and W=%d", c.Node, membersInWords(members-1), m.n.cfg.R, m.n.cfg.W)
	}
	return nil
}

// checkLeaver checks a further change of a node that went. A node that left may still be removed:
// if it died before it handed over what it held, the others do without that.
func (m *members) checkLeaver(c member.Change) error {
	switch last, _ := m.history.Last(c.Node); {
	case last.Kind == member.Leave && c.Kind == member.Remove:
		return nil
	case last.Kind == member.Leave:
		return fmt.Errorf("%s leaves already; settle waits until it has handed over what it holds", c.Node)
	case last.Kind == member.Remove:
		return fmt.Errorf("%s was removed already", c.Node)
	}
	return fmt.Errorf("%s is no member as %s knows the ring", c.Node, m.n.cfg.Name)
}

// learn takes in the changes of h that are news, and goes on with the ring that they make.
func (m *members) learn(h member.History, from string) {
	if mutant.Is(mutant.RemovalForgotten) {
		h = slices.DeleteFunc(slices.Clone(h), func(c member.Change) bool { return c.Kind == member.Remove && c.By != m.n.cfg.Name })
	}
	if mutant.Is(mutant.ShorterHistoryIgnored) && len(h) <= len(m.history) && from != m.n.cfg.Name {
		return
	}
	news := h.Without(m.history)
	all := m.history.Merge(news)
	if len(news) == 0 || len(all) > member.MaxChanges {
		return
	}
	before, beside := m.stages(news, all), m.ringBeside(news, all)
	m.set(all)
	m.n.collector.forget()
	m.reshape(before, beside)
	m.n.emit(event.Event{Kind: event.Membership, Peer: from, Changes: news, Count: len(m.ring.Members()), Want: len(m.pending)})
	m.n.gossip.spread(news, from)
}

// maxStages is how many rings of the past a node looks at when it learns of many changes at once.
const maxStages = 8

// stages are the rings from the one that the node knew to the last but one: homes may have come and
// gone in between. If it has joined itself, what was before that is not its business.
func (m *members) stages(news, all member.History) []*ring.Ring {
	from, _ := slices.BinarySearchFunc(all, news[0], member.Change.Compare)
	first := m.ring
	if own, ok := news.Last(m.n.cfg.Name); ok && own.Kind == member.Join {
		from, _ = slices.BinarySearchFunc(all, own, member.Change.Compare)
		first = m.rings.Of(all[:from])
	}
	out := []*ring.Ring{first}
	for k := max(from+1, len(all)-maxStages); k < len(all); k++ {
		out = append(out, m.rings.Of(all[:k]))
	}
	return out
}

// ringBeside returns the ring that a member may have known that made the news, or learned of them, without knowing of a
// certain other change: of the join of this node if that is among the news, or else of the latest change that this node
// knew. Two members may change the ring without knowing of each other, and by the times either change may be the first.
// ringBeside returns nil if there is no such change.
func (m *members) ringBeside(news, all member.History) *ring.Ring {
	missed, ok := news.Last(m.n.cfg.Name)
	if !ok || missed.Kind != member.Join {
		known := slices.DeleteFunc(slices.Clone(m.history), func(c member.Change) bool {
			return c.Kind == member.Gone || c.By == c.Node && c.Kind == member.Join // all members know the founders
		})
		if len(known) == 0 {
			return nil
		}
		missed = known[len(known)-1]
	}
	return m.rings.Of(slices.DeleteFunc(slices.Clone(all), func(c member.Change) bool { return c.Compare(missed) == 0 }))
}

// reshape goes over from one ring to the next.
func (m *members) reshape(before []*ring.Ring, beside *ring.Ring) {
	clear(m.prefs)
	for _, other := range m.ring.Members() {
		if other.Name != m.n.cfg.Name {
			m.n.detector.probeLater(other.Name)
		}
	}
	if !m.ringKnown() {
		return
	}
	if m.has(m.n.cfg.Name) {
		m.n.transfer.left = false
	}
	m.n.reshapePending(before, beside)
	m.n.trees.prune()
	m.n.handoff.rehomeSoon()
	m.n.handOverSoon()
}

func membersInWords(n int) string {
	if n == 1 {
		return "1 member"
	}
	return fmt.Sprintf("%d members", n)
}
