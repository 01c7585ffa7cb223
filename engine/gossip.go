package engine

// §4.8.1: "a gossip-based protocol propagates membership changes and maintains an eventually
// consistent view of membership. Each node contacts a peer chosen at random every second and the two
// nodes efficiently reconcile their persisted membership change histories."
//
// §4.8.2 External Discovery: seeds are known to all nodes from outside the ring, and
// everybody gossips with them now and then, so that no two rings last which never meet.
//
// Every message says by a digest which history its sender knows. Who finds that another
// knows a different one sends its own, and asks for the other's. Gossip is never waited for:
// a peer that has no time for it is not suspected for that.
//
// A node gossips with leavers, too: nodes that went and have not said that they hold nothing any more. A leaver
// that lost its disk knows no member that it could ask.

import (
	"slices"
	"time"

	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/wire"
)

const (
	// rumorPeers is how many peers hear of a change at once, so that it need not
	// wait for a second at each node.
	rumorPeers = 2
	// gossipPause is the least time between two histories sent to one peer
	// unasked: messages that cross each other all tell of the same difference.
	gossipPause = 100 * time.Millisecond
)

// beginGossip plans the first exchange; every node has its own moment.
func (n *Node) beginGossip() {
	if every := n.cfg.Timings.Gossip; every > 0 {
		n.after(1+time.Duration(n.rng.Int64N(int64(every))), n.gossip)
	}
}

// gossip contacts a peer chosen at random. The history need not come along: the
// digest that every message carries is enough to find out who lacks something.
func (n *Node) gossip() {
	n.after(n.cfg.Timings.Gossip, n.gossip)
	if p := n.gossipPeer(); p != "" {
		n.send(wire.Message{To: p, Body: wire.Gossip{}})
	}
}

// gossipDraws is how often a peer is drawn before all of them are looked at: most can be reached.
const gossipDraws = 8

// gossipPeer draws a member, a seed or a leaver that may be reached now, "" if there is none. A leaver
// that lost its disk knows nobody, so that the members have to tell it that it left.
func (n *Node) gossipPeer() string {
	members, seeds, leavers := n.ring().Members(), n.cfg.Seeds, n.member.leavers
	for range min(gossipDraws, len(members)) {
		name := ""
		switch i := n.rng.IntN(len(members) + len(seeds) + len(leavers)); {
		case i < len(members):
			name = members[i].Name
		case i < len(members)+len(seeds):
			name = seeds[i-len(members)]
		default:
			name = leavers[i-len(members)-len(seeds)]
		}
		if name != n.cfg.Name && n.healthy(name) {
			return name
		}
	}
	if peers := n.gossipPeers(); len(peers) > 0 {
		return peers[n.rng.IntN(len(peers))]
	}
	return ""
}

// gossipPeers are the members, seeds and leavers that may be reached now.
func (n *Node) gossipPeers() []string {
	var out []string
	add := func(name string) {
		if name != n.cfg.Name && n.healthy(name) {
			out = append(out, name)
		}
	}
	for _, m := range n.ring().Members() {
		add(m.Name)
	}
	for _, s := range n.cfg.Seeds {
		if !n.belongs(s) {
			add(s)
		}
	}
	for _, l := range n.member.leavers {
		if !slices.Contains(n.cfg.Seeds, l) {
			add(l)
		}
	}
	return out
}

// tellGuest sends the history to a node that went, as soon as there is a connection to it: its
// disk may be lost, and with it what it knew.
func (n *Node) tellGuest(name string) {
	if _, went := n.member.history.Last(name); went && n.inRing() && !n.belongs(name) {
		n.sendHistory(name, true)
	}
}

// rumor passes news on at once: to those whom they are about, if this node wrote them down,
// and to a few other peers.
func (n *Node) rumor(news member.History, from string) {
	told := map[string]bool{from: true}
	for _, c := range news {
		if c.By == n.cfg.Name && !told[c.Node] && c.Node != n.cfg.Name && n.connected(c.Node) {
			told[c.Node] = true
			n.sendHistory(c.Node, false)
		}
	}
	peers := slices.DeleteFunc(n.gossipPeers(), func(p string) bool { return told[p] })
	n.rng.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for _, p := range peers[:min(rumorPeers, len(peers))] {
		n.sendHistory(p, false)
	}
}

func (n *Node) sendHistory(to string, ask bool) {
	n.peer(to).told = n.now
	n.send(wire.Message{To: to, Body: wire.Gossip{Changes: n.member.history, Ask: ask}})
}

// compareViews looks at the view of whoever sent m.
func (n *Node) compareViews(m wire.Message) {
	p := n.peer(m.From)
	if m.View == n.member.digest || mutant.Is(mutant.ViewsUncompared) || p.told > 0 && n.now-p.told < gossipPause {
		return
	}
	n.sendHistory(m.From, true)
}

// onGossip takes what is news, and answers if the sender still lacks something.
func (n *Node) onGossip(m wire.Message, g wire.Gossip) {
	n.learn(g.Changes, m.From)
	switch {
	case m.View == n.member.digest:
	case g.Ask:
		n.sendHistory(m.From, false)
	case len(g.Changes) == 0:
		n.compareViews(m)
	}
}
