package engine

// §4.5 Execution of put(): the coordinator makes the version and its clock, writes locally, sends
// the version to the N highest-ranked reachable nodes, and succeeds once W nodes hold the version
// durably, itself among them. A put goes from route (route.go, forward.go) to coordinate, and
// from there to the answer. Where the replicas go is in package quorum.

import (
	"fmt"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/quorum"
	"ringside/engine/timers"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A put is the state machine of one put that this node coordinates.
type put struct {
	n         *Node
	req       wire.PutRequest
	replicas  *quorum.Write
	questions questions
	durable   string // the node that must write durably; the others may use their object buffer (§6.1)
	replied   bool
	timeout   timers.Timer
	origin

	version vclock.Version  // set by stamp, as are the following
	stamped vclock.Siblings // the version alone
	toHomes wire.Body       // the latest message to a home; nil before the first one
	all     vclock.Siblings // what every replica is sent: all that the coordinator knows of the key
	lww     bool            // only the latest version is kept
	lostTo  vclock.Siblings // the version that took the place of this one before the client was answered
	last    *lastWrite      // nil unless last write wins
}

// An origin says where a put came from, and so where its reply goes: to a client of this node, or
// to the node that forwarded the put.
type origin struct {
	client    uint64
	began     time.Duration
	forwarded *wire.Message // nil for a put that a client sent here
}

// answerPut gives a put's reply to its origin.
func (c *coordinator) answerPut(o origin, req *wire.PutRequest, r wire.PutReply) {
	n := c.n
	if o.forwarded != nil {
		n.answer(*o.forwarded, wire.ForwardReply{Reply: r})
		return
	}
	r.Request, r.Digest = req.Request, c.newerDigest(req.Digest)
	e := event.Event{
		Kind: event.Replied, Request: req.Request, Key: req.Key, Op: opOf(req), Err: r.Err, Message: r.Message,
		Peer: r.Coordinator, Nodes: r.Acks, Hinted: r.Hinted, Count: len(r.Acks), Want: req.Quorum.W,
		Elapsed: n.now - o.began,
	}
	if r.Err == wire.OK {
		e.Versions = vclock.Siblings{r.Version}
	}
	n.emit(e)
	n.reply(o.client, r)
}

// opOf returns the name of a put in events.
func opOf(req *wire.PutRequest) string {
	if req.Delete {
		return "del"
	}
	return "put"
}

// onPut begins a put that a client sent here.
func (c *coordinator) onPut(client uint64, req wire.PutRequest) {
	c.n.emit(event.Event{
		Kind: event.Requested, Request: req.Request, Key: req.Key, Op: opOf(&req),
		Quorum: c.quorumOf(req.Quorum), Context: event.ContextOf(req.Context),
	})
	o := origin{client: client, began: c.n.now}
	code, err := c.admitPut(&req)
	if err != nil {
		c.answerPut(o, &req, wire.PutReply{Err: code, Message: err.Error(), Coordinator: c.n.cfg.Name})
		return
	}
	c.route(req, o)
}

// admitPut checks a client's put before a replica is asked, and fills in what its quorum leaves
// open.
func (c *coordinator) admitPut(req *wire.PutRequest) (wire.Code, error) {
	if err := c.busy(); err != nil {
		return wire.Overloaded, err
	}
	if code, err := checkPut(*req); err != nil {
		return code, err
	}
	q, err := c.withDefaults(req.Quorum, false)
	if err != nil {
		return wire.BadRequest, err
	}
	req.Quorum = q
	return wire.OK, nil
}

// checkPut checks the parts of a put that do not depend on the node.
func checkPut(req wire.PutRequest) (wire.Code, error) {
	switch {
	case len(req.Key) == 0:
		return wire.BadRequest, fmt.Errorf("the key is empty")
	case len(req.Key) > wire.MaxKey:
		return wire.TooLarge, fmt.Errorf("the key has %d bytes, the limit is %d", len(req.Key), wire.MaxKey)
	case len(req.Value) > wire.MaxValue:
		return wire.TooLarge, fmt.Errorf("the value has %d bytes, the limit is %d", len(req.Value), wire.MaxValue)
	case req.Delete && len(req.Context) == 0 && !req.Blind && !req.Overwrite:
		return wire.BadRequest, fmt.Errorf("a delete needs the context of a get: without one it deletes nothing")
	case len(req.Meta) > wire.MaxMeta:
		return wire.TooLarge, fmt.Errorf("the metadata has %d bytes, the limit is %d", len(req.Meta), wire.MaxMeta)
	case req.Delete && len(req.Value)+len(req.Meta) > 0:
		return wire.BadRequest, fmt.Errorf("a delete carries no value and no metadata")
	}
	return wire.OK, nil
}

// coordinate runs the put from this node.
func (c *coordinator) coordinate(req wire.PutRequest, o origin) {
	n := c.n
	p := newPut(c, req, o)
	plan := p.replicas.Plan(n.members.has(n.cfg.Name))
	if !p.replicas.Reachable(plan) {
		p.refuse(plan)
		return
	}
	p.chooseDurable(plan.Assigned)
	var code wire.Code
	var err error
	n.withDurability(p.isLazy(n.cfg.Name), func() { code, err = p.stamp(plan) })
	if err != nil {
		p.respond(wire.PutReply{Err: code, Message: err.Error()})
		return
	}
	c.requests++
	n.records.lastWrites.begin(p)
	p.timeout = n.later(n.cfg.Timings.Request, p)
	for _, a := range plan.Assigned {
		if a.Node == n.cfg.Name {
			p.acked(a)
		} else {
			p.replicate(a)
		}
	}
	p.settle()
}

func newPut(c *coordinator, req wire.PutRequest, o origin) *put {
	n := c.n
	p := &put{
		n: n, req: req, origin: o,
		replicas:  quorum.NewWrite(c, n.cfg.Name, n.members.preference(req.Key), writeNeed(req.Quorum)),
		questions: questions{n: n, request: req.Request},
	}
	p.questions.by = p
	return p
}

// respond gives the put's origin the reply.
func (p *put) respond(r wire.PutReply) {
	p.replied = true
	r.Coordinator = p.n.cfg.Name
	p.n.coordinator.answerPut(p.origin, &p.req, r)
}

// Run ends a put whose time is over.
func (p *put) Run() { p.end() }

// refuse answers a put that cannot reach W nodes, before anything is written.
func (p *put) refuse(plan quorum.Plan) {
	if mutant.Is(mutant.RefusedAfterWriting) {
		_, _ = p.stamp(plan)
	}
	p.respond(wire.PutReply{
		Err: wire.QuorumNotReached, Message: p.shortfall(plan), Missing: p.replicas.Unheard(plan.Nodes()),
	})
}

// replicate sends the put's versions to the node of an assignment.
func (p *put) replicate(a quorum.Assignment) {
	w := p.write(a)
	p.n.emit(event.Event{
		Kind: event.Replicate, Request: p.req.Request, Key: p.req.Key, Peer: a.Node, For: w.(wire.Write).For,
	})
	p.questions.ask(a, w)
}

// write returns the message for the node of an assignment. Homes get the same one, which is made
// and encoded once.
func (p *put) write(a quorum.Assignment) wire.Body {
	home, lazy := a.For(), p.isLazy(a.Node)
	if mutant.Is(mutant.HintUnnamed) {
		home = ""
	}
	if w, ok := p.toHomes.(wire.Write); ok && home == "" && w.Lazy == lazy {
		return p.toHomes
	}
	w := wire.Write{Key: p.req.Key, Siblings: p.all, LWW: p.lww, For: home, Purpose: wire.Replicate, Lazy: lazy}
	if mutant.Is(mutant.SiblingsLeftBehind) {
		w.Siblings = vclock.Siblings{p.version}
	}
	if home != "" {
		return w
	}
	p.toHomes = w
	return p.toHomes
}

// answered takes a node's answer to its replica.
func (p *put) answered(a quorum.Assignment, answer wire.Body) {
	if r, ok := answer.(wire.WriteReply); ok && r.Err == wire.OK {
		p.acked(a)
	} else {
		p.replace(a)
	}
}

// silent replaces a node that did not answer in time.
func (p *put) silent(a quorum.Assignment) { p.replace(a) }

// replace sends the replica of a node that failed to the next fallback.
func (p *put) replace(a quorum.Assignment) {
	b, ok := p.replicas.Replace(a)
	if !ok {
		return
	}
	if a.Node == p.durable {
		p.durable = b.Node
	}
	p.replicate(b)
}

// acked counts a node that holds the version: durably, or in its object buffer if the node was
// asked to be lazy.
func (p *put) acked(a quorum.Assignment) {
	if !p.replicas.Ack(a) {
		return
	}
	p.last.hears(a.Node, p.n.now)
	e := event.Event{
		Kind: event.Ack, Request: p.req.Request, Key: p.req.Key, Peer: a.Node, For: a.For(),
		Count: p.replicas.Count(), Want: p.req.Quorum.W,
	}
	if p.isLazy(a.Node) {
		e.Op = event.OpBuffered
	}
	p.n.emit(e)
}

// settle answers the client as soon as the outcome is known. It ends the put once every replica has
// answered or was given up.
func (p *put) settle() {
	if !p.replied && p.replicas.Enough() {
		p.succeed()
		if p.n.buggify(HastyPut) {
			p.end()
			return
		}
	}
	if p.questions.hopeless() || p.replied && p.questions.waiting == 0 {
		p.end()
	}
}

// succeed tells the client that W nodes hold the version.
func (p *put) succeed() {
	n, v := p.n, p.version
	v.Value, v.Meta = nil, nil
	p.last.succeeds(n.now)
	if len(p.lostTo) > 0 {
		n.records.lastWrites.report(p.req.Key, p.version, p.lostTo[0])
	}
	live := p.all.Live()
	p.respond(wire.PutReply{
		Version: v, Siblings: len(live), Deletes: len(p.all) - len(live), Acks: p.replicas.Acks(), Hinted: p.hinted(),
		Primaries: p.primaries(), Context: n.coordinator.seal(p.req.Key, p.context()), LostTo: withoutValues(p.lostTo),
	})
}

// context returns what the client has seen with this put: the new version.
func (p *put) context() wire.Context {
	v := p.version
	if p.n.cfg.Truncate == 0 {
		v.Time = 0 // nodes that do not truncate clocks need no times of pairs
	}
	ctx := wire.Context{Clock: v.Clock(), Time: p.version.Time}
	switch {
	case mutant.Is(mutant.PutContextWithoutDot):
		ctx.Clock = p.version.Past
	case mutant.Is(mutant.PutContextOfSiblings):
		ctx.Clock = p.all.Context()
	}
	return ctx
}

// hinted lists the fallbacks that hold the version, each with its home.
func (p *put) hinted() []wire.Hint {
	var out []wire.Hint
	for _, a := range p.replicas.Fallbacks() {
		out = append(out, wire.Hint{Holder: a.Node, For: a.Home})
	}
	return out
}

// primaries returns the number of homes that hold the version, 0 if the client did not ask for
// homes.
func (p *put) primaries() int {
	if p.req.Quorum.PW == 0 {
		return 0
	}
	return p.replicas.Primaries()
}

// end ends the put. A client that was not answered yet is told that the quorum was not reached.
func (p *put) end() {
	p.questions.abandon()
	p.n.coordinator.done()
	p.timeout.Stop()
	if !p.replied {
		acks := p.replicas.Acks()
		p.respond(wire.PutReply{
			Err: wire.QuorumNotReached, Unknown: !mutant.Is(mutant.TimeoutSaysRefused), Acks: acks, Hinted: p.hinted(),
			Message: fmt.Sprintf("%s, but %s acknowledged in time; the write stays where it is and may be seen later",
				writeWants(p.req.Quorum), onlyOr(acks)),
			Primaries: p.primaries(),
			Missing:   p.replicas.Unheard(acks),
		})
	}
	p.n.records.lastWrites.end(p)
}
