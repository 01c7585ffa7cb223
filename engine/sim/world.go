// Package sim hosts the engine's nodes in virtual time: a clock that jumps, a
// network that delays, loses, repeats and cuts, disks that lose what was not synced, and
// clients whose history a checker holds against its own causal graph. Everything is
// drawn from one seed, so that a run is a number.
package sim

import (
	"container/heap"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"ringside/engine"
	"ringside/engine/ring"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// start is the virtual time at which worlds begin, since 1970.
const start = 1_700_000_000 * time.Second

// A world is one simulated cluster with its clients.
type world struct {
	opt    Options
	rng    *rand.Rand
	now    time.Duration
	queue  eventQueue
	seq    uint64
	ring   *ring.Ring
	names  []string
	hosts  map[string]*host
	net    *network
	faults map[string]int // kind → how often it fired
	check  *checker
	lives  uint64
	hash   uint64
	steps  int
	calls  map[uint64]*operation // client number → what waits for the reply
	onEach func(trace.Event)     // for whoever watches
}

// A scheduled event.
type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return e
}

func newWorld(opt Options) *world {
	w := &world{
		opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x64796e616d6f)), now: start, hosts: map[string]*host{},
		faults: map[string]int{}, calls: map[uint64]*operation{}, hash: fnv.New64a().Sum64(),
	}
	var members []ring.Member
	for i := range opt.Nodes {
		name := fmt.Sprintf("n%d", i+1)
		w.names = append(w.names, name)
		members = append(members, ring.Member{Name: name, Weight: 1})
	}
	r, err := ring.New(ring.Config{Strategy: ring.EqualPartitions, N: min(opt.N, opt.Nodes), Q: max(ring.DefaultQ, opt.Nodes)}, members)
	if err != nil {
		panic(fmt.Sprintf("sim: %v", err))
	}
	w.ring = r
	w.net = newNetwork(w)
	w.check = newChecker(w)
	for _, n := range w.names {
		w.hosts[n] = newHost(w, n)
		w.hosts[n].boot()
	}
	return w
}

// after schedules do.
func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.queue, event{at: w.now + d, seq: w.seq, do: do})
}

// runUntil lets virtual time pass until end, or until done says so.
func (w *world) runUntil(end time.Duration, done func() bool) {
	for len(w.queue) > 0 && w.queue[0].at <= end {
		if done != nil && done() {
			return
		}
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
	if done == nil || !done() {
		w.now = max(w.now, end)
	}
}

// note folds something that happened into the run's hash.
func (w *world) note(parts ...uint64) {
	const prime = 1099511628211
	for _, p := range parts {
		for range 8 {
			w.hash = (w.hash ^ (p & 0xff)) * prime
			p >>= 8
		}
	}
}

func hashString(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// fault counts an injected fault.
func (w *world) fault(kind string) {
	w.faults[kind]++
	w.note(hashString(kind))
}

func (w *world) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// exp draws from an exponential distribution.
func (w *world) exp(mean time.Duration) time.Duration {
	return time.Duration(w.rng.ExpFloat64() * float64(mean))
}

func (w *world) pick(names []string) string { return names[w.rng.IntN(len(names))] }

// observe hands a node's events to the checker.
func (w *world) observe(events []trace.Event) {
	for _, e := range events {
		w.note(uint64(e.Time), hashString(string(e.Kind)), hashString(e.Node), hashString(e.Peer), e.Request, uint64(len(e.Versions)))
		w.check.event(e)
		if w.onEach != nil {
			w.onEach(e)
		}
	}
}

// replied hands a node's answer to the client that waits for it.
func (w *world) replied(r engine.Reply) {
	if op := w.calls[r.Client]; op != nil && r.Body != nil {
		delete(w.calls, r.Client)
		op.finish(r.Body)
	}
}

// request sends a client's request to a node; the client's link is not faulty.
func (w *world) request(op *operation, via string, body wire.ClientRequest) {
	w.calls[op.id] = op
	w.after(w.exp(100*time.Microsecond), func() {
		w.hosts[via].input(engine.Request{Client: op.id, Body: body})
	})
}
