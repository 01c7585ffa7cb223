package engine

// §4.8.1: "a gossip-based protocol propagates membership changes and maintains an eventually
// consistent view of membership. Each node contacts a peer chosen at random every second and the
// two nodes efficiently reconcile their persisted membership change histories."
//
// §4.8.2 External Discovery: seeds are known to all nodes from outside the ring. All nodes gossip
// with them now and then, so that no two separate rings last.
//
// Each message carries the digest of its sender's history. A node that sees another digest than its
// own sends its history and asks for the other one. A node does not wait for an answer to gossip,
// so a silent peer is not suspected for it. Nodes also gossip with leavers: a leaver that lost its
// disk knows no member that it could ask.
//
// In a large ring a node keeps the peer that it drew for several exchanges, so that an exchange
// seldom needs a new connection. That is a deviation from the paper.

import (
	"slices"
	"time"

	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/wire"
)

const (
	// rumorPeers is how many peers get news at once, so that news need not wait for the next
	// exchange of each node.
	rumorPeers = 2
	// gossipPause is the least time between two unasked histories to one peer. Messages that cross
	// each other all show the same difference.
	gossipPause = 100 * time.Millisecond
)

const (
	// smallRing is the size of a ring whose nodes draw a peer for each exchange. In a larger ring a
	// node seldom draws the same peer again, and each exchange would need a new connection.
	smallRing = 48
	// partnerExchanges is the number of exchanges that a node of a larger ring has with a peer before
	// the node draws another one. News does not wait for that: spread passes it on at once, and all
	// messages carry the digest.
	partnerExchanges = 10
)

// gossiper is the node's part in the gossip about the membership.
type gossiper struct {
	n       *Node
	partner string                   // the peer of the last exchange
	more    int                      // exchanges that are still to be had with partner
	sent    map[string]time.Duration // by peer: when it was last sent the history
	digests map[string]uint64        // by peer: the digest of the history that it knew in its last message
	met     []member.History         // the last two histories of which each lacked a change of the other
}

func newGossiper(n *Node) *gossiper {
	return &gossiper{n: n, sent: map[string]time.Duration{}, digests: map[string]uint64{}}
}

// begin plans the first exchange, at a random moment within Timings.Gossip.
func (g *gossiper) begin() {
	if every := g.n.cfg.Timings.Gossip; every > 0 {
		g.n.after(1+time.Duration(g.n.rng.Int64N(int64(every))), g.exchange)
	}
}

// exchange contacts a peer chosen at random. The message need not carry the history: the digest in
// every message shows whether one of the two nodes lacks something.
func (g *gossiper) exchange() {
	g.n.after(g.n.cfg.Timings.Gossip, g.exchange)
	if p := g.nextPeer(); p != "" {
		g.n.send(wire.Message{To: p, Body: wire.Gossip{}})
	}
}

// nextPeer returns the peer of the next exchange, "" if there is none.
func (g *gossiper) nextPeer() string {
	if g.more > 0 && g.n.detector.concerns(g.partner) && g.n.detector.healthy(g.partner) {
		g.more--
		return g.partner
	}
	g.partner, g.more = g.randomPeer(), 0
	if len(g.n.members.ring.Members()) > smallRing {
		g.more = partnerExchanges - 1
	}
	return g.partner
}

// maxDraws is how often a peer is drawn before all peers are looked at. Most can be reached.
const maxDraws = 8

// randomPeer draws a healthy member, seed or leaver, "" if there is none.
func (g *gossiper) randomPeer() string {
	members, seeds, leavers := g.n.members.ring.Members(), g.n.cfg.Seeds, g.n.members.leavers
	for range min(maxDraws, len(members)) {
		name := ""
		switch i := g.n.rng.IntN(len(members) + len(seeds) + len(leavers)); {
		case i < len(members):
			name = members[i].Name
		case i < len(members)+len(seeds):
			name = seeds[i-len(members)]
		default:
			name = leavers[i-len(members)-len(seeds)]
		}
		if name != g.n.cfg.Name && g.n.detector.healthy(name) {
			return name
		}
	}
	if peers := g.peers(); len(peers) > 0 {
		return peers[g.n.rng.IntN(len(peers))]
	}
	return ""
}

// peers lists the healthy members, seeds and leavers.
func (g *gossiper) peers() []string {
	var out []string
	add := func(name string) {
		if name != g.n.cfg.Name && g.n.detector.healthy(name) {
			out = append(out, name)
		}
	}
	for _, m := range g.n.members.ring.Members() {
		add(m.Name)
	}
	for _, s := range g.n.cfg.Seeds {
		if !g.n.members.has(s) {
			add(s)
		}
	}
	for _, l := range g.n.members.leavers {
		if !slices.Contains(g.n.cfg.Seeds, l) {
			add(l)
		}
	}
	return out
}

// greetFormer sends the history to a former member, as soon as there is a connection to it. The
// disk of the former member may be lost, and with the disk the history.
func (g *gossiper) greetFormer(peer string) {
	m := g.n.members
	if _, known := m.history.Last(peer); known && m.ringKnown() && !m.has(peer) {
		g.sendHistory(peer, true)
	}
}

// spread passes changes on at once: to the nodes that they are about, if this node wrote them down,
// and to rumorPeers other peers.
func (g *gossiper) spread(news member.History, from string) {
	informed := map[string]bool{from: true}
	for _, c := range news {
		if c.By == g.n.cfg.Name && !informed[c.Node] && c.Node != g.n.cfg.Name && g.n.detector.connected(c.Node) {
			informed[c.Node] = true
			g.sendHistory(c.Node, false)
		}
	}
	peers := slices.DeleteFunc(g.peers(), func(p string) bool { return informed[p] })
	g.n.rng.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for _, p := range peers[:min(rumorPeers, len(peers))] {
		g.sendHistory(p, false)
	}
}

// noteMet notes that this node knew history when it heard of another one that lacks some of it.
func (g *gossiper) noteMet(history, heard member.History) {
	if !heard.Covers(history) {
		g.met = []member.History{history, heard}
	}
}

// sendHistory sends the history to a peer. ask asks for the peer's history if the two differ. The
// two histories that met last go first, because members used the ring of each, and the merged
// history does not show which rings those were (members.ringsBeside). If they are lost on the way,
// or come late, the peer guesses the rings.
func (g *gossiper) sendHistory(to string, ask bool) {
	g.sent[to] = g.n.now
	for _, h := range g.met {
		g.n.send(wire.Message{To: to, Body: wire.Gossip{Changes: h}})
	}
	g.n.send(wire.Message{To: to, Body: wire.Gossip{Changes: g.n.members.history, Ask: ask}})
}

// received notes the digest of the sender of m. If m is gossip, received reconciles the histories;
// if m is anything else and the digests differ, received sends this node's history.
func (g *gossiper) received(m wire.Message) {
	g.digests[m.From] = m.Digest
	if body, ok := m.Body.(wire.Gossip); ok {
		g.reconcile(m, body)
		return
	}
	g.compareDigests(m)
}

// compareDigests sends the history to the sender of m if its digest differs, at most once per
// gossipPause.
func (g *gossiper) compareDigests(m wire.Message) {
	sent := g.sent[m.From]
	if m.Digest == g.n.members.digest || mutant.Is(mutant.ViewsUncompared) || sent > 0 && g.n.now-sent < gossipPause {
		return
	}
	g.sendHistory(m.From, true)
}

// reconcile takes the changes that are new to this node, and answers if the sender lacks some.
func (g *gossiper) reconcile(m wire.Message, body wire.Gossip) {
	g.n.members.learn(body.Changes, m.From)
	switch {
	case m.Digest == g.n.members.digest:
	case body.Ask:
		g.sendHistory(m.From, false)
	case len(body.Changes) == 0:
		g.compareDigests(m)
	}
}
