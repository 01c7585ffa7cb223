package account

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/view"
)

// A cause is why one node could not reach another at some moment.
type cause struct {
	event  int    // -1 if no event tells
	text   string // the step of the event
	short  string // for a conclusion: "the split of 12:04:25"
	belief bool   // the one node only believed that the other had failed
	behind string // of a belief: the short form of a fault of the link
}

// obstacle returns the short form of a cause that is more than a belief, "" otherwise.
func (c *cause) obstacle() string {
	if c.belief {
		return c.behind
	}
	return c.short
}

// A timeline is the events of a cluster, and says what kept nodes apart at any moment.
type timeline struct {
	events []event.Event // all, in the order of the stream; other types refer to them by index
	faults []int         // events about nodes, links and beliefs
}

// obstacleAt returns what kept one node from another when the event with a sequence number
// happened, the zero cause if no event tells.
func (t *timeline) obstacleAt(from, to string, seq uint64) cause {
	i := slices.IndexFunc(t.events, func(e event.Event) bool { return e.Seq == seq })
	if i < 0 {
		return cause{event: -1}
	}
	c, _ := t.causeOf(from, to, i)
	return c
}

// causeOf returns why from did not reach to at event number i, false if no event says so.
func (t *timeline) causeOf(from, to string, i int) (cause, bool) {
	if c, ok := t.outage(from, to, i); ok {
		return c, true
	}
	if s := t.suspectedAt(from, to, i); s >= 0 {
		text := named(from) + " believed that " + named(to) + " had failed"
		link, _ := t.badLink(from, to, i)
		return cause{s, text, text + " since " + at(t.events[s].Time), true, link.short}, true
	}
	return t.badLink(from, to, i)
}

// outage returns the split between two nodes, or the end of the second one, that was on at event
// number i.
func (t *timeline) outage(from, to string, i int) (cause, bool) {
	if s := t.splitAt(i); s >= 0 && sideOf(&t.events[s], from) != sideOf(&t.events[s], to) {
		e := &t.events[s]
		return cause{event: s, text: splitText(e), short: "the split of " + at(e.Time-e.Elapsed)}, true
	}
	if d := t.downAt(to, i); d >= 0 {
		e := &t.events[d]
		how := named(to) + " " + downWords[e.Kind]
		if e.Seq == 0 { // a snapshot does not say since when
			return cause{event: -1, short: named(to) + " is not running"}, true
		}
		return cause{event: d, text: how, short: how + " at " + at(e.Time)}, true
	}
	return cause{event: -1}, false
}

// badLink returns the fault of the link between two nodes that was on at event number i.
func (t *timeline) badLink(from, to string, i int) (cause, bool) {
	for _, kind := range []event.Kind{event.Slow, event.Loss} {
		if l := t.linkFault(kind, from, to, i); l >= 0 {
			e := &t.events[l]
			text := fmt.Sprintf("the link %s was slowed down by %v", escaped(e.Link), e.Delay)
			if kind == event.Loss {
				text = fmt.Sprintf("the link %s lost %g%% of its messages", escaped(e.Link), e.Percent)
			}
			return cause{event: l, text: text, short: text}, true
		}
	}
	return cause{event: -1}, false
}

// linkFault returns the event since which the link between two nodes, in any direction, was slow or
// lost messages before event number i; -1 if it did neither.
func (t *timeline) linkFault(kind event.Kind, from, to string, i int) int {
	l := t.last(i, func(e *event.Event) bool {
		return e.Kind == event.Heal || e.Kind == kind && joins(e.Link, from, to)
	})
	if l < 0 || t.events[l].Kind == event.Heal || t.events[l].Delay == 0 && t.events[l].Percent == 0 {
		return -1
	}
	return l
}

// joins reports whether a link, as a command names it, is between two nodes.
func joins(link, x, y string) bool {
	ends := strings.FieldsFunc(link, func(r rune) bool { return r == '>' })
	if len(ends) != 2 {
		if link == x || link == y {
			return true
		}
		return link == x+"-"+y || link == y+"-"+x
	}
	return ends[0] == x && ends[1] == y || ends[0] == y && ends[1] == x
}

var downWords = map[event.Kind]string{
	event.NodeDown: "went down", event.NodePaused: "was paused", event.NodeWiped: "lost its disk", event.NodeLeft: "left",
}

// last returns the last event before number i that f accepts, of those about nodes, links and
// beliefs; -1 if there is none.
func (t *timeline) last(i int, f func(*event.Event) bool) int {
	for k := len(t.faults) - 1; k >= 0; k-- {
		if n := t.faults[k]; n < i && f(&t.events[n]) {
			return n
		}
	}
	return -1
}

// splitAt returns the split that was on before event number i, -1 if there was none.
func (t *timeline) splitAt(i int) int {
	s := t.last(i, func(e *event.Event) bool { return e.Kind == event.Split || e.Kind == event.Heal })
	if s < 0 || t.events[s].Kind == event.Heal {
		return -1
	}
	return s
}

func splitText(e *event.Event) string {
	way := ""
	if e.OneWay {
		way = "; messages pass only from later groups to earlier ones"
	}
	return "the network split: " + sides(e.Groups) + way
}

// sideOf returns the group of a split with node, -1 if there is none.
func sideOf(e *event.Event, node string) int {
	return slices.IndexFunc(e.Groups, func(g []string) bool { return slices.Contains(g, node) })
}

// downAt returns the event since which node did not run before event number i, -1 if it ran.
func (t *timeline) downAt(node string, i int) int {
	d := t.last(i, func(e *event.Event) bool {
		return e.Node == node && (e.Kind == event.NodeUp || downWords[e.Kind] != "")
	})
	if d < 0 || t.events[d].Kind == event.NodeUp {
		return -1
	}
	return d
}

// repeats reports whether event number i of a snapshot says what the stream has said.
func (t *timeline) repeats(e *event.Event, i int) bool {
	switch e.Kind {
	case event.Split:
		s := t.splitAt(i)
		return s >= 0 && sameGroups(t.events[s].Groups, e.Groups)
	case event.NodeUp:
		return t.downAt(e.Node, i) < 0
	case event.NodeDown, event.NodePaused:
		return t.downAt(e.Node, i) >= 0
	}
	return t.last(i, func(x *event.Event) bool { return x.Kind == e.Kind && x.Link == e.Link }) >= 0
}

// suspectedAt returns the event since which from believed before event number i that to had failed,
// -1 if it did not.
func (t *timeline) suspectedAt(from, to string, i int) int {
	s := t.last(i, func(e *event.Event) bool {
		about := e.Peer == to && (e.Kind == event.Suspect || e.Kind == event.Alive)
		return e.Node == from && (about || e.Kind == event.NodeUp)
	})
	if s < 0 || t.events[s].Kind != event.Suspect {
		return -1
	}
	return s
}

// isDown reports whether a node does not run now.
func (a *Account) isDown(node string) bool {
	n := a.view.Node(node)
	return n == nil || n.Status != view.Up
}

// downHomes lists the homes of the key that do not run now.
func (s *state) downHomes() []string {
	var out []string
	for _, h := range s.homes {
		if s.isDown(h) {
			out = append(out, h)
		}
	}
	return out
}

// escaped returns untrusted text for a sentence.
func escaped(text string) string { return escape.TerminalShort([]byte(text), maxMessage) }
