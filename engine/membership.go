package engine

// §4.8.1 Ring Membership: an administrator adds and removes members explicitly. "The node that
// serves the request writes the membership change and its time of issue to persistent store. The
// membership changes form a history." A member that cannot be reached stays a member. How histories
// spread is in gossip.go; which ranges a change moves is in moves.go.

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// members is what the node knows of the ring: the history of its changes, and what follows from it.
//
// Invariant: digest, ring, prefs, gone and leavers follow from history.
type members struct {
	n       *Node
	rings   Rings
	history member.History
	digest  uint64           // of the history; messages carry it
	ring    *ring.Ring       // without members in a node that is to join and has not heard of a ring
	prefs   map[int][]string // preference lists, by index of the range; filled on demand
	gone    bool             // the node is not a member, and has said that it holds nothing
	leavers []string         // former members that have not said that they hold nothing; sorted
	unsaved bool             // the history is to be written at the end of this step
}

func newMembers(n *Node) *members {
	m := &members{n: n, rings: n.cfg.Rings, prefs: map[int][]string{}}
	if m.rings == nil {
		m.rings = member.NewRings(n.cfg.Ring)
	}
	return m
}

// load reads the history, and goes on with the ranges that move. If the history is lost or damaged,
// load begins with the founders; gossip brings the rest.
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
	return m.n.moves.load()
}

// set takes h as the history. The caller deals with the consequences of another ring.
func (m *members) set(h member.History) {
	m.history, m.digest, m.ring, m.unsaved = h, h.Digest(), m.rings.Of(h), true
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

// save writes the history if it changed in this step.
func (m *members) save() {
	if m.unsaved && len(m.history) > len(m.n.cfg.Founders) {
		m.n.write(store.Meta, record.HistoryKey(), record.EncodeMembership(record.Membership{Changes: m.history}))
	}
	m.unsaved = false
}

// ringKnown reports whether the node knows of a ring. A node that is to join may not know one yet.
func (m *members) ringKnown() bool { return len(m.ring.Members()) > 0 }

// has reports whether node is a member.
func (m *members) has(node string) bool { return m.ring.Has(node) }

// leaves reports whether node is a leaver.
func (m *members) leaves(node string) bool {
	_, ok := slices.BinarySearch(m.leavers, node)
	return ok
}

// replicas returns N, or the number of members if that is smaller.
func (m *members) replicas() int { return min(m.n.cfg.Ring.N, len(m.ring.Members())) }

// preference returns the key's whole preference list (§4.3). Its first N nodes are the homes.
func (m *members) preference(key []byte) []string {
	i := m.ring.Index(m.n.position(key))
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

// changeMembership writes down a change that a client asked for. A dry run only checks the change.
func (m *members) changeMembership(in ChangeMembership) {
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

// checkChange returns an error if the change is not allowed on the ring of now.
func (m *members) checkChange(c member.Change) error {
	members, quorum := len(m.ring.Members()), m.n.cfg.Quorum
	switch {
	case !wire.ValidName(c.Node):
		return wire.CheckName("node", c.Node)
	case len(m.history) >= member.MaxChanges:
		return fmt.Errorf("the ring has seen %d changes, which is the limit", member.MaxChanges)
	case c.Kind == member.Join && m.has(c.Node):
		return fmt.Errorf("%s is already a member", c.Node)
	case c.Kind == member.Join && (c.Weight < 1 || c.Weight > member.MaxWeight):
		return fmt.Errorf("weight %d: want 1 to %d", c.Weight, member.MaxWeight)
	case c.Kind == member.Join && c.Zone != "" && !wire.ValidName(c.Zone):
		return wire.CheckName("zone", c.Zone)
	case c.Kind == member.Gone:
		return fmt.Errorf("only %s itself says that it holds nothing", c.Node)
	case c.Kind == member.Join:
		return m.ring.CanJoin(ring.Member{Name: c.Node, Weight: c.Weight, Zone: c.Zone})
	case m.leaves(c.Node):
		return m.checkLeaver(c)
	case !m.has(c.Node):
		return fmt.Errorf("%s is not a member of the ring that %s knows", c.Node, m.n.cfg.Name)
	case members-1 < max(quorum.R, quorum.W):
		return fmt.Errorf("%s cannot go: with %s left no request could reach R=%d and W=%d",
			c.Node, membersInWords(members-1), quorum.R, quorum.W)
	}
	return nil
}

// checkLeaver checks a further change of a leaver. A node that left may still be removed: if it
// crashed before it had handed over its ranges, the others do without them.
func (m *members) checkLeaver(c member.Change) error {
	switch last, _ := m.history.Last(c.Node); {
	case last.Kind == member.Leave && c.Kind == member.Remove:
		return nil
	case last.Kind == member.Leave:
		return fmt.Errorf("%s is already leaving; settle waits until it has handed over what it holds", c.Node)
	case last.Kind == member.Remove:
		return fmt.Errorf("%s was already removed", c.Node)
	}
	return fmt.Errorf("%s is not a member of the ring that %s knows", c.Node, m.n.cfg.Name)
}

// learn takes the changes of h that the node does not know, and changes over to the ring that
// follows from them. It ignores h if the history would have more than member.MaxChanges changes.
func (m *members) learn(h member.History, from string) {
	if mutant.Is(mutant.RemovalForgotten) {
		h = slices.DeleteFunc(slices.Clone(h), func(c member.Change) bool {
			return c.Kind == member.Remove && c.By != m.n.cfg.Name
		})
	}
	if mutant.Is(mutant.ShorterHistoryIgnored) && len(h) <= len(m.history) && from != m.n.cfg.Name {
		return
	}
	news := h.Without(m.history)
	all := m.history.Merge(news)
	if len(news) == 0 || len(all) > member.MaxChanges {
		return
	}
	before, beside := m.stages(news, all), m.ringsBeside(h, news, all)
	m.n.gossip.noteMet(m.history, h)
	m.set(all)
	m.n.collector.watches.Forget()
	m.ringChanged(before, beside)
	m.n.emit(event.Event{
		Kind: event.Membership, Peer: from, Changes: news,
		Count: len(m.ring.Members()), Want: m.n.arrivals.ranges.Len(),
	})
	m.n.gossip.spread(news, from)
}

// maxStages bounds the rings of the past that a node looks at if it learns of many changes at once.
const maxStages = 8

// stages returns the rings from the one that the node knew to the last but one, because homes may
// have come and gone in between. If the node itself has joined, the stages begin before its join.
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

// ringsBeside returns the rings that other members may have used beside this node's. heard is the
// history that the node is told now, news are the changes of heard that are new to the node, and
// all is both together. The first ring is the sender's, if the sender lacked a change that this
// node knows. The other is that of a member that knows the news but missed one other change.
func (m *members) ringsBeside(heard, news, all member.History) (out []*ring.Ring) {
	if !heard.Covers(m.history) {
		out = append(out, m.rings.Of(heard))
	}
	if one := m.ringBeside(news, all); one != nil {
		out = append(out, one)
	}
	return out
}

// ringBeside returns the ring of a member that knows the news but missed one other change. The
// missed change is the join of this node if that is among the news, and otherwise the latest change
// that this node knew. Two members may change the ring without knowing of each other's change, and
// by the times of the changes either may come first. ringBeside returns nil if there is no such
// change.
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

// ringChanged starts what a new ring calls for. See moves.ringChanged for before and beside.
func (m *members) ringChanged(before, beside []*ring.Ring) {
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
		m.n.departure.reopen()
	}
	m.n.moves.ringChanged(before, beside)
	m.n.trees.prune()
	m.n.handoff.rehomeSoon()
	m.n.transfers.resumeSoon()
}

// membersInWords returns "1 member", "2 members" and so on.
func membersInWords(n int) string {
	if n == 1 {
		return "1 member"
	}
	return fmt.Sprintf("%d members", n)
}
