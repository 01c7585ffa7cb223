package plan

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/ring"
	"ringside/engine/sim/rng"
)

// New draws the plan of a run.
func New(o Options) Plan {
	o = o.Draw()
	d := drawing{o: o, rng: rng.New(o.Seed, "plan")}
	p := Plan{Seed: o.Seed, Cluster: Cluster{
		Nodes: o.Nodes, N: o.N, R: o.R, W: o.W, Mode: o.Mode, Quorum: o.Quorum,
		Clocks:      Clocks{Kind: o.Clocks.Kind, Truncate: max(0, o.Clocks.Truncate)},
		AntiEntropy: max(0, o.AntiEntropy), Tombstones: max(0, o.Tombstones), Buffer: max(0, o.Buffer),
		Legs: o.Experiment.Legs, Off: o.Experiment.Off,
		DiskRate: o.Experiment.DiskRate, ValueBytes: o.Experiment.ValueBytes,
	}}
	d.names = p.Names()
	lull := d.workload(&p)
	p.HealAt = p.Ops[len(p.Ops)-1].At + time.Second
	p.Conditions = d.conditions()
	p.Faults = d.injections(p.HealAt)
	if lull.Kind != "" {
		byAt := func(f Injection, at time.Duration) int { return cmp.Compare(f.At, at) }
		i, _ := slices.BinarySearchFunc(p.Faults, lull.At, byAt)
		p.Faults = slices.Insert(p.Faults, i, lull)
	}
	d.sendToJoiners(&p)
	d.sendToLeavers(&p)
	// A range may not be dropped while one of its homes is broken, so runs with moves have no core.
	if len(o.Faults) > 0 && o.Nodes > 1 && d.rng.Float64() < coreOdds && !p.Moves() {
		d.core(&p)
	}
	if d.has(OddTimings) {
		p.Timings = d.timings()
	}
	d.partitioning(&p)
	d.chooseCoordinators(&p)
	d.buggify(&p)
	return p
}

// A drawing draws one plan.
type drawing struct {
	o      Options
	rng    *rand.Rand
	names  []string // of the founders
	joined int      // number of new nodes that join
}

// has reports whether the run has a kind of fault or a buggify point.
func (d *drawing) has(name string) bool { return slices.Contains(d.o.Faults, name) }

// stream returns a random stream that is independent of d.rng.
func (d *drawing) stream(purpose string) *rand.Rand { return rng.New(d.o.Seed, purpose) }

// streamOf returns the random stream of one name.
func (d *drawing) streamOf(name string) *rand.Rand { return rng.NewAt(d.o.Seed, "", rng.Hash(name)) }

// streamAt returns a random stream that belongs to a time of the plan.
func (d *drawing) streamAt(purpose string, at time.Duration) *rand.Rand {
	return rng.NewAt(d.o.Seed, purpose, uint64(at))
}

// all lists the founders and the nodes that join in the injections drawn so far.
func (d *drawing) all() []string {
	out := slices.Clone(d.names)
	for i := range d.joined {
		out = append(out, fmt.Sprintf("n%d", len(d.names)+1+i))
	}
	return out
}

// upTo draws a rate of at most most, with four digits.
func (d *drawing) upTo(most float64) float64 { return math.Ceil(d.rng.Float64()*most*1e4) / 1e4 }

// coarseOdds is the probability of a ring with as few ranges as possible, so that keys share trees.
const coarseOdds = .3

// partitioning draws the number of ranges, and of tokens if the strategy has random ones.
func (d *drawing) partitioning(p *Plan) {
	if p.AntiEntropy > 0 && d.rng.Float64() < coarseOdds {
		p.Ranges = p.Nodes
	}
	if d.o.Strategy == ring.EqualPartitions {
		return
	}
	p.Strategy = d.o.Strategy
	p.Tokens = 1 + d.stream("tokens").IntN(maxDrawnTokens)
	if p.Strategy == ring.TokensRandom {
		p.Ranges = 0
	}
}

const (
	// noticesOdds is the probability that drivers notice broken connections. In the other runs,
	// nodes find out through timeouts alone.
	noticesOdds = .5
	// maxLoss and maxRepeat bound the share of messages that are lost or arrive twice, so that most
	// operations still succeed.
	maxLoss, maxRepeat = .1, .1
	// maxLongDelay bounds the share of messages with a long delay. The share is small, so that most
	// messages overtake a delayed one.
	maxLongDelay = .05
	// Slow links multiply UsualDelay by minSlowFactor to minSlowFactor+slowFactors-1. The mean
	// delay then stays below 16 ms, far below Patience (engine.Timings), so that peers do not seem
	// silent.
	minSlowFactor, slowFactors = 2, 50
	// maxSkew bounds the error of a clock at the start. The error is far longer than the time
	// between two puts of a client, so that the times of versions contradict the order of the puts.
	maxSkew = 10 * time.Second
	// maxDrift bounds the error of a clock's rate. At one percent, two clocks drift apart by two
	// seconds in a run of 100 seconds.
	maxDrift = .01
	// maxFailedSync bounds the share of flushes that fail. It is small because each failed flush
	// crashes the node, and each put flushes on several nodes.
	maxFailedSync = .003
)

// conditions draws the faults that hold from the start of the run.
func (d *drawing) conditions() Conditions {
	c := Conditions{Delay: UsualDelay, Notices: d.rng.Float64() < noticesOdds}
	if d.has(Loss) {
		c.Loss = d.upTo(maxLoss)
	}
	if d.has(Repeat) {
		c.Repeat = d.upTo(maxRepeat)
	}
	if d.has(LongDelay) {
		c.LongDelay = d.upTo(maxLongDelay)
	}
	if d.has(SlowLinks) {
		c.Delay *= time.Duration(minSlowFactor + d.rng.IntN(slowFactors))
	}
	if d.has(Skew) {
		for range d.names {
			skew := time.Duration((d.rng.Float64() - .5) * float64(2*maxSkew))
			c.Skew = append(c.Skew, skew.Round(time.Millisecond))
			c.Drift = append(c.Drift, d.upTo(2*maxDrift)-maxDrift)
		}
	}
	if d.has(FailedSync) {
		for range d.names {
			c.FailedSync = append(c.FailedSync, d.upTo(maxFailedSync))
		}
	}
	return c
}

// coreOdds is the probability that some nodes stay broken after HealAt.
const coreOdds = .4

// core draws the nodes that are whole after HealAt, at least half of all, and the state of the
// rest.
func (d *drawing) core(p *Plan) {
	size := (p.Nodes+1)/2 + d.rng.IntN(p.Nodes-(p.Nodes+1)/2)
	for _, i := range d.rng.Perm(p.Nodes)[:size] {
		p.Core = append(p.Core, d.names[i])
	}
	slices.Sort(p.Core)
	p.Rest = rng.Pick(d.rng, restStates)
}
