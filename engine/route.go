package engine

// §5: which node coordinates a put. "Any of the top N nodes in the preference list is allowed to
// coordinate the writes. In particular, since each write usually follows a read operation, the
// coordinator for a write is chosen to be the node that replied fastest to the previous read
// operation which is stored in the context information of the request." That node is likely to
// answer the client's next get first as well, so that clients see their own writes more often.
//
// Deviations: a client that sends a put to one of the top N has chosen the coordinator. A node that
// does not answer a ping is passed over.

import (
	"cmp"
	"fmt"

	"ringside/engine/dedup"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/quorum"
	"ringside/engine/wire"
)

// MaxRequests bounds the client requests that a node works on at once, each until its last replica
// has answered or was given up. Further requests are refused with wire.Overloaded. A request may
// hold a value in memory.
const MaxRequests = 4096

// coordinator receives the requests of clients. It runs gets and puts, or forwards puts. It
// implements quorum.Cluster.
type coordinator struct {
	n        *Node
	requests int                      // client requests that the node works on
	forwards map[string]*dedup.Window // puts that other nodes forwarded, by sender
	contexts *wire.Sealer             // of the cluster
}

func newCoordinator(n *Node) *coordinator {
	return &coordinator{n: n, forwards: map[string]*dedup.Window{}, contexts: wire.NewSealer(n.cfg.Secret)}
}

// Replicas returns the number of homes of a key.
func (c *coordinator) Replicas() int { return c.n.members.replicas() }

// Healthy reports whether node is believed to answer.
func (c *coordinator) Healthy(node string) bool { return c.n.detector.healthy(node) }

// Connected reports whether a message to node may arrive.
func (c *coordinator) Connected(node string) bool { return c.n.detector.connected(node) }

// Leavers lists the nodes that leave and have not handed over yet what they hold. Nodes that were
// removed are not among them.
func (c *coordinator) Leavers() []string {
	var out []string
	for _, node := range c.n.members.leavers {
		if last, _ := c.n.members.history.Last(node); last.Kind == member.Leave {
			out = append(out, node)
		}
	}
	return out
}

// done notes that the node no longer works on a client's request.
func (c *coordinator) done() { c.requests-- }

// busy returns why a further request has to be refused, nil if there is room for it.
func (c *coordinator) busy() error {
	if c.requests < MaxRequests && (c.requests == 0 || !c.n.buggify(FewRequests)) {
		return nil
	}
	return fmt.Errorf("%s works on %d requests already; try again", c.n.cfg.Name, c.requests)
}

// withDefaults fills in what a client's quorum leaves open, and checks the number that the request
// needs: R if it reads, W otherwise. So a ring that has shrunk below W can still be read, and one
// below R be written.
func (c *coordinator) withDefaults(q wire.Quorum, reads bool) (wire.Quorum, error) {
	cfg := &c.n.cfg
	q.R, q.W, q.Strict = cmp.Or(q.R, cfg.Quorum.R), cmp.Or(q.W, cfg.Quorum.W), c.strict(q)
	name, want, primaries := "W", q.W, q.PW
	if reads {
		name, want, primaries = "R", q.R, q.PR
	}
	most := c.Replicas()
	switch {
	case q.N < 0 || q.N > most:
		return q, fmt.Errorf("%s=%d: want 1 to the cluster's N=%d", "N", q.N, most)
	case q.N > 0:
		most = q.N
	}
	switch {
	case want < 1 || want > most:
		return q, fmt.Errorf("%s=%d: want 1 to N=%d", name, want, most)
	case primaries < 0 || primaries > most:
		return q, fmt.Errorf("%s=%d: want 0 to N=%d", "P"+name, primaries, most)
	}
	return q, nil
}

// readNeed and writeNeed return what a quorum with all its numbers needs.
func readNeed(q wire.Quorum) quorum.Need {
	return quorum.Need{Count: q.R, Primaries: q.PR, Homes: q.N, Strict: q.Strict}
}

func writeNeed(q wire.Quorum) quorum.Need {
	return quorum.Need{Count: q.W, Primaries: q.PW, Homes: q.N, Strict: q.Strict}
}

// strict reports whether only homes count in a request with the quorum q.
func (c *coordinator) strict(q wire.Quorum) bool { return q.Strict || c.n.cfg.Quorum.Strict }

// quorumOf returns the quorum of a request for events.
func (c *coordinator) quorumOf(q wire.Quorum) event.Quorum { return event.QuorumOf(c.strict(q)) }

// A routing is a client's put on its way to its coordinator. The put counts in coordinator.requests
// until another node's answer arrives, or until this node coordinates the put.
type routing struct {
	c    *coordinator
	req  wire.PutRequest
	pref []string // the preference list of the key
	home bool     // this node is a home of the key
	origin
}

// route gives a client's put to its coordinator, the first of these nodes that exists:
//
//  1. this node, if it is a home and the client chose it (the put is not Balanced);
//  2. the home that answered the client's last get first, if that home is reachable;
//  3. this node, if it is a home;
//  4. a home that is reachable (see toHome).
func (c *coordinator) route(req wire.PutRequest, o origin) {
	n := c.n
	pref := n.members.preference(req.Key)
	home := n.members.isHome(n.cfg.Name, pref)
	if home && !req.Balanced || n.cfg.Off.Forwarding {
		c.coordinate(req, o)
		return
	}
	r := &routing{c: c, req: req, pref: pref, home: home, origin: o}
	c.requests++
	fastest := c.fastest(req)
	if fastest == n.cfg.Name || !n.members.isHome(fastest, pref) || !n.detector.healthy(fastest) {
		r.withoutFastest()
		return
	}
	c.ifReachable(fastest, req.Request, func() { r.forward(fastest, event.Fastest) }, r.withoutFastest)
}

// withoutFastest routes a put for which no reachable home was fastest.
func (r *routing) withoutFastest() {
	if r.home {
		r.coordinate()
	} else {
		r.toHome()
	}
}

// coordinate ends the routing: this node coordinates the put, which then counts itself.
func (r *routing) coordinate() {
	r.c.done()
	r.c.coordinate(r.req, r.origin)
}

// forward gives the put to home, whose answer ends the routing.
func (r *routing) forward(home, why string) { r.c.forward(home, r.req, why, r.end) }

// end ends the routing with an answer for the client.
func (r *routing) end(reply wire.PutReply) {
	r.c.done()
	r.c.answerPut(r.origin, &r.req, reply)
}

// fastest returns the node that answered the client's last get first, as the put's context says. It
// returns "" if the context names no node or is not valid.
func (c *coordinator) fastest(req wire.PutRequest) string {
	if len(req.Context) == 0 {
		return ""
	}
	ctx, err := c.contexts.Open(req.Key, req.Context)
	if err != nil {
		return ""
	}
	return ctx.Fastest
}

// ifReachable calls reachable if the peer has answered a moment ago or answers a ping, and silent
// otherwise.
func (c *coordinator) ifReachable(peer string, request uint64, reachable, silent func()) {
	if c.n.detector.heardLately(peer) {
		reachable()
		return
	}
	c.n.calls.begin(peer, request, wire.Ping{}, c.n.cfg.Timings.Patience, callbacks{
		answer: func(wire.Body) { reachable() },
		silent: silent,
	})
}

// seal makes the token of a context for a client.
func (c *coordinator) seal(key []byte, ctx wire.Context) []byte {
	if c.n.cfg.Truncate == 0 {
		ctx.Clock = ctx.Clock.Timeless() // nodes that do not truncate clocks need no times of pairs
	}
	return c.contexts.Seal(key, ctx)
}
