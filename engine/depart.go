package engine

// §4.9, the end of a removal: a node that left says so once it has nothing any more that others need.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// tellLeft says, once, that a node that left has nothing any more that others need.
func (n *Node) tellLeft() {
	last, known := n.members.history.Last(n.cfg.Name)
	gone := known && last.Kind != member.Join && !n.members.has(n.cfg.Name) && n.empty() && n.goodbye()
	if gone && !n.transfer.left {
		n.emit(event.Event{Kind: event.Departed})
	}
	n.transfer.left = gone
}

// goodbye writes the node's last word into the history, so that nobody reckons with what it might hold, and says
// whether a member knows of it: the node may be taken down then.
func (n *Node) goodbye() bool {
	if c, ok := n.members.history.Goodbye(n.cfg.Name); ok {
		if mutant.Is(mutant.RejoinsByItself) {
			c.Kind, c.Weight = member.Join, 1
		}
		n.members.learn(n.members.history.Merge(member.History{c}), n.cfg.Name)
	}
	if !n.members.gone { // it never belonged, or the history is full
		return true
	}
	if n.heardOut() {
		return true
	}
	for _, m := range n.members.ring.Members() {
		if n.detector.healthy(m.Name) { // its answer tells what it knows
			n.gossip.sendHistory(m.Name, false)
			n.calls.begin(m.Name, 0, wire.Ping{}, n.cfg.Timings.Patience, call{onAnswer: func(wire.Body) {
				if n.heardOut() {
					n.tellLeft()
				}
			}})
			break
		}
	}
	return false
}

// heardOut says whether a member knows all that this node does of the membership.
func (n *Node) heardOut() bool {
	return slices.ContainsFunc(n.members.ring.Members(), func(m ring.Member) bool { return n.gossip.views[m.Name] == n.members.digest })
}

// empty says whether the node holds nothing for anybody.
func (n *Node) empty() bool {
	return n.handoff.index.Len() == 0 && len(n.transfer.out) == 0 && n.foreign() == 0
}

// foreign is how many keys the node holds, tombstones too, of ranges that it is no home of.
func (n *Node) foreign() int {
	keys := 0
	for _, rg := range n.members.ring.Ranges() {
		if !slices.Contains(rg.Homes, n.cfg.Name) {
			keys += n.trees.Tree(keyrange.Of(n.members.ring, rg)).Keys()
		}
	}
	return keys
}
