package engine

// §4.5 Execution of put(): the coordinator makes the new clock, writes locally,
// sends to the N highest-ranked reachable nodes, and succeeds once W of them,
// itself among them, hold the version durably. Where the replicas go is in
// sloppyquorum.go, how a put comes to its coordinator in coordinator.go and forward.go.

import (
	"cmp"
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/timers"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A put is the state machine of one put that this node coordinates.
type put struct {
	n       *Node
	req     wire.PutRequest
	quorum  wire.Quorum
	pref    []string
	version vclock.Version
	lww     bool            // only the latest version is kept
	all     vclock.Siblings // what every replica is sent: all the coordinator knows
	used    map[string]bool // nodes that were asked, or hold it already
	durable string          // the one that is asked for a durable write where the others have a buffer (§6.1)
	acks    []string
	hinted  []wire.Hint
	calls   []uint64
	waiting int // calls that neither answered nor fell silent
	replied bool
	last    *lastWrite      // nil unless last write wins
	lostTo  vclock.Siblings // what took the version's place under last write wins before that
	timeout *timers.Timer
	respond func(wire.PutReply)
}

// onClientPut begins a put that a client sent here.
func (n *Node) onClientPut(client uint64, req wire.PutRequest) {
	began := n.now
	op := "put"
	if req.Delete {
		op = "del"
	}
	n.emit(event.Event{Kind: event.Requested, Request: req.Request, Key: req.Key, Op: op})
	respond := func(r wire.PutReply) {
		r.Request, r.View = req.Request, n.staleView(req.View)
		e := event.Event{
			Kind: event.Replied, Request: req.Request, Key: req.Key, Op: op, Err: r.Err, Message: r.Message, Peer: r.Coordinator,
			Nodes: r.Acks, Hinted: r.Hinted, Count: len(r.Acks), Want: req.Quorum.W, Elapsed: n.now - began,
		}
		if r.Err == wire.OK {
			e.Versions = vclock.Siblings{r.Version}
		}
		n.emit(e)
		n.reply(client, r)
	}
	refuse := func(code wire.Code, err error) {
		respond(wire.PutReply{Err: code, Message: err.Error(), Coordinator: n.cfg.Name})
	}
	if err := n.busy(); err != nil {
		refuse(wire.Overloaded, err)
		return
	}
	if code, err := checkPut(req); err != nil {
		refuse(code, err)
		return
	}
	q, err := n.quorum(req.Quorum, false)
	if err != nil {
		refuse(wire.BadRequest, err)
		return
	}
	req.Quorum = q
	n.choose(req, respond)
}

// checkPut refuses what no node should see.
func checkPut(req wire.PutRequest) (wire.Code, error) {
	switch {
	case len(req.Key) == 0:
		return wire.BadRequest, fmt.Errorf("the key is empty")
	case len(req.Key) > wire.MaxKey:
		return wire.TooLarge, fmt.Errorf("the key has %d bytes, the limit is %d", len(req.Key), wire.MaxKey)
	case len(req.Value) > wire.MaxValue:
		return wire.TooLarge, fmt.Errorf("the value has %d bytes, the limit is %d", len(req.Value), wire.MaxValue)
	case req.Delete && len(req.Context) == 0:
		return wire.BadRequest, fmt.Errorf("a delete needs the context of a get: without one it deletes nothing")
	case req.Delete && len(req.Value) > 0:
		return wire.BadRequest, fmt.Errorf("a delete carries no value")
	}
	return wire.OK, nil
}

// coordinate runs the put from here.
func (n *Node) coordinate(req wire.PutRequest, respond func(wire.PutReply)) {
	p := &put{
		n: n, req: req, quorum: req.Quorum, pref: n.members.preference(req.Key),
		used: map[string]bool{n.cfg.Name: true},
	}
	p.respond = func(r wire.PutReply) {
		p.replied = true
		r.Coordinator = n.cfg.Name
		respond(r)
	}
	plan := p.plan()
	if plan.reached < p.quorum.W {
		if mutant.Is(mutant.RefusedAfterWriting) {
			_, _ = p.stamp(plan)
		}
		p.respond(wire.PutReply{Err: wire.QuorumNotReached, Message: p.missing(plan), Missing: p.unheard(plan.nodes())})
		return
	}
	p.chooseDurable(plan.assigned)
	var code wire.Code
	var err error
	n.withDurability(p.isLazy(n.cfg.Name), func() { code, err = p.stamp(plan) })
	if err != nil {
		p.respond(wire.PutReply{Err: code, Message: err.Error()})
		return
	}
	n.requests++
	n.lastWrites.begin(p)
	p.timeout = n.after(n.cfg.Timings.Request, p.end)
	for _, a := range plan.assigned {
		if a.node == n.cfg.Name {
			p.acked(a)
			continue
		}
		p.replicate(a)
	}
	p.settle()
}

// stamp makes the new version (§4.4) and writes it locally: it joins what the
// coordinator knows of the key, and takes the place of what its context covers.
func (p *put) stamp(plan putPlan) (wire.Code, error) {
	n, key := p.n, p.req.Key
	var ctx wire.Context
	if len(p.req.Context) > 0 {
		var err error
		if ctx, err = wire.OpenContext(n.cfg.Secret, key, p.req.Context); err != nil {
			return wire.ContextRefused, fmt.Errorf("%w; get the key again", err)
		}
	}
	known, lww, code := n.records.known(key)
	if code == wire.Damaged { // what is merged from here mends it
		known, lww = nil, false
	}
	lww = lww || n.cfg.LWW
	home, standsIn := n.members.isHome(n.cfg.Name, p.pref), ""
	for _, a := range plan.assigned {
		if a.node == n.cfg.Name && a.home != a.node {
			standsIn = a.home
		}
	}
	if standsIn != "" && n.handoff.full() && !mutant.Is(mutant.OwnHintsUnbounded) { // before a dot is minted that no node keeps
		n.handoff.refuse(standsIn, key, p.req.Request, n.cfg.Name)
		return wire.Overloaded, n.cannotKeep(wire.Overloaded)
	}
	own := n.counters.mint(key, ctx.Clock.Merge(known.Context()))
	p.version = vclock.Version{
		Dot:  vclock.Dot{Actor: vclock.Actor{Node: n.cfg.Name, Epoch: own.Epoch}, Counter: own.Counter},
		Past: p.past(ctx.Clock, known, own, lww), Value: p.req.Value, Deleted: p.req.Delete,
		Request: p.req.Request, Literal: n.cfg.Literal,
		Time: max(n.stampTime(), ctx.Time+1), // later than all it has seen, whatever the clocks say
	}
	if mutant.Is(mutant.ContextTimeIgnored) {
		p.version.Time = int64(n.now)
	}
	p.all = reconcile(known, vclock.Siblings{p.version}, lww)
	seen := ctx.Clock
	if lww {
		seen = nil // whatever the client has seen, the put takes the place of all that is known
	}
	p.truncate(seen, known)
	if len(p.all) > n.maxSiblings() && (len(p.all) > n.maxSiblings()+1 || !mutant.Is(mutant.SiblingsOffByOne)) && !mutant.Is(mutant.SiblingsUnbounded) || len(p.all) > 1 && p.all.Size() > wire.MaxRecord {
		return wire.TooLarge, fmt.Errorf("the key has %d concurrent versions of %d bytes in all, the limits are %d and %d; get it and put the reconciled value with the context",
			len(p.all), p.all.Size(), n.maxSiblings(), wire.MaxRecord)
	}
	if k := len(p.all.Context()); k > wire.MaxClock {
		return wire.TooLarge, fmt.Errorf("the key's clock has %d entries, the limit is %d; put under another key", k, wire.MaxClock)
	}
	chosen := ""
	if ctx.Fastest == n.cfg.Name && home {
		chosen = event.Fastest
	}
	n.emit(event.Event{Kind: event.Coordinate, Request: p.req.Request, Key: key, Versions: vclock.Siblings{p.version}, Homes: p.n.members.homesIn(p.pref), For: standsIn, Nodes: plan.missing, Message: chosen})
	if !p.all.Has(p.version.Dot) { // a later clock wrote before: last write wins
		p.lostTo = p.all
	}
	u := update{key: key, siblings: p.all, lww: lww, own: &own, purpose: wire.Replicate, request: p.req.Request, peer: n.cfg.Name}
	switch {
	case home:
		code = n.records.merge(u)
	case standsIn != "":
		code = n.handoff.keep(standsIn, u)
	default: // this node keeps no replica, but it must keep the counter
		n.counters.keep(record.DataKey(key), own)
		code = wire.OK
	}
	if code != wire.OK {
		return code, n.cannotKeep(code)
	}
	p.lww = lww
	return wire.OK, nil
}

// maxSiblings is how many versions of a key the node adds to at most.
func (n *Node) maxSiblings() int { return cmp.Or(n.cfg.MaxSiblings, wire.MaxSiblings) }

func (n *Node) cannotKeep(code wire.Code) error {
	return fmt.Errorf("%s cannot keep the replica (%v): it holds %d hints, the limit is %d", n.cfg.Name, code, n.handoff.index.Len(), n.handoff.index.Max())
}

func (p *put) replicate(a assignment) {
	n := p.n
	w := wire.Write{Key: p.req.Key, Siblings: p.all, LWW: p.lww, Purpose: wire.Replicate, Lazy: p.isLazy(a.node)}
	if mutant.Is(mutant.SiblingsLeftBehind) {
		w.Siblings = vclock.Siblings{p.version}
	}
	e := event.Event{Kind: event.Replicate, Request: p.req.Request, Key: p.req.Key, Peer: a.node}
	if a.home != a.node && !mutant.Is(mutant.HintUnnamed) {
		w.For, e.For = a.home, a.home
	}
	n.emit(e)
	p.waiting++
	heard := false
	p.calls = append(p.calls, n.calls.begin(a.node, p.req.Request, w, n.cfg.Timings.Patience, call{
		keep: true, front: true,
		onAnswer: func(b wire.Body) {
			if !heard {
				heard = true
				p.waiting--
			}
			if r, ok := b.(wire.WriteReply); ok && r.Err == wire.OK {
				p.acked(a)
			} else {
				p.replace(a)
			}
			p.settle()
		},
		onSilent: func() {
			heard = true
			p.waiting--
			p.replace(a)
			p.settle()
		},
		onGone: p.settle,
	}))
}

// replace finds another stand-in for a replica that did not get through.
func (p *put) replace(a assignment) {
	if p.quorum.Strict {
		return
	}
	if s := p.nextStandIn(p.n.detector.healthy); s != "" {
		if a.node == p.durable {
			p.durable = s
		}
		p.replicate(assignment{s, a.home})
	}
}

// acked counts a node that holds the version, durably unless it was asked to be lazy: by
// node, never by number alone.
func (p *put) acked(a assignment) {
	if slices.Contains(p.acks, a.node) && !mutant.Is(mutant.AckByCount) {
		return
	}
	p.acks = append(p.acks, a.node)
	p.last.hears(a.node, p.n.now)
	if a.home != a.node {
		p.hinted = append(p.hinted, wire.Hint{Holder: a.node, For: a.home})
	}
	e := event.Event{Kind: event.Ack, Request: p.req.Request, Key: p.req.Key, Peer: a.node, For: standsInFor(a), Count: len(p.acks), Want: p.quorum.W}
	if p.isLazy(a.node) {
		e.Op = event.OpBuffered
	}
	p.n.emit(e)
}

func standsInFor(a assignment) string {
	if a.home == a.node {
		return ""
	}
	return a.home
}

// settle answers the client as soon as the outcome is known, and ends the
// machine once every replica has answered or been given up.
func (p *put) settle() {
	n := p.n
	if !p.replied && (len(p.acks) >= p.quorum.W || mutant.Is(mutant.AckShortOfW) && len(p.acks) == p.quorum.W-1) {
		v := p.version
		ctx := wire.Context{Clock: v.Clock(), Time: v.Time}
		switch {
		case mutant.Is(mutant.PutContextWithoutDot):
			ctx.Clock = v.Past
		case mutant.Is(mutant.PutContextOfSiblings):
			ctx.Clock = p.all.Context()
		}
		v.Value = nil
		p.last.succeeds(n.now)
		if len(p.lostTo) > 0 {
			n.lastWrites.report(p.req.Key, p.version, p.lostTo[0])
		}
		live := p.all.Live()
		p.respond(wire.PutReply{
			Version: v, Siblings: len(live), Deletes: len(p.all) - len(live), Acks: slices.Clone(p.acks), Hinted: slices.Clone(p.hinted),
			Context: n.seal(p.req.Key, ctx), LostTo: withoutValues(p.lostTo),
		})
		if n.odd(HastyPut) {
			p.end()
			return
		}
	}
	if p.waiting > 0 {
		return
	}
	if p.replied || !n.calls.mayAnswer(p.calls) {
		p.end()
	}
}

// end forgets the put; a client that was not answered yet never reached its quorum.
func (p *put) end() {
	for _, op := range p.calls {
		p.n.calls.abandon(op)
	}
	p.n.requests--
	p.timeout.Stop()
	if !p.replied {
		p.respond(wire.PutReply{
			Err: wire.QuorumNotReached, Unknown: !mutant.Is(mutant.TimeoutSaysRefused), Acks: p.acks, Hinted: p.hinted,
			Message: fmt.Sprintf("W=%d, but %s acknowledged in time; the write stays where it is and may be seen later", p.quorum.W, onlyOr(p.acks)),
			Missing: p.unheard(p.acks),
		})
	}
	p.n.lastWrites.end(p)
}
