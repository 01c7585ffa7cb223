package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"ringside/engine/store"
	"ringside/engine/wire"
)

// Options are what a run is made from. Draw fills in what is zero.
type Options struct {
	Seed       uint64
	Nodes      int           // 5
	N, R, W    int           // 3, 2, 2
	LWW        bool          // last write wins
	Ops        int           // 300, by all clients together
	Clients    int           // 4
	Keys       int           // 4
	Think      time.Duration // mean pause of a client between two operations
	FaultEvery time.Duration // mean time between two faults
	NoFaults   bool
	// AntiEntropy is the time between two rounds of a key range (§4.7); below 0 it
	// is off, and the cluster converges by the reads at the end.
	AntiEntropy time.Duration
}

// Draw fills in the defaults of a run of Seed; some are drawn from it.
func (o Options) Draw() Options {
	rng := rand.New(rand.NewPCG(o.Seed, 0x6f7074696f6e73))
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&o.Nodes, 5)
	set(&o.N, 3)
	set(&o.R, 2)
	set(&o.W, 2)
	set(&o.Ops, 300)
	set(&o.Clients, 2+rng.IntN(5))
	set(&o.Keys, 1+rng.IntN(6))
	if o.Think == 0 {
		o.Think = 1500 * time.Millisecond
	}
	if o.FaultEvery == 0 {
		o.FaultEvery = time.Second + time.Duration(rng.Int64N(int64(10*time.Second)))
	}
	if o.AntiEntropy == 0 {
		o.AntiEntropy = 200*time.Millisecond + time.Duration(rng.ExpFloat64()*float64(4*time.Second))
		if rng.IntN(4) == 0 {
			o.AntiEntropy = -1
		}
	}
	return o
}

// mends says whether nodes compare their trees unasked.
func (o Options) mends() bool { return o.AntiEntropy > 0 }

// quiet says whether every read must see every write acked before it.
func (o Options) quiet() bool { return o.NoFaults && o.R+o.W > o.N }

// A Result is how a run went.
type Result struct {
	Options    Options
	Steps      int            // inputs that nodes were stepped with
	Virtual    time.Duration  // time that passed in the world
	Faults     map[string]int // kind → how often it fired
	Outcomes   [3]int         // operations by outcome: unknown, ok, failed
	Violations []Violation
	Hash       uint64 // of everything that happened, in order
}

// Run plays one run: clients at work under faults, then peace, in which the
// cluster must converge, then the checks. Equal options give equal results.
func Run(opt Options) Result {
	opt = opt.Draw()
	w := newWorld(opt)
	var n *nemesis
	if !opt.NoFaults {
		n = w.unleash()
	}
	for i := range opt.Clients {
		c := &client{w: w, left: opt.Ops/opt.Clients + min(1, max(0, opt.Ops%opt.Clients-i)), contexts: map[string][]seen{}}
		w.after(w.exp(opt.Think), c.next)
	}
	w.after(w.exp(auditEvery), w.auditSome)
	w.runUntil(start+time.Hour, func() bool { return w.finished(opt.Ops) })
	if n != nil {
		n.stop()
	}
	w.settle()
	w.check.final()
	res := Result{
		Options: opt, Steps: w.steps, Virtual: w.now - start, Faults: w.faults, Violations: w.check.violations, Hash: w.hash,
	}
	for _, op := range w.check.ops {
		res.Outcomes[op.outcome]++
	}
	return res
}

// calm is how long nodes need to notice that all their peers are back.
const calm = 5 * time.Second

// finished says whether all operations have ended.
func (w *world) finished(ops int) bool {
	return len(w.check.ops) >= ops && len(w.calls) == 0
}

// settle lets the cluster come to rest. Replicas that no hint could reach are
// mended by anti-entropy. Where that is off every key is read from all its homes.
func (w *world) settle() {
	w.runUntil(w.now+calm, nil)
	w.runUntil(w.now+quiesce-calm, w.noHints)
	if w.opt.mends() {
		w.runUntil(w.now+mendCycles*w.opt.AntiEntropy+calm, nil)
		before := w.check.mended
		w.runUntil(w.now+mendCycles*w.opt.AntiEntropy, nil)
		if k := w.check.mended - before; k > 0 {
			w.check.fail("P5", "%d replicas are still being mended after the last fault", k)
		}
		return
	}
	for round := range 2 { // the first round may find damage, and mends it
		for i := range w.opt.Keys {
			w.readAll(fmt.Sprintf("key%d", i), round > 0)
		}
		w.runUntil(w.now+2*time.Second, nil)
	}
}

// mendCycles is how many cycles of anti-entropy make the cluster converge: in two
// every home has compared itself with both others, and the first one may
// have found damage only after it had compared.
const mendCycles = 4

// auditEvery is the mean time between two looks at what nodes remember of their stores.
const auditEvery = 3 * time.Second

// auditSome checks P10 on a node at a random instant.
func (w *world) auditSome() {
	w.check.audit(w.hosts[w.pick(w.names)])
	w.after(w.exp(auditEvery), w.auditSome)
}

func (w *world) noHints() bool {
	for _, n := range w.names {
		empty := true
		w.hosts[n].disk.Scan(store.Hints, nil, nil, func(_, v []byte) bool {
			_, err := wire.DecodeRecord(v)
			empty = err != nil
			return empty
		})
		if !empty {
			return false
		}
	}
	return true
}

// readAll reads a key with R=N in the quiet cluster.
func (w *world) readAll(key string, must bool) {
	op := &operation{w: w, key: key, kind: "get", began: w.now, done: func(wire.ClientReply) {}}
	w.check.ops = append(w.check.ops, op)
	op.id = uint64(len(w.check.ops))
	w.request(op, w.ring.Homes([]byte(key))[0], wire.GetRequest{Request: op.id, Key: []byte(key), Quorum: wire.Quorum{R: len(w.ring.Homes([]byte(key)))}})
	w.runUntil(w.now+clientTimeout, func() bool { return w.calls[op.id] == nil })
	if must && op.outcome != ok {
		w.check.fail("P5", "get of %s from all its homes fails after the last fault", key)
	}
}
