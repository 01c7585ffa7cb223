package check

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/member"
)

// membership checks P12: all nodes come to know one ring, which only changes that were asked for
// have made, and keys are at their homes only.
type membership struct{ e *evidence }

// checkReported checks the changes that a node reports. A change must have been asked for, unless
// the node says that it is gone itself.
func (m membership) checkReported(ev event.Event) {
	members := m.e.world.Members()
	for _, c := range ev.Changes {
		asked := members.Requested(c.Node, c.Kind) || c.Kind == member.Gone && c.By == c.Node
		if !asked && !slices.Contains(members.History(), c) {
			m.e.fail(P12, "%s says that %s is to %s, which no client asked for", ev.Node, c.Node, c.Kind)
		}
	}
}

// checkChanged checks that a node which wrote down a change knows a ring with that change.
func (m membership) checkChanged(c member.Change) {
	n := m.e.world.Host(c.By).Node()
	if n.History().Has(c) && n.Ring().Has(c.Node) != (c.Kind == member.Join) {
		m.e.fail(P12, "%s wrote down that %s is to %s, and the ring that it knows says otherwise", c.By, c.Node, c.Kind)
	}
}

// checkRecalled checks that nodes still know the changes of an earlier account, unless a fault made
// some node forget changes.
func (m membership) checkRecalled(before member.History) {
	if m.e.plan.Buffer > 0 || m.e.forgotten() {
		return
	}
	for _, c := range before {
		if !slices.Contains(m.e.world.Members().History(), c) {
			m.e.fail(P12, "no node still knows that %s was to %s, as %s wrote down", c.Node, c.Kind, c.By)
		}
	}
}

// unsettled describes a change of the membership that is not complete, "" if all are.
func (m membership) unsettled() string {
	members := m.e.world.Members()
	for _, name := range m.e.world.Names() {
		s := m.e.world.Host(name).Node().State()
		switch {
		case s.Digest != members.History().Digest():
			return fmt.Sprintf("%s knows %d of %d changes", name, len(s.Changes), len(members.History()))
		case s.Member != members.Ring().Has(name):
			return fmt.Sprintf("%s takes itself for a member: %v", name, s.Member)
		case s.Pending > 0:
			return fmt.Sprintf("%s waits for %d ranges", name, s.Pending)
		case s.Foreign > 0:
			return fmt.Sprintf("%s holds %d keys that are not its own", name, s.Foreign)
		}
	}
	return ""
}

// checkOnlyAtHomes checks that all homes of a key exist, and that no other host holds a replica.
// With anti-entropy, no other member holds a damaged replica, because the scrub finds it.
func (m membership) checkOnlyAtHomes(key string) {
	ring := m.e.world.Members().Ring()
	homes := ring.Homes([]byte(key))
	if want := min(m.e.plan.N, len(ring.Members())); len(homes) != want {
		m.e.fail(P12, "%s has %d homes, want %d", key, len(homes), want)
	}
	m.e.hosts(func(h Host) {
		foreign := ring.Has(h.Name()) && !slices.Contains(homes, h.Name())
		if foreign && m.e.plan.AntiEntropy > 0 && m.e.damaged(h, key) {
			m.e.fail(P12, "%s keeps a damaged record of %s, whose homes are %v", h.Name(), key, homes)
		}
		for _, r := range m.e.stored(h, key) {
			if r.For == "" && len(r.Versions) > 0 && !slices.Contains(homes, h.Name()) {
				m.e.fail(P12, "%s holds %s as %v, whose homes are %v", h.Name(), key, r.Versions, homes)
			}
		}
	})
}
