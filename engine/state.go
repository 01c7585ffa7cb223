package engine

import (
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
)

// Ring returns the ring as the node knows it now.
func (n *Node) Ring() *ring.Ring { return n.members.ring }

// Digest returns the digest of the membership history that the node knows.
func (n *Node) Digest() uint64 { return n.members.digest }

// History returns the membership history that the node knows.
func (n *Node) History() member.History { return n.members.history }

// State returns the node's account of itself. It changes nothing.
func (n *Node) State() *event.NodeState {
	s := &event.NodeState{
		Keys: n.records.keys, Hints: n.handoff.counts(), Roots: n.trees.roots(),
		Digest: n.members.digest, Member: n.members.has(n.cfg.Name), Changes: n.members.history,
		Pending: n.arrivals.ranges.Len(), Foreign: n.departure.foreign(),
		Slice: n.background.ctl.Slice(), P99: n.background.ctl.P99(), Suspects: n.detector.suspects(),
		Lost: n.records.lastWrites.reported, Oversized: n.records.oversized.List(),
	}
	for _, r := range s.Roots {
		s.Tombstones += r.Keys
	}
	if s.Tombstones = max(0, s.Tombstones-n.records.keys); s.Tombstones > 0 {
		s.TombstonesKept = n.collector.kept
	}
	return s
}

// TreesBuilt returns how often the node has built a Merkle tree from its records since its start
// (§6.2: "the Merkle trees for the new ranges need to be recalculated").
func (n *Node) TreesBuilt() int { return n.trees.Built() }

// describe answers with the node's State and with its replicas of keys.
func (n *Node) describe(in Describe) {
	events := []event.Event{{Time: n.now, Node: n.cfg.Name, Kind: event.State, State: n.State()}}
	for _, k := range in.Keys {
		e := event.Event{
			Time: n.now, Node: n.cfg.Name, Kind: event.Replicas, Key: k, Versions: n.records.lastWrites.lostOf(k),
		}
		if rec, err := n.records.read(store.Data, n.dataKey(k)); err == nil && len(rec.Siblings) > 0 {
			e.Replicas = append(e.Replicas, event.Replica{Versions: rec.Siblings})
		}
		for _, home := range n.handoff.index.HomesOf(k) {
			if rec, err := n.records.read(store.Hints, record.HintKey(home, k)); err == nil {
				e.Replicas = append(e.Replicas, event.Replica{For: home, Versions: rec.Siblings})
			}
		}
		events = append(events, e)
	}
	n.out.Replies = append(n.out.Replies, Reply{Client: in.Client, Events: events})
}
