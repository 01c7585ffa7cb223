package engine

// §4.5 Execution of get(): any node coordinates a read. It asks the N highest-ranked reachable
// nodes, answers once R of them have answered, and returns all causally unrelated versions with a
// context that covers them. Which nodes are asked, and when their answers are enough, is in package
// quorum.

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/quorum"
	"ringside/engine/timers"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A get is the state machine of one get.
type get struct {
	n         *Node
	client    uint64
	req       wire.GetRequest
	began     time.Duration
	quorum    wire.Quorum
	replicas  *quorum.Read
	digest    uint64 // of the history whose ring has the preference list
	questions questions
	question  wire.Body // the same to all nodes
	lww       bool      // only the latest version is kept
	replied   bool
	timeout   timers.Timer
}

// onGet begins a get that a client sent here.
func (c *coordinator) onGet(client uint64, req wire.GetRequest) {
	n := c.n
	n.emit(event.Event{
		Kind: event.Requested, Request: req.Request, Key: req.Key, Op: "get", Quorum: c.quorumOf(req.Quorum),
	})
	g := &get{
		n: n, client: client, req: req, began: n.now,
		digest: n.members.digest, questions: questions{n: n, request: req.Request}, lww: n.cfg.LWW,
	}
	g.questions.by = g
	if err := c.busy(); err != nil {
		g.refuse(wire.Overloaded, err)
		return
	}
	if len(req.Key) == 0 || len(req.Key) > wire.MaxKey {
		g.refuse(wire.BadRequest, fmt.Errorf("the key has %d bytes, want 1 to %d", len(req.Key), wire.MaxKey))
		return
	}
	var err error
	if g.quorum, err = c.withDefaults(req.Quorum, true); err != nil {
		g.refuse(wire.BadRequest, err)
		return
	}
	g.replicas = quorum.NewRead(c, n.members.preference(req.Key), readNeed(g.quorum))
	targets := g.replicas.Targets()
	if len(targets) < g.quorum.R || !g.replicas.Reachable(targets) {
		g.reply(wire.GetReply{
			Err:     wire.QuorumNotReached,
			Message: fmt.Sprintf("%s, but %s; nothing was read", readWants(g.quorum), c.reaches(targets)),
			Missing: slices.DeleteFunc(g.replicas.Unheard(), func(node string) bool { return slices.Contains(targets, node) }),
		})
		return
	}
	c.requests++
	g.timeout = n.later(n.cfg.Timings.Request, g)
	g.askEach(targets)
	g.settle()
}

func (g *get) askEach(nodes []string) {
	for _, node := range nodes {
		g.ask(node)
	}
}

func (g *get) askAll(nodes iter.Seq[string]) {
	for node := range nodes {
		g.ask(node)
	}
}

// ask reads one replica. The node's own replica answers at once.
func (g *get) ask(node string) {
	n := g.n
	if node == n.cfg.Name {
		g.add(node, n.records.answer(g.req.Key, g.digest))
		return
	}
	n.emit(event.Event{Kind: event.ReadFrom, Request: g.req.Request, Key: g.req.Key, Peer: node})
	if g.question == nil {
		g.question = wire.Read{Key: g.req.Key}
	}
	g.questions.ask(quorum.Assignment{Node: node, Home: node}, g.question)
}

// answered takes the answer of a node that was asked.
func (g *get) answered(a quorum.Assignment, answer wire.Body) {
	r, ok := answer.(wire.ReadReply)
	switch {
	case !ok:
	case r.Err == wire.OK || r.Err == wire.Damaged || r.Err == wire.Pending:
		g.add(a.Node, r)
	default: // the node cannot answer now
		g.askNext()
	}
}

// silent asks another node in place of one that did not answer in time.
func (g *get) silent(a quorum.Assignment) {
	g.replicas.Silent(a.Node)
	g.askNext()
}

// Run ends a get whose time is over.
func (g *get) Run() { g.end() }

// askNext asks the next healthy node of the preference list in place of another one.
func (g *get) askNext() {
	if g.replied {
		return
	}
	if node := g.replicas.Next(); node != "" {
		g.ask(node)
	}
}

// add handles the answer of one node.
func (g *get) add(node string, r wire.ReadReply) {
	g.lww = g.lww || r.LWW
	a := quorum.Answer{
		Node: node, Siblings: r.Siblings, Lost: r.Lost, Home: r.Home,
		Damaged: r.Err == wire.Damaged, Pending: r.Err == wire.Pending, Returned: r.Returned,
	}
	g.replicas.Add(a)
	g.n.emit(event.Event{
		Kind: event.ReadReply, Request: g.req.Request, Key: g.req.Key, Peer: node, Versions: r.Siblings,
		Err: r.Err, Count: g.replicas.Count(), Want: g.quorum.R,
	})
	if !g.replied { // a later answer can only lead to read repair
		g.followRange(a, r.Ask)
	}
}

// followRange looks for a key whose range is being transferred (§4.9). While a key range moves, its
// new home answers with what it has got so far, and names the nodes that held the range before. The
// get asks one of them in its place. So R answers still come from nodes that saw every write, and a
// key that is being transferred is not taken for one that does not exist.
func (g *get) followRange(a quorum.Answer, holders []string) {
	if !a.Pending {
		g.askEach(g.replicas.HandedOver(a))
		return
	}
	if node := g.replicas.Earlier(holders); node != "" {
		g.ask(node)
	} else {
		g.askNext()
	}
}

// askMore asks further nodes when the nodes that were asked have answered or fallen silent, and
// their answers are not enough.
func (g *get) askMore() {
	m := g.n.members
	if g.digest != m.digest { // the ring has changed since the get began
		g.digest = m.digest
		g.askAll(g.replicas.NewHomes(m.preference(g.req.Key)))
	}
	if g.quorum.Strict {
		return
	}
	g.askAll(g.replicas.SuspectedHomes())
	if g.questions.waiting == 0 && g.replicas.FoundNothing() {
		g.askAll(g.replicas.Beyond())
	}
	if g.questions.waiting == 0 && g.replicas.Relax() && g.replicas.Enough() {
		g.succeed()
	}
}

// merged returns what all answers together hold (§4.4 syntactic reconciliation).
func (g *get) merged() vclock.Siblings {
	var s vclock.Siblings
	answers := g.replicas.Answers()
	if mutant.Is(mutant.LastAnswerUnmerged) && !g.replied {
		answers = answers[:max(1, len(answers)-1)]
	}
	for _, a := range answers {
		s = reconcile(s, a.Siblings, g.lww)
	}
	return s
}

// settle answers the client once the answers are enough, then waits a little for the others (§5).
// It ends the get when there is nothing left to wait for.
func (g *get) settle() {
	n := g.n
	if !g.replied && g.replicas.FoundNothing() {
		g.askAll(g.replicas.Confirm())
	}
	if !g.replied && g.replicas.Enough() {
		g.succeed()
		g.timeout.Stop()
		g.timeout = n.later(n.cfg.Timings.RepairGrace, g)
		if n.buggify(HastyGet) {
			g.end()
			return
		}
	}
	if !g.replied && g.questions.waiting == 0 {
		g.askMore()
	}
	if g.questions.hopeless() || g.replied && g.questions.waiting == 0 {
		g.end()
	}
}

// succeed answers the client with the versions that the answers hold.
func (g *get) succeed() {
	s := g.merged()
	if len(s) > wire.MaxMerged || s.Size() > event.MaxMergedBytes {
		g.fail(wire.TooLarge, fmt.Sprintf(
			"the key has %d concurrent versions of %d bytes in all, more than one answer holds; "+
				"get it with -R 1 and reconcile what that gives", len(s), s.Size()))
		return
	}
	if len(s) > 1 {
		g.n.emit(event.Event{Kind: event.Reconciled, Request: g.req.Request, Key: g.req.Key, Versions: s})
	}
	if mutant.Is(mutant.SiblingLeftOut) && len(s) > 2 {
		s = s[1:]
	}
	live := s.Live()
	var deleted vclock.Siblings
	if len(live) < len(s) {
		deleted = slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return !v.Deleted })
	}
	switch {
	case mutant.Is(mutant.OneSiblingShown):
		live = live[:min(len(live), 1)]
	case mutant.Is(mutant.ContextWithoutTombstones):
		s = live
	}
	g.reply(wire.GetReply{
		Siblings: live, Tombstones: deleted, Replied: g.replicas.Counted(),
		Context: g.n.coordinator.seal(g.req.Key, g.context(s)), Lost: g.lost(),
		Primaries: g.primaries(),
	})
}

// context returns what a client has seen that gets s.
func (g *get) context(s vclock.Siblings) wire.Context {
	ctx := wire.Context{Time: latest(s), Fastest: g.replicas.FirstHome()}
	if len(s) == 1 && g.n.cfg.Truncate == 0 {
		v := s[0]
		v.Time = 0 // nodes that do not truncate clocks need no times of pairs
		ctx.Clock = v.Clock()
	} else {
		ctx.Clock = s.Context()
	}
	switch {
	case mutant.Is(mutant.ContextWithoutGaps):
		ctx.Clock = ctx.Clock.Compact(wire.MaxClock)
	case mutant.Is(mutant.ContextWithoutTime):
		ctx.Time = 0
	}
	return ctx
}

// lost returns the versions lost to last write wins that the answers name, sorted by dot.
func (g *get) lost() vclock.Siblings {
	var out vclock.Siblings
	for _, a := range g.replicas.Answers() {
		for _, v := range a.Lost {
			if !out.Has(v.Dot) {
				out = append(out, v)
			}
		}
	}
	return sortedByDot(out)[:min(len(out), wire.MaxMerged)]
}

// primaries returns the number of homes among the answers that count, 0 if the client did not ask
// for homes.
func (g *get) primaries() int {
	if g.quorum.PR == 0 {
		return 0
	}
	return g.replicas.Primaries()
}

// refuse answers the client before any replica was asked.
func (g *get) refuse(code wire.Code, err error) {
	g.reply(wire.GetReply{Err: code, Message: err.Error()})
}

// fail answers the client after replicas were asked.
func (g *get) fail(code wire.Code, message string) {
	r := wire.GetReply{Err: code, Message: message, Replied: g.replicas.Counted(), Primaries: g.primaries()}
	if code == wire.QuorumNotReached {
		r.Missing = g.replicas.Unheard()
	}
	g.reply(r)
}

func (g *get) reply(r wire.GetReply) {
	n := g.n
	g.replied = true
	r.Request, r.Coordinator, r.Digest = g.req.Request, n.cfg.Name, n.coordinator.newerDigest(g.req.Digest)
	n.emit(event.Event{
		Kind: event.Replied, Request: g.req.Request, Key: g.req.Key, Op: "get", Err: r.Err, Message: r.Message,
		Peer: n.cfg.Name, Versions: r.Siblings, Nodes: r.Replied, Count: len(r.Replied), Want: g.quorum.R,
		Elapsed: n.now - g.began,
	})
	n.reply(g.client, r)
}

// end ends the get. A client that was not answered yet is told that the quorum was not reached.
// Homes that answered with too little are repaired.
func (g *get) end() {
	g.questions.abandon()
	if g.replied || !mutant.Is(mutant.RequestNeverOver) {
		g.n.coordinator.done()
	}
	g.timeout.Stop()
	if !g.replied {
		g.fail(wire.QuorumNotReached, g.shortfall())
	}
	if !g.req.NoRepair && !g.n.cfg.Off.ReadRepair {
		g.repair()
	}
}
