package kernel

import (
	"slices"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/sim/plan"
)

// Members is the world's account of the membership: all changes that any node wrote down.
type Members struct {
	founders  []ring.Member
	requested map[request]bool
	history   member.History
	rings     *member.Rings // shared by all nodes
	ring      *ring.Ring    // of history
	reordered bool
}

// request is a change of the membership that a fault asked a node for.
type request struct {
	node string
	kind member.Kind
}

func newMembers(p *plan.Plan) *Members {
	m := &Members{requested: map[request]bool{}, founders: p.Founders()}
	m.rings = member.NewRings(p.RingConfig())
	m.history = member.Founders(m.founders)
	m.ring = m.rings.Of(m.history)
	return m
}

// History returns all changes that any node wrote down.
func (m *Members) History() member.History { return m.history }

// Ring returns the ring of History.
func (m *Members) Ring() *ring.Ring { return m.ring }

// RingOf returns the ring of another history.
func (m *Members) RingOf(h member.History) *ring.Ring { return m.rings.Of(h) }

// Requested reports whether a fault asked for such a change of a node.
func (m *Members) Requested(node string, kind member.Kind) bool {
	return m.requested[request{node, kind}]
}

// Reordered reports whether a node ever wrote down a change that stands before a change which was
// already known. The rings in between were then never in force.
func (m *Members) Reordered() bool { return m.reordered }

// Leaving reports whether a node has left and has not yet said that it holds nothing.
func (m *Members) Leaving(node string) bool {
	last, _ := m.history.Last(node)
	return last.Kind == member.Leave && !m.ring.Has(node)
}

// learn takes in changes that a node wrote down.
func (m *Members) learn(changes []member.Change) {
	h := m.history.Merge(changes)
	if len(h) == len(m.history) {
		return
	}
	before, after := RingChanges(m.history), RingChanges(h)
	m.reordered = m.reordered || !slices.Equal(before, after[:min(len(before), len(after))])
	m.history, m.ring = h, m.rings.Of(h)
}

// RecallMembers replaces the world's account of the membership by what the nodes know, and returns
// the old account. A change of which a wipe took the only copy is forgotten.
func (w *World) RecallMembers() (before member.History) {
	m := w.members
	before, m.history = m.history, nil
	for _, name := range w.names {
		m.history = m.history.Merge(w.hosts[name].node.State().Changes)
	}
	m.ring = m.rings.Of(m.history)
	return before
}

// RingChanges returns the changes of a history that change the ring.
func RingChanges(h member.History) member.History {
	return slices.DeleteFunc(slices.Clone(h), func(c member.Change) bool { return c.Kind == member.Gone })
}
