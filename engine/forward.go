package engine

// §4.5: "the node that receives the request will not coordinate it if the node is not in the top N
// of the requested key's preference list. Instead, that node will forward the request" to one of
// the top N. A put is forwarded once, to a node that is known to be reachable, because a second try
// might write twice.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/dedup"
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/wire"
)

// toHome forwards the put to the first home from which this node heard a moment ago, or else to the
// first home that answers a ping. If no home answers, this node coordinates the put as a fallback,
// unless the quorum is strict.
func (r *routing) toHome() {
	n := r.c.n
	homes := n.members.homesIn(r.pref)
	var asked []string
	for _, h := range homes {
		if !n.detector.healthy(h) {
			continue
		}
		if n.detector.heardLately(h) {
			r.forward(h, "")
			return
		}
		asked = append(asked, h)
	}
	if len(asked) == 0 && r.req.Quorum.Strict { // no fallback may coordinate, so suspected homes are asked
		asked = slices.DeleteFunc(slices.Clone(homes), func(h string) bool { return !n.detector.connected(h) })
	}
	if len(asked) == 0 {
		r.withoutHome(homes)
		return
	}
	waiting, chosen := len(asked), false
	for _, h := range asked {
		n.calls.begin(h, r.req.Request, wire.Ping{}, n.cfg.Timings.Patience, callbacks{
			answer: func(wire.Body) {
				if !chosen {
					chosen = true
					r.forward(h, "")
				}
			},
			silent: func() {
				if waiting--; waiting == 0 && !chosen {
					r.withoutHome(homes)
				}
			},
		})
	}
}

// withoutHome coordinates the put on this node, which is a fallback, or refuses the put if its
// quorum is strict.
func (r *routing) withoutHome(homes []string) {
	if !r.req.Quorum.Strict {
		r.coordinate()
		return
	}
	name := r.c.n.cfg.Name
	r.end(wire.PutReply{
		Err: wire.QuorumNotReached, Coordinator: name, Missing: slices.Clone(homes),
		Message: fmt.Sprintf("%s reaches no home of the key (%s), and a strict quorum has no fallbacks",
			name, strings.Join(homes, " ")),
	})
}

// forward gives the put to home. The argument why is for watchers: event.Fastest or "". If the home
// falls silent, this node does not know whether the home has written.
func (c *coordinator) forward(home string, req wire.PutRequest, why string, respond func(wire.PutReply)) {
	n := c.n
	if mutant.Is(mutant.ForwardWithoutContext) && !req.Delete {
		req.Context = nil
	}
	n.emit(event.Event{Kind: event.Forwarded, Request: req.Request, Key: req.Key, Peer: home, Message: why})
	n.calls.begin(home, req.Request, wire.Forward{Put: req}, n.cfg.Timings.Request+n.cfg.Timings.Patience, callbacks{
		answer: func(b wire.Body) {
			r, ok := b.(wire.ForwardReply)
			if !ok {
				r.Reply = wire.PutReply{
					Err: wire.BadRequest, Unknown: true, Coordinator: home,
					Message: home + " answered something other than the put; get the key before you try again",
				}
			}
			respond(r.Reply)
		},
		silent: func() {
			if mutant.Is(mutant.ForwardTriedTwice) {
				c.forward(home, req, why, respond)
				return
			}
			respond(wire.PutReply{
				Err: wire.QuorumNotReached, Unknown: true, Coordinator: home, Missing: []string{home},
				Message: home + " took the put and did not answer; it may have written, so get the key before you try again",
			})
		},
	})
}

// onForward coordinates a put that another node received.
func (c *coordinator) onForward(m wire.Message, f wire.Forward) {
	if !c.firstForward(m) && !mutant.Is(mutant.RepeatedForwardTaken) {
		return
	}
	o := origin{forwarded: &m}
	if err := c.busy(); err != nil {
		c.answerPut(o, &f.Put, wire.PutReply{Err: wire.Overloaded, Coordinator: c.n.cfg.Name, Message: err.Error()})
		return
	}
	c.coordinate(f.Put, o)
}

// firstForward reports whether the network delivers a forwarded put for the first time.
func (c *coordinator) firstForward(m wire.Message) bool {
	w := c.forwards[m.From]
	if w == nil {
		w = &dedup.Window{}
		c.forwards[m.From] = w
	}
	return w.First(m.Op)
}
