package account

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
)

// An About is what an explanation explains.
type About string

// Values of About. Why returns the first that holds.
const (
	// Siblings: several values of the key stand beside each other, or a request returned several.
	Siblings About = "siblings"
	// Waiting: a fallback keeps a hint of the key, or a request left one.
	Waiting About = "hint"
	// Stale: a home lacks what another node holds, or a get missed an acknowledged write.
	Stale About = "stale"
	// Dropped: last write wins lost an acknowledged write of the key.
	Dropped About = "lost"
	// Absent: the key has no value, or a get found none.
	Absent About = "absent"
	// Failed: the request failed.
	Failed About = "failed"
	// Nothing: all homes hold the same one version, or the request succeeded as usual.
	Nothing About = "nothing"
)

// An Explanation is the shortest chain of events that explains how a key looks, or how a request
// ended.
type Explanation struct {
	Key     []byte
	Request uint64 // 0 for a key
	About   About
	Chain   []Step // in the order in which one could cause the next
	Text    string // the conclusion
}

// A Step is one event of an explanation.
type Step struct {
	Seq     uint64        // of the event; 0 if only its version is known
	Time    time.Duration // since 1970
	Node    string        // "" for the whole cluster
	Section string        // of the paper
	Text    string        // one sentence
	index   int           // of the event; -1 if only its version is known
}

// Why explains how a key looks now.
func (a *Account) Why(key []byte) Explanation {
	h := a.keys[string(key)]
	if h == nil {
		h = newHistory(key)
	}
	c := &chain{state: a.stateOf(h), used: map[int]bool{}}
	x := Explanation{Key: h.key}
	switch {
	case len(c.current.Live()) > 1 && !a.isLWW() || len(c.current) > 1 && len(c.current.Live()) == 1:
		x.About, x.Text = Siblings, c.siblings()
	case len(c.hints()) > 0:
		x.About, x.Text = Waiting, c.waiting()
	case len(c.stale()) > 0:
		x.About, x.Text = Stale, c.staleHomes()
	case c.lostWrite(true) != nil && len(c.current.Live()) > 0:
		x.About, x.Text = Dropped, c.loss(c.lostWrite(true))
	case len(c.current.Live()) == 0:
		x.About, x.Text = Absent, c.absence()
	default:
		x.About, x.Text = Nothing, c.nothing()
	}
	x.Chain = c.sorted()
	return x
}

// A chain collects the steps of an explanation of a key.
type chain struct {
	*state
	steps []Step
	used  map[int]bool // events with a step
}

// step adds event i, unless it has a step. i is -1 for an event that is not known.
func (c *chain) step(i int, format string, args ...any) {
	if i < 0 || c.used[i] {
		return
	}
	c.used[i] = true
	e := &c.Account.events[i]
	c.steps = append(c.steps, Step{e.Seq, e.Time, e.Node, e.Section(), fmt.Sprintf(format, args...), i})
}

// versionStep adds a version of which only a replica tells.
func (c *chain) versionStep(v vclock.Version, text string) {
	c.steps = append(c.steps, Step{0, time.Duration(v.Time), v.Dot.Node, event.Sections[event.Coordinate], text, -1})
}

// sorted returns the steps in the order of the stream. A node publishes an event before any other
// node hears of it, so a cause comes before its effect.
func (c *chain) sorted() []Step {
	slices.SortStableFunc(c.steps, func(x, y Step) int {
		if x.index < 0 && y.index < 0 {
			return cmp.Compare(x.Time, y.Time)
		}
		return cmp.Compare(x.index, y.index)
	})
	return c.steps
}

// wrote adds the step in which a write was stamped, with a remark after it.
func (c *chain) wrote(w *write, remark string) {
	v := w.version
	if w.coordinated < 0 {
		c.versionStep(v, fmt.Sprintf("%s stamped %s, before the known events%s%s", named(v.Dot.Node), clock(v),
			after("; it covers ", pastOf(v)), remark))
		return
	}
	e := &c.Account.events[w.coordinated]
	as := ""
	if e.For != "" {
		as = " as a fallback for " + named(e.For)
	}
	if s := c.splitAt(w.coordinated); s >= 0 {
		as += " during the split"
	}
	c.step(w.coordinated, "%s took %s %s%s and stamped %s; %s%s", named(e.Node), what(v), event.RequestName(e.Request), as,
		clock(v), c.seen(w), remark)
}

// seen says what the writer of a write had seen. The past of a version also covers what its
// coordinator knew to be superseded, and under last write wins all that its coordinator held.
func (c *chain) seen(w *write) string {
	node := named(w.version.Dot.Node)
	held := c.heldAt(w.version.Dot.Node, w.coordinated)
	switch past := pastOf(w.version); {
	case c.isLWW() && past == "":
		return node + " held nothing of the key"
	case c.isLWW():
		return "it covers what " + node + " held, " + past
	case c.contextOf(w) == event.NoContext && (past != "" || len(held) > 0):
		return "its client gave no context"
	case past == "":
		return "its writer had seen no version"
	case len(held) > 0 && c.isBlind(w, held):
		return "its writer brought no context that covers what " + node + " held"
	default:
		return "its writer had seen " + past
	}
}

// pastOf returns the past of a version in the notation of clocks, "" if it is empty.
func pastOf(v vclock.Version) string {
	if len(v.Past) == 0 {
		return ""
	}
	return escaped(v.Past.String())
}

// nothing explains that a key needs no explanation, and what last happened to it.
func (c *chain) nothing() string {
	v := c.current[0]
	w := c.byDot[v.Dot]
	c.wrote(w, "")
	if i := c.lastStored(v.Dot); i >= 0 {
		e := &c.Account.events[i]
		c.step(i, "%s stored it as the last home%s", named(e.Node), byPurpose[e.Op])
	}
	text := fmt.Sprintf("nothing needs an explanation: %s hold the same version, %s of %s",
		list(c.holdersOf(v.Dot)), c.ref(v), at(c.timeOf(w)))
	if lost := c.lostWrite(false); lost != nil {
		text += ". Before that, last write wins lost " + c.ref(lost.version) + "; fate tells more"
	}
	if down := c.downHomes(); len(down) > 0 {
		text += "; " + list(down) + " " + be(len(down)) + " not running"
	}
	return text
}

// byPurpose says why a node was sent a replica, by the Op of its Stored event.
var byPurpose = map[string]string{
	"handoff": ", from a hint", "read-repair": ", by read repair", "anti-entropy": ", by anti-entropy",
	"transfer": ", because its range moved",
}

// lastStored returns the last event in which a node stored a version that it did not hold before,
// -1 if there is none.
func (c *chain) lastStored(d vclock.Dot) int {
	last, seen := -1, map[string]bool{}
	for _, i := range c.history.events {
		e := &c.Account.events[i]
		if e.Kind == event.Stored && e.Versions.Has(d) && !seen[e.Node] {
			seen[e.Node] = true
			last = i
		}
	}
	return last
}

// holdersOf lists the nodes that hold a version as homes, in rank order.
func (c *chain) holdersOf(d vclock.Dot) []string {
	var out []string
	for _, p := range c.holders(d) {
		if p.home == "" {
			out = append(out, p.node)
		}
	}
	slices.SortStableFunc(out, func(x, y string) int {
		return cmp.Compare(slices.Index(c.homes, x), slices.Index(c.homes, y))
	})
	return out
}

// be returns the form of "be" for so many things.
func be(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
