package engine

// §4.5 Execution of get(): any node coordinates a read. It asks the N
// highest-ranked reachable nodes, answers once R of them have, and returns every
// causally unrelated version with a context that covers them all. When it may say that there is no
// version is in absence.go.

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/timers"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A get is the state machine of one get.
type get struct {
	n       *Node
	client  uint64
	req     wire.GetRequest
	quorum  wire.Quorum
	pref    []string
	view    uint64 // of the ring that pref is of
	began   time.Duration
	used    map[string]bool
	silent  map[string]bool // asked, and no answer in time
	reached []string        // that could have been asked, of a get that was refused at once
	instead map[string]bool // asked because they held the key before a home that is not given it yet
	again   bool            // such homes were asked a second time
	beyond  bool            // all nodes beyond the homes were asked for hints
	recheck recheck         // of homes that hints may have reached since they answered
	lenient bool            // answers of homes that are not given the key yet count if they hold something
	answers []readAnswer    // one a node, in the order in which they came
	lww     bool
	calls   []uint64
	waiting int // calls that neither answered nor fell silent
	replied bool
	timeout *timers.Timer
}

// A readAnswer is what one node holds.
type readAnswer struct {
	node     string
	siblings vclock.Siblings
	home     bool            // it speaks as a home of the key
	lost     vclock.Siblings // to last write wins, as it remembers
	damaged  bool            // it holds a record that fails its checksum
	pending  bool            // it was not given the key's range yet
}

func (n *Node) onGet(client uint64, req wire.GetRequest) {
	n.emit(event.Event{Kind: event.Requested, Request: req.Request, Key: req.Key, Op: "get"})
	g := &get{
		n: n, client: client, req: req, began: n.now, used: map[string]bool{}, silent: map[string]bool{}, instead: map[string]bool{}, lww: n.cfg.LWW,
		pref: n.members.preference(req.Key), view: n.members.digest,
	}
	err := n.busy()
	switch {
	case err != nil:
		g.fail(wire.Overloaded, err.Error())
		return
	case len(req.Key) == 0 || len(req.Key) > wire.MaxKey:
		g.fail(wire.BadRequest, fmt.Sprintf("the key has %d bytes, want 1 to %d", len(req.Key), wire.MaxKey))
		return
	}
	if g.quorum, err = n.quorum(req.Quorum, true); err != nil {
		g.fail(wire.BadRequest, err.Error())
		return
	}
	targets := g.targets()
	if len(targets) < g.quorum.R {
		g.reached = targets
		g.fail(wire.QuorumNotReached, fmt.Sprintf("R=%d, but %s; nothing was read", g.quorum.R, n.reaches(targets)))
		return
	}
	n.requests++
	g.timeout = n.after(n.cfg.Timings.Request, g.end)
	for _, t := range targets {
		g.ask(t)
	}
	g.settle()
}

// targets are the N highest-ranked reachable nodes. Those that are only
// suspected are asked too where there would be no quorum without them.
func (g *get) targets() []string {
	n, want := g.n, g.n.members.replicas()
	list := g.pref
	if g.quorum.Strict && !mutant.Is(mutant.StrictReadsStandIns) {
		list = g.pref[:want]
	}
	var out []string
	for _, node := range list {
		if len(out) < want && n.detector.healthy(node) {
			out = append(out, node)
			g.used[node] = true
		}
	}
	for _, node := range list { // homes come first in it
		if len(out) < g.quorum.R && !g.used[node] && n.detector.connected(node) {
			out = append(out, node)
			g.used[node] = true
		}
	}
	return out
}

// ask reads one replica; the node's own at once.
func (g *get) ask(node string) {
	n := g.n
	if node == n.cfg.Name {
		g.answered(node, n.records.answer(g.req.Key, g.view))
		return
	}
	n.emit(event.Event{Kind: event.ReadFrom, Request: g.req.Request, Key: g.req.Key, Peer: node})
	g.waiting++
	waits := true
	g.calls = append(g.calls, n.calls.begin(node, g.req.Request, wire.Read{Key: g.req.Key}, n.cfg.Timings.Patience, call{
		keep: true, front: true,
		onAnswer: func(b wire.Body) {
			if waits {
				waits = false
				g.waiting--
			}
			r, ok := b.(wire.ReadReply)
			switch {
			case !ok:
			case r.Err == wire.OK || r.Err == wire.Damaged || r.Err == wire.Pending:
				g.answered(node, r)
			default: // it is there, but cannot say now
				g.askNext()
			}
			g.settle()
		},
		onSilent: func() {
			waits = false
			g.waiting--
			g.silent[node] = true
			g.askNext()
			g.settle()
		},
		onGone: g.settle,
	}))
}

// askNext turns to the next healthy node of the preference list in place of a silent one.
func (g *get) askNext() {
	if g.quorum.Strict || g.replied {
		return
	}
	for _, node := range g.pref {
		if !g.used[node] && g.n.detector.healthy(node) {
			g.used[node] = true
			g.ask(node)
			return
		}
	}
}

// answered notes an answer. A damaged replica does not count toward R, but read
// repair mends it.
func (g *get) answered(node string, r wire.ReadReply) {
	g.lww = g.lww || r.LWW
	g.answers = slices.DeleteFunc(g.answers, func(a readAnswer) bool { return a.node == node }) // it was asked again
	g.answers = append(g.answers, readAnswer{node: node, siblings: r.Siblings, home: r.Home, lost: r.Lost, damaged: r.Err == wire.Damaged, pending: r.Err == wire.Pending})
	g.recheck.wanted = g.recheck.wanted || r.Returned && !r.Home
	if g.replied {
		return
	}
	g.n.emit(event.Event{Kind: event.ReadReply, Request: g.req.Request, Key: g.req.Key, Peer: node, Versions: r.Siblings, Err: r.Err, Count: len(g.counted()), Want: g.quorum.R})
	g.moved(node, r)
}

// askHomes turns to homes that were passed over because they are suspected, once
// those that were asked do not make a quorum.
func (g *get) askHomes() {
	for _, h := range g.n.members.homesIn(g.pref) {
		if !g.used[h] && g.n.detector.connected(h) {
			g.used[h] = true
			g.ask(h)
		}
	}
}

// counted lists the nodes whose answers count toward R. Those of damaged replicas do not. A stand-in
// that knows nothing counts only if the key was found, and only beside a home or where no home can
// answer any more: it cannot tell that there is nothing (see absence.go).
func (g *get) counted() []string {
	nothing, wait := g.foundNothing(), g.homeMayAnswer()
	var out []string
	for _, a := range g.answers {
		switch {
		case mutant.Is(mutant.PendingCounted) && a.pending:
		case a.damaged, a.pending && (!g.lenient || len(a.siblings) == 0):
			continue
		case (nothing || wait) && len(a.siblings) == 0 && !a.home:
			continue
		}
		out = append(out, a.node)
	}
	return out
}

// homeMayAnswer says whether no home has answered that was given the key, and one still could.
func (g *get) homeMayAnswer() bool {
	may := false
	for _, a := range g.answers {
		if a.home {
			return false
		}
		may = may || a.pending
	}
	for _, h := range g.n.members.homesIn(g.pref) {
		may = may || g.n.detector.connected(h) && !g.silent[h]
	}
	return may
}

// merged is what all answers together say (§4.4 syntactic reconciliation).
func (g *get) merged() vclock.Siblings {
	var s vclock.Siblings
	answers := g.answers
	if mutant.Is(mutant.LastAnswerUnmerged) && !g.replied {
		answers = answers[:max(1, len(answers)-1)]
	}
	for _, a := range answers {
		s = reconcile(s, a.siblings, g.lww)
	}
	return s
}

// settle answers the client once R have answered, then waits a little for
// the others (§5), and ends the machine when there is nothing left to wait for.
func (g *get) settle() {
	n := g.n
	if !g.replied {
		g.makeSure()
	}
	if !g.replied && g.decided() {
		g.succeed()
		g.timeout.Stop()
		g.timeout = n.after(n.cfg.Timings.RepairGrace, g.end)
		if n.odd(HastyGet) {
			g.end()
			return
		}
	}
	if !g.replied && g.waiting == 0 {
		g.askMore()
	}
	if g.waiting > 0 {
		return
	}
	if g.replied || !n.calls.mayAnswer(g.calls) {
		g.end()
	}
}

// decided says whether the answers are enough for the client.
func (g *get) decided() bool {
	got := len(g.counted())
	if got < g.quorum.R && !(mutant.Is(mutant.ReadShortOfR) && got == g.quorum.R-1) {
		return false
	}
	return !g.foundNothing() || g.absent()
}

func (g *get) succeed() {
	n, s := g.n, g.merged()
	if len(s) > wire.MaxMerged || s.Size() > wire.MaxFrame/2 {
		g.fail(wire.TooLarge, fmt.Sprintf("the key has %d concurrent versions of %d bytes in all, more than one answer holds; get it with -R 1 and reconcile what that gives", len(s), s.Size()))
		return
	}
	if len(s) > 1 {
		n.emit(event.Event{Kind: event.Reconciled, Request: g.req.Request, Key: g.req.Key, Versions: s})
	}
	if mutant.Is(mutant.SiblingLeftOut) && len(s) > 2 {
		s = s[1:]
	}
	live := s.Live()
	dead := slices.DeleteFunc(slices.Clone(s), func(v vclock.Version) bool { return !v.Deleted })
	switch {
	case mutant.Is(mutant.OneSiblingShown):
		live = live[:min(len(live), 1)]
	case mutant.Is(mutant.ContextWithoutTombstones):
		s = live
	}
	g.reply(wire.GetReply{
		Siblings: live, Tombstones: dead, Replied: g.counted(),
		Context: n.seal(g.req.Key, g.context(s)), Lost: g.lost(),
	})
}

// context is what a client has seen that gets s.
func (g *get) context(s vclock.Siblings) wire.Context {
	ctx := wire.Context{Clock: s.Context(), Time: latest(s), Fastest: g.firstHome()}
	switch {
	case mutant.Is(mutant.ContextWithoutGaps):
		ctx.Clock = ctx.Clock.Compact(wire.MaxClock)
	case mutant.Is(mutant.ContextWithoutTime):
		ctx.Time = 0
	}
	return ctx
}

func (g *get) fail(code wire.Code, message string) {
	r := wire.GetReply{Err: code, Message: message, Replied: g.counted()}
	if code == wire.QuorumNotReached {
		r.Missing = slices.DeleteFunc(g.unheard(), func(node string) bool { return slices.Contains(g.reached, node) })
	}
	g.reply(r)
}

func (g *get) reply(r wire.GetReply) {
	n := g.n
	g.replied = true
	r.Request, r.Coordinator, r.View = g.req.Request, n.cfg.Name, n.staleView(g.req.View)
	n.emit(event.Event{
		Kind: event.Replied, Request: g.req.Request, Key: g.req.Key, Op: "get", Err: r.Err, Message: r.Message, Peer: n.cfg.Name,
		Versions: r.Siblings, Nodes: r.Replied, Count: len(r.Replied), Want: g.quorum.R, Elapsed: n.now - g.began,
	})
	n.reply(g.client, r)
}

// end closes the machine: a client not yet answered never had its quorum, and
// the replicas that were found stale are mended.
func (g *get) end() {
	for _, op := range g.calls {
		g.n.calls.abandon(op)
	}
	if g.replied || !mutant.Is(mutant.RequestNeverOver) {
		g.n.requests--
	}
	g.timeout.Stop()
	if !g.replied {
		g.fail(wire.QuorumNotReached, g.shortfall())
	}
	if !g.req.NoRepair {
		g.repair()
	}
}
