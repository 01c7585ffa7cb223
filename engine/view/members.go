package view

import (
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
)

// membership applies an event with the changes that a node learned.
func (v *Cluster) membership(e event.Event) {
	if n := v.Node(e.Node); n != nil {
		if n.Digest == 0 { // the node did not report its history; a member knew what all nodes know
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

// Behind returns the number of changes of the membership that n does not know and another running
// node knows.
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

// RingOf returns the ring that n knows.
func (v *Cluster) RingOf(n *Node) *ring.Ring {
	if n.Digest == 0 || n.Digest == v.History.Digest() {
		return v.Ring
	}
	return n.History.Ring(v.Settings.RingConfig())
}

// Sees returns the number of nodes that n believes to run, with n itself. n does not see nodes of
// which its history says nothing. It is 0 if n does not run.
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

// drop applies an event of a node that dropped a key range.
func (v *Cluster) drop(e event.Event) {
	if e.Span == nil {
		return
	}
	rg := ring.Range{Start: e.Span.Start, End: e.Span.End}
	for _, k := range v.keys.by {
		if rg.Holds(ring.Of(k.Key)) {
			k.drop(e.Node, "")
		}
	}
}
