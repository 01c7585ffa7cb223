package engine

// §4.5: "the node that receives the request will not coordinate it if the node is
// not in the top N of the requested key's preference list. Instead, that node will
// forward the request" to one of the top N. It is handed over once, to one that is
// known to be there: a second try could write twice.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/dedup"
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/wire"
)

// route hands the put to the best-ranked home that is known to be there now,
// asking first if none was heard of lately. With no home left the node
// coordinates as a stand-in itself, unless only homes may.
func (n *Node) route(req wire.PutRequest, pref []string, answer func(wire.PutReply)) {
	n.requests++
	respond := func(r wire.PutReply) {
		n.requests--
		answer(r)
	}
	var homes []string
	for _, h := range n.members.homesIn(pref) {
		if !n.detector.healthy(h) {
			continue
		}
		if n.detector.heardLately(h) {
			n.forward(h, req, "", respond)
			return
		}
		homes = append(homes, h)
	}
	if len(homes) == 0 && req.Quorum.Strict { // nobody may stand in, so ask those that are only suspected
		homes = slices.DeleteFunc(slices.Clone(n.members.homesIn(pref)), func(h string) bool { return !n.detector.connected(h) })
	}
	waiting, chosen := len(homes), false
	standIn := func() {
		if waiting > 0 || chosen {
			return
		}
		if req.Quorum.Strict {
			respond(wire.PutReply{Err: wire.QuorumNotReached, Coordinator: n.cfg.Name, Missing: slices.Clone(n.members.homesIn(pref)),
				Message: fmt.Sprintf("%s reaches no home of the key (%s), and a strict quorum has no stand-ins", n.cfg.Name, strings.Join(n.members.homesIn(pref), " "))})
			return
		}
		n.requests-- // the put counts for itself from here
		n.coordinate(req, answer)
	}
	for _, h := range homes {
		n.calls.begin(h, req.Request, wire.Ping{}, n.cfg.Timings.Patience, call{
			onAnswer: func(wire.Body) {
				if !chosen {
					chosen = true
					n.forward(h, req, "", respond)
				}
			},
			onSilent: func() { waiting--; standIn() },
		})
	}
	standIn()
}

// forward hands the put to home, and why says why to that one. If the home falls silent
// nobody can tell whether it wrote.
func (n *Node) forward(home string, req wire.PutRequest, why string, respond func(wire.PutReply)) {
	if mutant.Is(mutant.ForwardWithoutContext) && !req.Delete {
		req.Context = nil
	}
	n.emit(event.Event{Kind: event.Forwarded, Request: req.Request, Key: req.Key, Peer: home, Message: why})
	n.calls.begin(home, req.Request, wire.Forward{Put: req}, n.cfg.Timings.Request+n.cfg.Timings.Patience, call{
		onAnswer: func(b wire.Body) {
			r, ok := b.(wire.ForwardReply)
			if !ok {
				r.Reply = wire.PutReply{Err: wire.BadRequest, Message: home + " answered something else than the put", Coordinator: home, Unknown: true}
			}
			respond(r.Reply)
		},
		onSilent: func() {
			if mutant.Is(mutant.ForwardTriedTwice) {
				n.forward(home, req, why, respond)
				return
			}
			respond(wire.PutReply{Err: wire.QuorumNotReached, Unknown: true, Coordinator: home, Missing: []string{home},
				Message: fmt.Sprintf("%s took the put and was not heard of again; it may have been written: get the key before you try again", home)})
		},
	})
}

// onForward coordinates what another node received.
func (n *Node) onForward(m wire.Message, f wire.Forward) {
	if n.forwards[m.From] == nil {
		n.forwards[m.From] = &dedup.Window{}
	}
	if !n.forwards[m.From].First(m.Op) && !mutant.Is(mutant.RepeatedForwardTaken) {
		return
	}
	if err := n.busy(); err != nil {
		n.answer(m, wire.ForwardReply{Reply: wire.PutReply{Err: wire.Overloaded, Coordinator: n.cfg.Name, Message: err.Error()}})
		return
	}
	n.coordinate(f.Put, func(r wire.PutReply) { n.answer(m, wire.ForwardReply{Reply: r}) })
}
