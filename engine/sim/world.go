// Package sim hosts the engine's nodes in virtual time: a clock that jumps, a
// network that delays, loses, repeats and cuts, disks that lose what was not synced, and
// clients whose history a checker holds against its own causal graph. A run is drawn
// from one seed, so that it is a number; and its plan is data, so that it can be made
// smaller, written down and played again.
//
// It can fail: bugs that a test plants from outside (bug_test.go), and those of package mutant
// inside the engine, each make a property fall. Nodes can be made odd (oddity.go): limits that
// are reached at once, replies that wait for nobody. Whatever can go wrong or be odd is counted:
// a campaign in which something never did proves nothing about it.
package sim

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/splitmix"
	"ringside/engine/wire"
)

// start is the virtual time at which worlds begin, since 1970.
const start = 1_700_000_000 * time.Second

// secret seals contexts.
const secret = "sim"

// A world is one simulated cluster with its clients.
type world struct {
	plan   *Plan
	pcg    *rand.PCG
	rng    *rand.Rand        // over pcg: see dice
	thrown map[uint64]uint64 // how often dice were thrown for what
	now    time.Duration
	queue  eventQueue
	seq    uint64
	names  []string // of all hosts, the founders first
	hosts  map[string]*host
	net    *network

	founders  []ring.Member
	ordered   map[order]bool
	history   member.History // all changes of the membership that any node wrote down
	rings     *member.Rings  // shared by all nodes
	unordered bool           // a change was written down that stands before another one which was known already
	ring      *ring.Ring     // that the history makes

	peace  bool           // the strikes are over, or rest
	ending bool           // the strikes are over
	faults map[string]int // kind → how often it fired
	check  *checker
	hash   uint64
	goOn   func() bool // whether anybody waits for the run
	popped int         // from the queue
	steps  int
	events int
	busy   int                   // clients that have something left to do
	calls  map[uint64]*operation // client number → what waits for the reply
	onEach func(event.Event)     // for whoever watches
}

// A scheduled event.
type scheduled struct {
	at  time.Duration
	seq uint64
	do  func()
}

type eventQueue []scheduled

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(scheduled)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = scheduled{}
	*q = old[:len(old)-1]
	return e
}

func newWorld(p *Plan, onEach func(event.Event)) *world {
	w := &world{
		goOn: func() bool { return true }, plan: p, pcg: rand.NewPCG(p.Seed, 0), thrown: map[uint64]uint64{}, now: start, names: p.names(), hosts: map[string]*host{}, ordered: map[order]bool{},
		faults: map[string]int{}, calls: map[uint64]*operation{}, hash: splitmix.Next(p.Seed), onEach: onEach,
	}
	w.rng = rand.New(w.pcg)
	for _, name := range w.names {
		w.founders = append(w.founders, ring.Member{Name: name, Weight: 1})
	}
	s := p.settings()
	w.history = member.Founders(w.founders)
	w.rings = member.NewRings(ring.Config{Strategy: ring.Strategy(s.Strategy), N: p.N, Q: s.Q, T: s.T})
	w.ring = w.rings.Of(w.history)
	w.net = newNetwork(w)
	w.check = newChecker(w)
	w.tell(event.Event{Kind: event.Cluster, Settings: &s})
	for i, n := range w.names {
		w.hosts[n] = newHost(w, n, i)
	}
	for _, n := range w.names {
		w.hosts[n].boot()
	}
	return w
}

// settings are the cluster's choices as watchers are told them.
func (p *Plan) settings() settings.Cluster {
	return settings.Cluster{
		Name: fmt.Sprintf("seed-%d", p.Seed), Nodes: p.names(), N: min(p.N, p.Nodes), R: p.R, W: p.W, Mode: p.Mode,
		Strict: p.Quorum == StrictQuorum, Strategy: int(cmp.Or(p.Strategy, ring.EqualPartitions)), Q: max(cmp.Or(p.Ranges, ring.DefaultQ), p.Nodes), T: cmp.Or(p.Tokens, ring.DefaultT),
		Clocks: p.Clocks, Truncate: p.Truncate, Buffer: p.Buffer,
	}
}

// after schedules do.
func (w *world) after(d time.Duration, do func()) { w.at(w.now+d, do) }

func (w *world) at(t time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, scheduled{at: t, seq: w.seq, do: do})
}

// askEvery is after how many things that happen a world looks whether it is to go on.
const askEvery = 256

// runUntil lets virtual time pass until end, or until done says so.
func (w *world) runUntil(end time.Duration, done func() bool) {
	for len(w.queue) > 0 && w.queue[0].at <= end {
		if done != nil && done() {
			return
		}
		if w.popped++; w.popped%askEvery == 0 && !w.goOn() {
			panic(interrupted{})
		}
		e := heap.Pop(&w.queue).(scheduled)
		w.now = e.at
		e.do()
	}
	if done == nil || !done() {
		w.now = max(w.now, end)
	}
}

// note folds something that happened into the run's hash.
func (w *world) note(parts ...uint64) {
	for _, p := range parts {
		w.hash = splitmix.Next(w.hash ^ p)
	}
}

// fault counts an injected fault.
func (w *world) fault(kind string) {
	w.faults[kind]++
	w.note(hashString(kind))
}

// observe hands a node's events to the checker.
func (w *world) observe(events []event.Event) {
	w.events += len(events)
	for _, e := range events {
		w.note(uint64(e.Time), hashString(e.Kind), hashString(e.Node), hashString(e.Peer), e.Request, uint64(len(e.Versions)))
		if e.Kind == event.Membership {
			w.learn(e)
		}
		w.check.event(e)
		if w.onEach != nil {
			e.Time = w.now
			w.onEach(e)
		}
	}
}

// tell reports to whoever watches what a cluster's driver would.
func (w *world) tell(e event.Event) {
	if w.onEach != nil {
		e.Time = w.now
		w.onEach(e)
	}
}

// tellBoot reports that a node is up, and what is on its disk: damage may have taken
// something that no event told of.
func (w *world) tellBoot(h *host) {
	if w.onEach == nil {
		return
	}
	w.tell(event.Event{Kind: event.NodeUp, Node: h.name})
	state := &event.NodeState{}
	hints := map[string]*event.HintCount{}
	for _, key := range w.check.keys {
		e := event.Event{Kind: event.Replicas, Node: h.name, Key: []byte(key)}
		for _, r := range w.stored(h, key) {
			e.Replicas = append(e.Replicas, r)
			switch {
			case r.For == "":
				state.Keys += min(1, len(r.Versions.Live()))
			case hints[r.For] == nil:
				hints[r.For] = &event.HintCount{For: r.For, Keys: 1, Oldest: w.now}
			default:
				hints[r.For].Keys++
			}
		}
		w.tell(e)
	}
	for _, name := range w.names {
		if c := hints[name]; c != nil {
			state.Hints = append(state.Hints, *c)
		}
	}
	w.tell(event.Event{Kind: event.State, Node: h.name, State: state})
}

// replied hands a node's answer to the client that waits for it.
func (w *world) replied(r engine.Reply) {
	for _, e := range r.Events {
		if e.Kind == event.Membership {
			w.amended(e)
		}
	}
	if op := w.calls[r.Client]; op != nil && r.Body != nil {
		delete(w.calls, r.Client)
		op.finish(w.plan.bug.reply(r.Body))
	}
}

// request sends a client's request to a node; the client's link is not faulty.
func (w *world) request(op *operation, body wire.ClientRequest) {
	w.calls[op.ID] = op
	w.after(exp(w.dice(forClient, op.ID), 100*time.Microsecond), func() {
		via := w.hosts[op.Via]
		if via == nil { // it has not joined
			via = w.hosts[w.names[0]]
		}
		via.input(engine.Request{Client: op.ID, Body: body})
	})
}
