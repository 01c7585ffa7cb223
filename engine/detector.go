package engine

// §4.8.3 Failure Detection: purely local, driven by traffic.
//
// A node believes that a peer failed if the peer did not answer a question, or if the driver
// reports that its connection is gone. Only an answer or a new connection ends the belief: a peer
// that reaches this node is of no use unless this node reaches it. Failed peers are probed, healthy
// peers are not: "in the absence of client requests, neither node needs to know whether the other
// is reachable".

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/liveness"
	"ringside/engine/wire"
)

// detector is the node's failure detector. The state of the peers is in package liveness.
type detector struct {
	n     *Node
	peers *liveness.Peers
}

func newDetector(n *Node) *detector { return &detector{n: n, peers: liveness.New()} }

// healthy reports whether this node believes that node answers. The node itself is healthy.
func (d *detector) healthy(node string) bool {
	return node == d.n.cfg.Name || d.peers.Healthy(node)
}

// connected reports whether a message to node has a chance to arrive.
func (d *detector) connected(node string) bool {
	return node == d.n.cfg.Name || d.peers.Connected(node)
}

// heardLately reports whether the peer has answered within Timings.Fresh.
func (d *detector) heardLately(peer string) bool {
	return d.peers.HeardWithin(peer, d.n.now, d.n.cfg.Timings.Fresh)
}

// answered notes that a peer has answered a question.
func (d *detector) answered(peer string) {
	if d.peers.Answered(peer, d.n.now) {
		d.recovered(peer)
	}
}

// silent notes that a peer did not answer a question in time.
func (d *detector) silent(peer string) {
	if d.peers.Silent(peer) {
		d.failed(peer)
	}
	d.probeLater(peer)
}

// disconnected notes that the driver cannot reach the peer. Every call to it ends.
func (d *detector) disconnected(peer string) {
	changed, failed := d.peers.Disconnected(peer)
	if !changed {
		return
	}
	if failed {
		d.failed(peer)
	}
	d.n.calls.disconnected(peer)
}

// reconnected notes that the driver can reach the peer again. The peer is healthy then: it took
// part in making a connection, or the driver knows that it runs.
func (d *detector) reconnected(peer string) {
	d.n.gossip.greetFormer(peer)
	if d.peers.Reconnected(peer) {
		d.recovered(peer)
	}
}

// failed reports that a member has failed.
func (d *detector) failed(peer string) {
	if d.n.members.has(peer) {
		d.n.emit(event.Event{Kind: event.Suspect, Peer: peer})
	}
}

// recovered starts what was waiting for the peer.
func (d *detector) recovered(peer string) {
	d.n.emit(event.Event{Kind: event.Alive, Peer: peer})
	d.n.handoff.deliver(peer)
	d.n.syncer.syncAfterRecovery(peer)
}

// probeLater plans a ping to a failed peer, after Timings.Probe.
func (d *detector) probeLater(peer string) {
	if !d.concerns(peer) || !d.peers.BeginProbe(peer) {
		return
	}
	wait := d.n.cfg.Timings.Probe
	if d.n.buggify(RareProbes) {
		wait *= rareFactor
	}
	d.n.after(wait, func() {
		if d.peers.EndProbe(peer) {
			d.n.calls.begin(peer, 0, wire.Ping{}, d.n.cfg.Timings.Patience, nil)
		}
		d.probeLater(peer)
	})
}

// concerns reports whether the node still has anything to do with a peer: the peer is a member, a
// leaver or a seed, or the node keeps hints for it.
func (d *detector) concerns(peer string) bool {
	m := d.n.members
	return m.has(peer) || m.leaves(peer) || d.n.handoff.index.HasFor(peer) || slices.Contains(d.n.cfg.Seeds, peer)
}

// suspects lists the members that have failed, in the order of the ring's members.
func (d *detector) suspects() []string {
	var out []string
	for _, m := range d.n.members.ring.Members() {
		if !d.healthy(m.Name) {
			out = append(out, m.Name)
		}
	}
	return out
}
