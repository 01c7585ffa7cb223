package sim

import (
	"encoding/json"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/settings"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
)

// calm returns options of a run without faults on one node more than N.
func calm(seed uint64, r, w int, x plan.Experiment) plan.Options {
	return plan.Options{
		Seed: seed, Nodes: 4, N: 3, R: r, W: w, Mode: settings.ModeSiblings, Quorum: plan.Sloppy, Strategy: 3,
		Ops: 2000, Keys: 20, Clients: 1, Faults: []string{}, Length: 15 * time.Minute, OwnQuorums: -1, Blind: -1,
		AntiEntropy: -1, Tombstones: -1, Buffer: -1, Clocks: plan.Clocks{Truncate: -1}, Experiment: x,
	}
}

// mustMeasure plays a run in which every property holds.
func mustMeasure(t *testing.T, o plan.Options) Measured {
	t.Helper()
	m, err := Measure(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Violations {
		t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
	}
	return m
}

// Measuring changes nothing in a run. Equal options give equal measures, in whichever goroutine.
func TestMeasuringChangesNothing(t *testing.T) {
	const seeds = 12
	var texts [2][seeds]string
	var wg sync.WaitGroup
	for i := range texts {
		wg.Go(func() {
			for s := range texts[i] {
				o := plan.Options{Seed: uint64(s + 1), Ops: 120}
				m, err := Measure(o)
				if err != nil {
					t.Error(err)
				}
				b, err := json.Marshal(m.Measures)
				if err != nil {
					t.Error(err)
				}
				texts[i][s] = string(b)
				if r := Run(o); i == 0 && (r.Hash != m.Hash || r.Outcomes != m.Outcomes) {
					t.Errorf("seed %d: measured it has the hash %x, otherwise %x", o.Seed, m.Hash, r.Hash)
				}
			}
		})
	}
	wg.Wait()
	if texts[0] != texts[1] {
		t.Errorf("the measures are\n%s\nand\n%s", texts[0], texts[1])
	}
}

// The staleness that PBS publishes for N=3 and R=W=1 comes out of the engine, if the delays and the
// place of the coordinator are those of PBS. With a coordinator that is a home and that a get draws
// anew, a third of the gets that begin at once find the write.
func TestPublishedStaleness(t *testing.T) {
	probes := []time.Duration{0, 10 * time.Millisecond}
	for fit, published := range map[int][2]float64{0: {.974, 1}, 1: {.439, .925}} {
		x := plan.Experiment{
			Legs: plan.Fits[fit].Legs, Coordinator: plan.Remote, Probes: probes, Off: engine.Off{ReadRepair: true},
		}
		var sum measure.Measures
		for seed := uint64(1); seed <= 3; seed++ {
			sum.Add(mustMeasure(t, calm(seed, 1, 1, x)).Measures)
		}
		for i, want := range published {
			p := sum.Probes[i]
			got := float64(p.Fresh) / float64(p.Gets)
			error4 := 4*math.Sqrt(want*(1-want)/float64(p.Gets)) + .002 // the published figures have three digits
			if p.Gets < 1900 || math.Abs(got-want) > error4 {
				t.Errorf("%s at %v ms: %.4f of %d gets are consistent, want %.3f ± %.3f", plan.Fits[fit].Name, p.AfterMS,
					got, p.Gets, want, error4)
			}
		}
		x.Coordinator = plan.Home
		if p := mustMeasure(t, calm(4, 1, 1, x)).Probes[0]; math.Abs(float64(p.Fresh)/float64(p.Gets)-1./3) > .08 {
			t.Errorf("%s: with a home as the coordinator %d of %d gets are consistent at once, want a third",
				plan.Fits[fit].Name, p.Fresh, p.Gets)
		}
		if p := mustMeasure(t, calm(5, 2, 2, x)).Probes[0]; p.Fresh != p.Gets || p.Gets == 0 {
			t.Errorf("%s: with R=W=2 %d of %d gets are consistent", plan.Fits[fit].Name, p.Fresh, p.Gets)
		}
	}
}

// In runs with legs, latencies are sums of the legs that a request waits for, and nothing else.
func TestLegsAreAllThatARequestWaitsFor(t *testing.T) {
	exactly := func(ms float64) plan.Delay { return plan.Delay{P: 1, Least: ms, Alpha: 1e6} }
	x := plan.Experiment{Coordinator: plan.Remote, Legs: plan.Legs{
		W: exactly(10), A: exactly(20), R: exactly(3), S: exactly(4), Other: exactly(50),
	}}
	m := mustMeasure(t, calm(1, 2, 2, x))
	for _, c := range []struct {
		what *measure.Operations
		want int64
	}{{&m.Gets, 7_000}, {&m.Puts, 30_000}} {
		l := &c.what.Latency
		if l.N() == 0 || l.Quantile(0) < c.want || l.Max() > c.want+2 {
			t.Errorf("%d requests took %d to %d µs, want %d", l.N(), l.Quantile(0), l.Max(), c.want)
		}
	}
	writes := m.Puts.Asked + m.Dels.Asked
	if m.Traffic[measure.Forwarding].Messages > 0 || m.Traffic[measure.Writing].Messages != 6*writes {
		t.Errorf("%d puts and deletes send %v", writes, m.Traffic)
	}
}

// Options of an experiment that cannot be played are refused.
func TestExperimentOptions(t *testing.T) {
	for want, change := range map[string]func(*plan.Options){
		"coordinator": func(o *plan.Options) { o.Experiment.Coordinator = "nobody" },
		"a node":      func(o *plan.Options) { o.Nodes, o.Experiment.Coordinator = 3, plan.Remote },
		"a probe":     func(o *plan.Options) { o.Experiment.Probes = []time.Duration{-1} },
		"operations":  func(o *plan.Options) { o.Experiment.Probes = slices.Repeat([]time.Duration{1}, 999); o.Ops = 999 },
		"values":      func(o *plan.Options) { o.Experiment.ValueBytes = plan.MaxValueBytes + 1 },
		"disks":       func(o *plan.Options) { o.Experiment.DiskRate = -1 },
		"legs":        func(o *plan.Options) { o.Experiment.Legs.W.P = 2 },
	} {
		o := calm(1, 1, 1, plan.Experiment{})
		if change(&o); o.Check() == nil {
			t.Errorf("%s: no error", want)
		}
	}
}
