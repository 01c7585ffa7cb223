package view

import (
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
)

// The membership, as the events of all nodes tell it.

// membership reduces what a node learned of the ring.
func (v *Cluster) membership(e event.Event) {
	if n := v.Node(e.Node); n != nil {
		if n.Digest == 0 { // it did not say what it knew; a member knew what all do
			n.History = v.History
		}
		n.History = n.History.Merge(e.Changes)
		n.Digest = n.History.Digest()
		n.Pending = e.Want
	}
	h := v.History.Merge(e.Changes)
	if v.Ring == nil || len(h) == len(v.History) || len(h) > member.MaxChanges {
		return
	}
	v.History, v.Ring = h, h.Ring(v.Settings.RingConfig())
	for _, m := range v.Ring.Members() {
		if v.Node(m.Name) == nil {
			v.Nodes = append(v.Nodes, newNode(m.Name))
		}
	}
}

// Behind is how many changes of the membership the node does not know of, and another that is up does.
func (v *Cluster) Behind(n *Node) int {
	if n.Digest == 0 {
		return 0
	}
	var known member.History
	for _, o := range v.Nodes {
		if o.Status == Up {
			known = known.Merge(o.History)
		}
	}
	return len(known.Without(n.History))
}

// RingOf is the ring as the node knows it.
func (v *Cluster) RingOf(n *Node) *ring.Ring {
	if n.Digest == 0 || n.Digest == v.History.Digest() {
		return v.Ring
	}
	return n.History.Ring(v.Settings.RingConfig())
}

// Sees is how many nodes of the view n believes to be there, itself among them. A node that has not
// heard of the others does not see them, and one that does not run sees none.
func (v *Cluster) Sees(n *Node) int {
	if n.Status != Up {
		return 0
	}
	known := n.History.Latest()
	sees := 0
	for _, o := range v.Nodes {
		_, heard := known[o.Name]
		if o == n || (heard || n.Digest == 0) && !n.Suspects[o.Name] {
			sees++
		}
	}
	return sees
}

// drop forgets what the node held of a range.
func (v *Cluster) drop(e event.Event) {
	if e.Span == nil {
		return
	}
	rg := ring.Range{Start: e.Span.Start, End: e.Span.End}
	for _, k := range v.keys {
		if rg.Holds(ring.Of(k.Key)) {
			delete(k.Held[e.Node], "")
		}
	}
}
