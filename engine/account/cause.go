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
	event int    // -1 if no event tells
	text  string // the step of the event
	short string // for a conclusion: "the split of 12:04:25"
}

// Obstacle returns what kept one node from reaching another one when the event with a sequence
// number happened, such as "the split of 12:04:25". It returns "" if no event tells of anything but
// a belief.
func (a *Account) Obstacle(from, to string, seq uint64) string {
	i := slices.IndexFunc(a.events, func(e event.Event) bool { return e.Seq == seq })
	if i < 0 {
		return ""
	}
	if c, ok := a.outage(from, to, i); ok {
		return c.short
	}
	c, _ := a.badLink(from, to, i)
	return c.short
}

// causeOf returns why from did not reach to at event number i, false if no event says so.
func (a *Account) causeOf(from, to string, i int) (cause, bool) {
	if c, ok := a.outage(from, to, i); ok {
		return c, true
	}
	if s := a.suspectedAt(from, to, i); s >= 0 {
		text := named(from) + " believed that " + named(to) + " had failed"
		return cause{s, text, text + " since " + at(a.events[s].Time)}, true
	}
	return a.badLink(from, to, i)
}

// outage returns the split between two nodes, or the end of the second one, that was on at event
// number i.
func (a *Account) outage(from, to string, i int) (cause, bool) {
	if s := a.splitAt(i); s >= 0 && sideOf(&a.events[s], from) != sideOf(&a.events[s], to) {
		e := &a.events[s]
		return cause{s, splitText(e), "the split of " + at(e.Time-e.Elapsed)}, true
	}
	if d := a.downAt(to, i); d >= 0 {
		e := &a.events[d]
		how := named(to) + " " + downWords[e.Kind]
		if e.Seq == 0 { // a snapshot does not say since when
			return cause{-1, "", named(to) + " is not running"}, true
		}
		return cause{d, how, how + " at " + at(e.Time)}, true
	}
	return cause{event: -1}, false
}

// badLink returns the fault of the link between two nodes that was on at event number i.
func (a *Account) badLink(from, to string, i int) (cause, bool) {
	for _, kind := range []event.Kind{event.Slow, event.Loss} {
		if l := a.linkFault(kind, from, to, i); l >= 0 {
			e := &a.events[l]
			text := fmt.Sprintf("the link %s was slowed down by %v", escaped(e.Link), e.Delay)
			if kind == event.Loss {
				text = fmt.Sprintf("the link %s lost %g%% of its messages", escaped(e.Link), e.Percent)
			}
			return cause{l, text, text}, true
		}
	}
	return cause{event: -1}, false
}

// linkFault returns the event since which the link between two nodes, in any direction, was slow or
// lost messages before event number i; -1 if it did neither.
func (a *Account) linkFault(kind event.Kind, from, to string, i int) int {
	l := a.last(i, func(e *event.Event) bool {
		return e.Kind == event.Heal || e.Kind == kind && joins(e.Link, from, to)
	})
	if l < 0 || a.events[l].Kind == event.Heal || a.events[l].Delay == 0 && a.events[l].Percent == 0 {
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
func (a *Account) last(i int, f func(*event.Event) bool) int {
	for k := len(a.faults) - 1; k >= 0; k-- {
		if n := a.faults[k]; n < i && f(&a.events[n]) {
			return n
		}
	}
	return -1
}

// splitAt returns the split that was on before event number i, -1 if there was none.
func (a *Account) splitAt(i int) int {
	s := a.last(i, func(e *event.Event) bool { return e.Kind == event.Split || e.Kind == event.Heal })
	if s < 0 || a.events[s].Kind == event.Heal {
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
func (a *Account) downAt(node string, i int) int {
	d := a.last(i, func(e *event.Event) bool {
		return e.Node == node && (e.Kind == event.NodeUp || downWords[e.Kind] != "")
	})
	if d < 0 || a.events[d].Kind == event.NodeUp {
		return -1
	}
	return d
}

// suspectedAt returns the event since which from believed before event number i that to had failed,
// -1 if it did not.
func (a *Account) suspectedAt(from, to string, i int) int {
	s := a.last(i, func(e *event.Event) bool {
		about := e.Peer == to && (e.Kind == event.Suspect || e.Kind == event.Alive)
		return e.Node == from && (about || e.Kind == event.NodeUp)
	})
	if s < 0 || a.events[s].Kind != event.Suspect {
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
