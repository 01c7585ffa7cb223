package tui

import (
	"bytes"
	"slices"
	"strings"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// A holding is the replicas of a key that hold the same siblings.
type holding struct {
	siblings vclock.Siblings
	homes    []string      // in the order of the preference list
	hints    []heldForHome // in the order of the preference list of their holders
}

// A heldForHome is a hint: a replica that holder keeps for another node.
type heldForHome struct{ holder, home string }

// An account is all that the view knows of one key.
type account struct {
	key       []byte
	homes     []string
	fallbacks []string
	holdings  []holding
	empty     []string        // homes that are up and hold nothing, where others hold something
	heads     vclock.Siblings // what is left of all versions once ancestors are dropped
	stale     []string        // homes that lack one of the heads
	blocking  string          // what keeps the key from being converged
	known     vclock.Siblings // every version that is held or was seen of late
}

// account gathers what the view knows of the chosen key; ok is false while
// there is no ring or no key.
func (m *model) account() (a account, ok bool) {
	v := m.view
	if v.Ring == nil || len(m.key) == 0 {
		return a, false
	}
	a.key = m.key
	pref := v.Ring.Preference(m.key)
	a.homes = v.Ring.Homes(m.key)
	a.fallbacks = pref[len(a.homes):]
	a.blocking = v.Blocking(m.key)
	k := v.Key(m.key)
	if k == nil {
		return a, true
	}
	for _, n := range pref {
		a.hold(n, k.Held[n])
	}
	for _, h := range a.holdings {
		a.heads = a.heads.Merge(h.siblings)
	}
	for _, h := range a.homes {
		held := k.Held[h][""]
		if len(a.heads) > 0 && !held.Equal(a.heads) && !held.Descends(a.heads) {
			a.stale = append(a.stale, h)
		}
		if len(a.heads) > 0 && len(held) == 0 {
			a.empty = append(a.empty, h)
		}
	}
	a.known = m.versions()
	return a, true
}

// hold adds what one node holds.
func (a *account) hold(node string, held map[string]vclock.Siblings) {
	for _, home := range append([]string{""}, a.targets(held)...) {
		s := held[home]
		if len(s) == 0 {
			continue
		}
		i := slices.IndexFunc(a.holdings, func(h holding) bool { return h.siblings.Equal(s) })
		if i < 0 {
			i = len(a.holdings)
			a.holdings = append(a.holdings, holding{siblings: s})
		}
		if home == "" {
			a.holdings[i].homes = append(a.holdings[i].homes, node)
		} else {
			a.holdings[i].hints = append(a.holdings[i].hints, heldForHome{node, home})
		}
	}
}

// targets returns the homes that a node keeps hints for, in a fixed order.
func (a *account) targets(held map[string]vclock.Siblings) []string {
	var out []string
	for home := range held {
		if home != "" {
			out = append(out, home)
		}
	}
	slices.Sort(out)
	return out
}

// versions are all versions of the chosen key that are held or stand in the
// log, oldest first as their pasts tell.
func (m *model) versions() vclock.Siblings {
	var out vclock.Siblings
	add := func(s vclock.Siblings) {
		for _, v := range s {
			if !out.Has(v.Dot) {
				out = append(out, v)
			}
		}
	}
	if k := m.view.Key(m.key); k != nil {
		for _, held := range k.Held {
			for _, s := range held {
				add(s)
			}
		}
	}
	for _, e := range m.view.Log {
		if len(e.Versions) > 0 && bytes.Equal(e.Key, m.key) && (e.Kind == event.Stored || e.Kind == event.HintStored) {
			add(e.Versions)
		}
	}
	slices.SortFunc(out, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	return out
}

// parents returns the versions that v directly descends from, of those known.
func (a *account) parents(v vclock.Version) vclock.Siblings {
	var before vclock.Siblings
	for _, o := range a.known {
		if v.Past.Covers(o.Dot) {
			before = before.Merge(vclock.Siblings{o})
		}
	}
	return before
}

// side names the side of the split that all nodes are on, "" if there is none.
func (m *model) side(nodes []string) string {
	side := -1
	for i, n := range nodes {
		s := m.view.Side(n)
		if s < 0 || i > 0 && s != side {
			return ""
		}
		side = s
	}
	return sideName(side)
}

// holders says who holds it: n3 n4 n5, and n1▸n3 for a hint.
func (m *model) holders(h holding) string {
	nodes := slices.Clone(h.homes)
	for _, x := range h.hints {
		nodes = append(nodes, x.holder)
	}
	var out []string
	if s := m.side(nodes); s != "" && len(m.view.Groups) > 0 {
		out = append(out, s+":")
	}
	for _, n := range h.homes {
		out = append(out, name(n)+m.ifNotUp(n))
	}
	for _, x := range h.hints {
		out = append(out, name(x.holder)+m.ifNotUp(x.holder)+m.th.glyphs.hint+name(x.home))
	}
	return strings.Join(out, " ")
}

// ifNotUp is the sign of a node that does not run: what it holds is what it
// was last seen to hold.
func (m *model) ifNotUp(node string) string {
	if n := m.view.Node(node); n != nil && n.Status != view.Up {
		return m.glyph(n)
	}
	return ""
}
