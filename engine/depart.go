package engine

// §4.9, the end of a removal: a node that left says so in the membership history once it holds
// nothing that other nodes need.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// departure takes the node out of the cluster after it left the ring.
type departure struct {
	n    *Node
	over bool // the node holds nothing, and a member knows that; the node may be taken down
}

func newDeparture(n *Node) *departure { return &departure{n: n} }

// reopen notes that the node is a member again, and has to hold what it is given.
func (d *departure) reopen() { d.over = false }

// check ends the departure once the node left, holds nothing, and a member knows that.
func (d *departure) check() {
	m := d.n.members
	last, known := m.history.Last(d.n.cfg.Name)
	over := known && last.Kind != member.Join && !m.has(d.n.cfg.Name) && d.empty() && d.announceDeparture()
	if over && !d.over {
		d.n.emit(event.Event{Kind: event.Departed})
	}
	d.over = over
}

// announceDeparture writes into the history that the node holds nothing, so that no node waits for
// what it might hold. It reports whether a member knows of that.
func (d *departure) announceDeparture() bool {
	n, m := d.n, d.n.members
	if c, ok := m.history.Departure(n.cfg.Name); ok {
		if mutant.Is(mutant.RejoinsByItself) {
			c.Kind, c.Weight = member.Join, 1
		}
		m.learn(m.history.Merge(member.History{c}), n.cfg.Name)
	}
	if !m.gone { // the node was never a member, or the history is full
		return true
	}
	if d.departureKnown() {
		return true
	}
	for _, other := range m.ring.Members() {
		if n.detector.healthy(other.Name) { // its answer carries its digest
			n.gossip.sendHistory(other.Name, false)
			n.calls.begin(other.Name, 0, wire.Ping{}, n.cfg.Timings.Patience, callbacks{answer: func(wire.Body) {
				if d.departureKnown() {
					d.check()
				}
			}})
			break
		}
	}
	return false
}

// departureKnown reports whether a member knows all that this node knows of the membership.
func (d *departure) departureKnown() bool {
	return slices.ContainsFunc(d.n.members.ring.Members(), func(m ring.Member) bool {
		return d.n.gossip.digests[m.Name] == d.n.members.digest
	})
}

// empty reports whether the node holds neither hints nor records of ranges of which it is not a
// home.
func (d *departure) empty() bool {
	return d.n.handoff.index.Len() == 0 && len(d.n.transfers.out) == 0 && d.foreign() == 0
}

// foreign returns the number of keys, tombstones included, that the node holds of ranges of
// which it is not a home.
func (d *departure) foreign() int {
	keys, r := 0, d.n.members.ring
	for _, rg := range r.Ranges() {
		if !slices.Contains(rg.Homes, d.n.cfg.Name) {
			keys += d.n.trees.Tree(keyrange.Of(r, rg)).Keys()
		}
	}
	return keys
}
