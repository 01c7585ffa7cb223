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

func (d *drawing) conditions() Conditions {
	c := Conditions{Delay: UsualDelay, Notices: d.rng.Float64() < .5}
	if d.has(Loss) {
		c.Loss = d.upTo(.1)
	}
	if d.has(Repeat) {
		c.Repeat = d.upTo(.1)
	}
	if d.has(LongDelay) {
		c.LongDelay = d.upTo(.05)
	}
	if d.has(SlowLinks) {
		c.Delay *= time.Duration(2 + d.rng.IntN(50))
	}
	if d.has(Skew) {
		for range d.names {
			c.Skew = append(c.Skew, time.Duration((d.rng.Float64()-.5)*float64(20*time.Second)).Round(time.Millisecond))
			c.Drift = append(c.Drift, d.upTo(.02)-.01)
		}
	}
	if d.has(FailedSync) {
		for range d.names {
			c.FailedSync = append(c.FailedSync, d.upTo(.003))
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
