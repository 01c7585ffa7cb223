package account

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/event"
	"ringside/engine/vclock"
)

// hints lists the places with a hint of the key, sorted.
func (s *state) hints() []place {
	return slices.DeleteFunc(s.places(isAny), func(p place) bool { return p.home == "" })
}

// stale lists the homes that lack a version that another node holds, in rank order.
func (s *state) stale() []string {
	want := s.current
	if s.isLWW() {
		want = want.Latest(nil)
	}
	var out []string
	for _, home := range s.homes {
		r := s.replicas[place{node: home}]
		if r != nil && r.doubtful {
			continue
		}
		if len(want) > 0 && (r == nil || !r.versions.Equal(want)) {
			out = append(out, home)
		}
	}
	return out
}

// newest returns the write among the current versions that a place lacks and that was stamped last.
func (c *chain) newest(lacking vclock.Siblings) *write {
	var out *write
	for _, v := range c.current {
		if w := c.byDot[v.Dot]; !lacking.Has(v.Dot) && (out == nil || c.order(w) >= c.order(out)) {
			out = w
		}
	}
	return out
}

// waiting explains why fallbacks keep hints of the key (§4.6).
func (c *chain) waiting() string {
	var parts []string
	for _, p := range c.hints() {
		held := c.replicas[p].versions
		for _, v := range held {
			if w := c.byDot[v.Dot]; c.current.Has(v.Dot) {
				if w.coordinated >= 0 {
					c.unreached(c.Account.events[w.coordinated].Node, p.home, w.coordinated)
				}
				c.wrote(w, "")
			}
		}
		if i := c.lastAt(event.HintStored, p); i >= 0 {
			c.step(i, "%s stands in for %s: it keeps %s as a hint", named(p.node), named(p.home), escaped(held.String()))
		}
		parts = append(parts, fmt.Sprintf("%s keeps %s for %s%s", named(p.node), escaped(held.String()), named(p.home),
			c.whyNotYet(p)))
	}
	text := strings.Join(parts, ". ")
	for _, home := range c.stale() {
		if !slices.ContainsFunc(c.hints(), func(p place) bool { return p.home == home }) {
			text += ". " + named(home) + " lacks it as well, and no hint waits for it: " +
				"read repair or anti-entropy will mend that"
		}
	}
	return text
}

// unreached adds the step that explains why a coordinator did not reach a home at event number i.
// It returns the reason for a conclusion, "" if no event tells.
func (c *chain) unreached(from, home string, i int) string {
	why, ok := c.causeOf(from, home, i)
	if !ok {
		return ""
	}
	c.step(why.event, "%s", why.text)
	return why.short
}

// lastAt returns the last event of a kind about a hint, -1 if there is none.
func (c *chain) lastAt(kind event.Kind, p place) int {
	for _, i := range slices.Backward(c.history.events) {
		if e := &c.Account.events[i]; e.Kind == kind && e.Node == p.node && e.For == p.home {
			return i
		}
	}
	return -1
}

// whyNotYet says why a hint was not delivered yet.
func (c *chain) whyNotYet(p place) string {
	now := len(c.Account.events)
	if why, ok := c.causeOf(p.node, p.home, now); ok {
		c.step(why.event, "%s", why.text)
		return ", and cannot reach it because " + because(why.short, true)
	}
	if c.isDown(p.home) {
		return ", which is not running"
	}
	if c.isDown(p.node) {
		return ", and is itself not running"
	}
	if sent := c.lastAt(event.HintSent, p); sent >= 0 {
		c.step(sent, "%s sent the hint to %s", named(p.node), named(p.home))
		return ", and has sent it; the hint goes when " + named(p.home) + " holds the version durably"
	}
	return ", and will send it with its next scan"
}

// because returns the short form of a cause: as a clause, or after "because of".
func because(short string, clause bool) string {
	isSplit := strings.HasPrefix(short, "the split")
	switch {
	case isSplit && clause:
		return short + " is on"
	case !isSplit && !clause:
		return "this: " + short
	}
	return short
}

// staleHomes explains why homes lack what another node holds.
func (c *chain) staleHomes() string {
	var parts []string
	for _, home := range c.stale() {
		var held vclock.Siblings
		if r := c.replicas[place{node: home}]; r != nil {
			held = r.versions
		}
		w := c.newest(held)
		if w == nil { // it holds something that others have superseded
			parts = append(parts, named(home)+" still holds "+escaped(held.String()))
			continue
		}
		c.wrote(w, "")
		part := named(home) + " lacks " + c.ref(w.version)
		if len(held) > 0 {
			part += " and holds " + escaped(held.String())
		}
		if why := c.whyLacks(w, home); why != "" {
			part += ", because " + why
		}
		if c.isDown(home) {
			part += ". It is not running"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ". ") +
		". No hint waits, so read repair (get) or anti-entropy (sync) mends it. " +
		"Until then a get with a small R may read the old state"
}

// whyLacks says why a home does not hold a write, and adds the steps for it. It returns "" if no
// event tells.
func (c *chain) whyLacks(w *write, home string) string {
	if slices.Contains(w.nodes, home) {
		return c.whyGone(w, home, len(c.Account.events))
	}
	if w.coordinated < 0 {
		return ""
	}
	from := c.Account.events[w.coordinated].Node
	why := c.unreached(from, home, w.coordinated)
	fallback := ""
	for _, i := range c.requests[w.version.Request] {
		switch e := &c.Account.events[i]; {
		case e.Kind == event.Dropped && e.Peer == home:
			c.step(i, "the replica for %s was lost on its way: %s", named(home), escaped(e.Message))
			why = "the network lost its replica"
		case e.Kind == event.Replicate && e.For == home:
			c.step(i, "%s stands in for %s, with a hint", named(e.Peer), named(home))
			fallback = e.Peer
		case e.Kind == event.HintRefused && e.For == home:
			c.step(i, "%s refused the hint for %s", named(e.Node), named(home))
		case e.Kind == event.Replicate && e.Peer == home && why == "":
			c.step(i, "%s sent the replica to %s, and no answer came", named(e.Node), named(home))
			why = named(home) + " did not answer"
		}
	}
	if fallback != "" {
		if i := c.lastAt(event.HintLost, place{fallback, home}); i >= 0 {
			c.step(i, "%s found its hint for %s damaged and dropped it", named(fallback), named(home))
		}
	} else if why != "" && slices.Contains(c.Account.events[w.coordinated].Nodes, home) {
		why += ", and no fallback was left to keep a hint for it"
	}
	return why
}

// whyGone says why a home no longer held, before event number i, a write that it had stored.
func (c *chain) whyGone(w *write, home string, i int) string {
	for i--; i > w.first; i-- {
		e := &c.Account.events[i]
		about := e.Node == home && (e.Key == nil || string(e.Key) == string(c.key))
		if why := destroyed[e.Kind]; about && why != "" {
			c.step(i, "%s %s", named(home), why)
			return named(home) + " " + why + " at " + at(e.Time)
		}
	}
	return ""
}
