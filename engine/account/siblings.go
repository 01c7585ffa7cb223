package account

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringside/engine/event"
	"ringside/engine/vclock"
)

// maxSiblings bounds the siblings that an explanation explains, the oldest first.
const maxSiblings = 6

// siblings explains why the versions of the key stand beside each other (§4.4).
func (c *chain) siblings() string {
	var all []*write
	for _, v := range c.current {
		all = append(all, c.byDot[v.Dot])
	}
	slices.SortStableFunc(all, func(x, y *write) int { return c.order(x) - c.order(y) })
	total := len(all)
	all = all[:min(total, maxSiblings)]
	var reasons, earlier []string
	blind := false
	for i, w := range all {
		var remarks []string
		for _, g := range c.unseen(w, all[:i]) {
			blind = blind || g.kind == blindWrite
			remarks = append(remarks, g.remark(c, w)...)
			reasons = append(reasons, g.reason(c, w))
		}
		if w.coordinated < 0 {
			earlier = append(earlier, clock(w.version))
		}
		c.wrote(w, tail(remarks))
	}
	if base := c.base(all); base != nil && !blind {
		c.wrote(base, ". All the writers below had seen this version")
	}
	c.met(all)
	if len(earlier) > 1 {
		reasons = append([]string{andList(earlier) + " were stamped before the known events"}, reasons...)
	}
	text := strings.Join(reasons, ". ")
	switch {
	case total == 2:
		text += ". So neither descends from the other" + difference(all[0].version, all[1].version)
	default:
		text += fmt.Sprintf(". So none of the %d versions descends from another", total)
	}
	if total > len(all) {
		text += fmt.Sprintf(" (the oldest %d are explained)", len(all))
	}
	return text + c.advice()
}

// order returns the place of a write in the stream. Writes that no event tells of come first, by
// their times.
func (c *chain) order(w *write) int {
	if w.coordinated < 0 {
		return -1
	}
	return w.coordinated
}

// tail joins remarks that follow a sentence.
func tail(remarks []string) string {
	if len(remarks) == 0 {
		return ""
	}
	return "; " + strings.Join(remarks, "; ")
}

// base returns the latest write that all of the writes have seen, nil if events tell of none.
func (c *chain) base(all []*write) *write {
	var out *write
	for _, w := range c.writes {
		seen := !slices.ContainsFunc(all, func(x *write) bool { return !c.supersedes(x, w) })
		if seen && (out == nil || c.supersedes(w, out)) {
			out = w
		}
	}
	return out
}

// A reasonKind says why a write had not seen older ones.
type reasonKind int

const (
	blindWrite    reasonKind = iota // its coordinator held the older write, and its context covered nothing held
	oldContext                      // its coordinator held the older write, and its writer had read the key before
	cutOff                          // its coordinator could not reach the holders of the older write
	notYetThere                     // the older write had not reached its coordinator
	notRemembered                   // it is older than the known events
)

// A group is older writes that a write had not seen for one reason.
type group struct {
	kind  reasonKind
	cause cause // of cutOff
	older []*write
}

// unseen says why the writer of w had not seen the older writes.
func (c *chain) unseen(w *write, older []*write) []*group {
	var out []*group
	for _, o := range older {
		g := c.whyUnseen(w, o)
		same := func(x *group) bool { return x.kind == g.kind && x.cause.event == g.cause.event }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].older = append(out[i].older, o)
		} else {
			out = append(out, &g)
		}
	}
	return out
}

// whyUnseen says why the writer of w had not seen older.
func (c *chain) whyUnseen(w, older *write) group {
	g := group{older: []*write{older}}
	if w.coordinated < 0 {
		g.kind = notRemembered
		return g
	}
	node := w.version.Dot.Node
	held := c.heldAt(node, w.coordinated)
	switch {
	case held.Has(older.version.Dot) && c.isBlind(w, held):
		g.kind = blindWrite
		return g
	case held.Has(older.version.Dot):
		g.kind = oldContext
		return g
	}
	why, ok := c.causeOf(node, older.version.Dot.Node, w.coordinated)
	if slices.Contains(older.nodes, node) {
		short := c.whyGone(older, node, w.coordinated)
		why, ok = cause{event: -1, short: short}, short != ""
	}
	if ok {
		c.step(why.event, "%s", why.text)
		g.kind, g.cause = cutOff, why
		return g
	}
	g.kind = notYetThere
	return g
}

// names returns the older writes for a sentence.
func (g *group) names(c *chain) string {
	var out []string
	for _, o := range g.older {
		out = append(out, c.ref(o.version))
	}
	return andList(out)
}

// remark says in a clause about w why w had not seen the older writes.
func (g *group) remark(c *chain, w *write) []string {
	node := named(w.version.Dot.Node)
	switch g.kind {
	case blindWrite:
		return []string{node + " held " + g.names(c) + " by then"}
	case oldContext:
		return []string{node + " held " + g.names(c) + " by then, but the context of the put is older"}
	case cutOff, notYetThere:
		return []string{g.names(c) + " had not reached " + node}
	}
	return nil
}

// reason says in a conclusion why w had not seen the older writes.
func (g *group) reason(c *chain, w *write) string {
	node, name := named(w.version.Dot.Node), c.ref(w.version)
	first := g.older[0]
	switch g.kind {
	case blindWrite:
		if c.contextOf(w) == event.NoContext {
			return fmt.Sprintf("%s took %s without a context, so %[2]s does not cover %s: a blind write", node, name, g.names(c))
		}
		text := node + " took " + name + " without a context that covers " + g.names(c) + ": a blind write"
		if len(w.version.Past) > 0 { // the past of a blind write covers what its coordinator knew to be superseded
			text += ", or one with an older context"
		}
		return text
	case oldContext:
		return node + " took " + name + " with a context that is older than " + g.names(c)
	case cutOff:
		names := g.names(c)
		return fmt.Sprintf("%s took %s. %s took %s, and had not seen %s because of %s", named(first.version.Dot.Node), names,
			node, name, names, because(g.cause.short, false))
	case notYetThere:
		return node + " took " + name + " before it heard of " + g.names(c)
	}
	return name + " does not cover " + g.names(c)
}

// isBlind reports whether the client of a write gave no context. If no event says so, isBlind
// reports whether the past of the write covers none of the versions that its coordinator held. Then
// the client gave no context, or one that is older than all of them.
func (c *chain) isBlind(w *write, held vclock.Siblings) bool {
	if given := c.contextOf(w); given != event.ContextUnsaid {
		return given == event.NoContext
	}
	return held.Superseded().Descends(w.version.Past)
}

// contextOf returns whether the client of a write gave a context, ContextUnsaid if no event says
// so.
func (a *Account) contextOf(w *write) event.Context {
	if w.coordinated < 0 {
		return event.ContextUnsaid
	}
	for _, i := range a.requests[a.events[w.coordinated].Request] {
		if e := &a.events[i]; e.Kind == event.Requested {
			return e.Context
		}
	}
	return event.ContextUnsaid
}

// heldAt returns what a node held of the key when it stamped a write, at event number i. The node
// stores the write beside all that it held and that the write does not replace.
func (c *chain) heldAt(node string, i int) vclock.Siblings {
	held := c.heldIn(c.Account, node, i)
	stamped := &c.Account.events[i]
	for _, n := range c.requests[stamped.Request] {
		e := &c.Account.events[n]
		if n > i && e.Node == node && (e.Kind == event.Stored || e.Kind == event.HintStored) {
			others := slices.DeleteFunc(slices.Clone(e.Versions), func(v vclock.Version) bool {
				return stamped.Versions.Has(v.Dot)
			})
			return held.Merge(others)
		}
	}
	return held
}

// heldIn returns what a node held of the key in all roles before event number i.
func (h *history) heldIn(a *Account, node string, i int) vclock.Siblings {
	roles := map[string]vclock.Siblings{}
	for _, n := range h.events {
		e := &a.events[n]
		if n >= i {
			break
		}
		if e.Node != node {
			continue
		}
		switch e.Kind {
		case event.Stored:
			roles[""] = e.Versions
		case event.HintStored:
			roles[e.For] = e.Versions
		case event.HintDelivered, event.HintLost, event.HintRehomed:
			delete(roles, e.For)
		case event.TombstoneCollected:
			delete(roles, "")
		case event.Replicas, event.BufferLost:
			clear(roles)
			for _, r := range e.Replicas {
				roles[r.For] = r.Versions
			}
		}
	}
	var out vclock.Siblings
	for _, home := range slices.Sorted(maps.Keys(roles)) {
		out = out.Merge(roles[home])
	}
	return out
}

// met adds the step in which a node first held all of the writes, and what brought them together.
func (c *chain) met(all []*write) {
	begun := 0
	for _, w := range all {
		begun = max(begun, w.coordinated)
	}
	for _, i := range c.history.events {
		e := &c.Account.events[i]
		both := !slices.ContainsFunc(all, func(w *write) bool { return !e.Versions.Has(w.version.Dot) })
		if i <= begun || !both || e.Kind != event.Stored {
			continue
		}
		if heal := c.last(i, func(e *event.Event) bool { return e.Kind == event.Heal }); heal > begun {
			c.step(heal, "the network healed")
		}
		if e.Peer == e.Node {
			return // the step of the write says that the node held the others
		}
		c.step(i, "%s got what it lacked%s, and keeps %s because it can drop none", named(e.Node), byPurpose[e.Op],
			allOf(len(all)))
		return
	}
}

func allOf(n int) string {
	if n == 2 {
		return "both"
	}
	return "all"
}

// difference says in the counters of two clocks why they are concurrent, "" if counters alone do
// not show it.
func difference(v, w vclock.Version) string {
	x, y := v.Clock().Counters(), w.Clock().Counters()
	var parts []string
	more, less := false, false
	names := map[string]bool{}
	for n := range x {
		names[n] = true
	}
	for n := range y {
		names[n] = true
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		switch {
		case x[n] > y[n]:
			more = true
			parts = append(parts, fmt.Sprintf("%s %d>%d", escaped(n), x[n], y[n]))
		case x[n] < y[n]:
			less = true
			parts = append(parts, fmt.Sprintf("%s %d<%d", escaped(n), x[n], y[n]))
		}
	}
	if !more || !less {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// advice says what a reader gets, and where a hint still waits.
func (c *chain) advice() string {
	text := ". A get returns all of them, and a put with its context replaces them"
	if live := c.current.Live(); len(live) < len(c.current) && len(live) == 1 {
		text = ". A delete removes only what its writer had seen, so a get returns the value"
	}
	if hints := c.hints(); len(hints) > 0 {
		text += ". " + named(hints[0].node) + " still keeps a hint for " + named(hints[0].home)
	}
	return text
}
