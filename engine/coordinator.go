package engine

// §5: who coordinates a put. "Any of the top N nodes in the preference list is
// allowed to coordinate the writes. In particular, since each write usually follows a read
// operation, the coordinator for a write is chosen to be the node that replied fastest to
// the previous read operation which is stored in the context information of the request."
// That node is likely to answer the client's next get first, too, so that
// clients see their own writes more often. What deviates: a client that names one of the
// top N has chosen already, and a node that does not answer a ping is passed over.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// choose gives a client's put to its coordinator: the home that the client sent it to, else
// the one that was fastest, else this node if it is a home, else the first home that is there.
func (n *Node) choose(req wire.PutRequest, respond func(wire.PutReply)) {
	pref := n.members.preference(req.Key)
	home := n.members.isHome(n.cfg.Name, pref)
	otherwise := func() {
		if home {
			n.coordinate(req, respond)
		} else {
			n.route(req, pref, respond)
		}
	}
	if home && !req.Balanced {
		otherwise()
		return
	}
	fastest := n.fastest(req)
	if fastest == n.cfg.Name || !n.members.isHome(fastest, pref) || !n.detector.healthy(fastest) {
		otherwise()
		return
	}
	n.requests++ // until somebody else counts it
	n.ifThere(fastest, req.Request, func() {
		n.forward(fastest, req, event.Fastest, func(r wire.PutReply) {
			n.requests--
			respond(r)
		})
	}, func() {
		n.requests--
		otherwise()
	})
}

// fastest is the node that the put's context names, "" if it names none or is refused later on.
func (n *Node) fastest(req wire.PutRequest) string {
	if len(req.Context) == 0 {
		return ""
	}
	ctx, err := wire.OpenContext(n.cfg.Secret, req.Key, req.Context)
	if err != nil {
		return ""
	}
	return ctx.Fastest
}

// ifThere does one or the other by whether peer is known to be there now: it pings
// first unless it heard from it a moment ago.
func (n *Node) ifThere(peer string, request uint64, there, silent func()) {
	if n.detector.heardLately(peer) {
		there()
		return
	}
	n.calls.begin(peer, request, wire.Ping{}, n.cfg.Timings.Patience, call{
		onAnswer: func(wire.Body) { there() },
		onSilent: silent,
	})
}

// firstHome is the home that answered first, "" if none did.
func (g *get) firstHome() string {
	i := slices.IndexFunc(g.answers, func(a readAnswer) bool { return a.home && !a.damaged && !a.pending })
	if i < 0 {
		return ""
	}
	return g.answers[i].node
}
