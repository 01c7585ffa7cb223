package experiments

import (
	"fmt"
	"time"

	"ringside/cli/lab"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
)

// §6: the three ways in which Amazon's services use Dynamo, under one load.

// The patterns, in the order of the x axis.
const (
	merging = iota
	sessions
	readEngine
)

var patternNames = []string{"merge in the application", "last write wins", "read engine"}

func patterns() *lab.Experiment {
	return &lab.Experiment{
		Name: "patterns", Section: "§6",
		Title: "three ways to use the store under one load: merging, last write wins, and a read engine",
		Question: "An application can merge siblings itself, leave conflicts to last write wins, or read from one " +
			"replica and write to all. What does each way lose, refuse and return late, under one load with the " +
			"same faults?",
		Method: "Clients get keys. At times they add an element to the value that they got, and put it back with " +
			"the context of the get, while faults come and go. With one seed all three patterns have the same " +
			"requests and faults. Merging and last write wins have R and W as given; the paper's usual values are " +
			"2 and 2. The read engine has R=1 and W=N, and its clients merge as well. An acknowledged update is " +
			"lost if its element is in no version that is left. A get is stale if it lacks a write that had been " +
			"acknowledged before the get began. Latencies are those of requests that succeed, faults included, on " +
			"a simulated local network: their order can be compared, and their values cannot. A load balancer " +
			"sends requests only to nodes that run. Nodes notice silent peers through timeouts of 500 ms alone, " +
			"which makes the tails.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "pattern", Names: patternNames},
		Measures: []lab.Measure{
			{Name: "lost", Label: "acknowledged updates that are lost", Unit: "%", Share: true},
			{Name: "refused", Label: "requests that are not answered", Unit: "%", Share: true},
			{Name: "seen", Label: "gets that are stale, or return several versions", Unit: "%", Share: true},
			{Name: "mean", Label: "mean latency", Unit: "ms"},
			{Name: "p99", Label: "99th percentile of latency", Unit: "ms", Log: true},
		},
		Params: append(quorumParams("6", "3", "2", "2"),
			whole("keys", "4", "keys", 100), whole("writers", "3", "clients of each key", maxWriters),
			whole("rounds", "30", "puts of each client", maxRounds),
			whole("gets", "3", "gets before each put", 100),
			faultsParam("crash,partition", plan.Crash, plan.Split, plan.OneWay, plan.Loss, plan.Pause)),
		Seeds: 20,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			return unitsOf([]int{merging, sessions, readEngine}, seeds, func(x int, seed uint64) (*scene, sampler, error) {
				return patternsRun(v, x, seed)
			})
		},
		Claims: []lab.Claim{
			{Text: "clients that merge lose nothing, also not in the read engine", Holds: mergingKeeps},
			{Text: "last write wins loses updates", Holds: func(_ lab.Values, rows lab.Rows) (bool, string, error) {
				r, err := rows.At("lost", "updates", sessions)
				return r.Mean > 0, fmt.Sprintf("%.3g %%", r.Mean), err
			}},
			{Text: "the read engine answers gets soonest, and puts latest", Holds: readsAreFast},
		},
	}
}

// patternPace is the mean time from one put of a client to the next.
const patternPace = 2 * time.Second

func patternsRun(v lab.Values, pattern int, seed uint64) (*scene, sampler, error) {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	o.Faults, o.FaultEvery = faultsOf(v), 5*time.Second
	w := rewrites{
		keys: v.Whole("keys"), writers: v.Whole("writers"), rounds: v.Whole("rounds"), every: patternPace,
		think: 10 * time.Millisecond, gets: v.Whole("gets") - 1,
	}
	o.Length = patternPace * time.Duration(w.rounds)
	if pattern == sessions {
		o.Mode = settings.ModeLWW
	}
	s, err := newScene(o)
	if err != nil {
		return nil, nil, err
	}
	if pattern == readEngine { // after the draws, which depend on R and W
		s.R, s.W = 1, s.Replicas()
	}
	s.rewrite(w)
	s.balanceLoad()
	return s, func(m sim.Measured) []lab.Sample { return patternsSamples(float64(pattern), m) }, nil
}

func patternsSamples(x float64, m sim.Measured) []lab.Sample {
	lost, of := lostUpdates(&m)
	conflicts := m.Versions.Two + m.Versions.Three + m.Versions.More
	out := []lab.Sample{
		lab.Share("lost", "updates", x, lost, of),
		lab.Share("seen", "stale", x, m.Stale.Gets, m.Gets.OK),
		lab.Share("seen", "more than one version", x, conflicts, m.Gets.OK),
	}
	for _, k := range []struct {
		name string
		ops  *measure.Operations
	}{{"gets", &m.Gets}, {"puts", &m.Puts}} {
		out = append(out, lab.Share("refused", k.name, x, k.ops.Asked-k.ops.OK, k.ops.Asked))
		if k.ops.Latency.N() > 0 {
			out = append(out, lab.Point("mean", k.name, x, k.ops.Latency.Mean()/1000),
				lab.Point("p99", k.name, x, float64(k.ops.Latency.Quantile(.99))/1000))
		}
	}
	return out
}

func mergingKeeps(_ lab.Values, rows lab.Rows) (bool, string, error) {
	a, err := rows.At("lost", "updates", merging)
	if err != nil {
		return false, "", err
	}
	b, err := rows.At("lost", "updates", readEngine)
	return a.Mean+b.Mean == 0, fmt.Sprintf("%.3g and %.3g %%", a.Mean, b.Mean), err
}

func readsAreFast(_ lab.Values, rows lab.Rows) (bool, string, error) {
	var gets, puts [3]float64
	for x := range patternNames {
		g, err := rows.At("mean", "gets", float64(x))
		if err != nil {
			return false, "", err
		}
		p, err := rows.At("mean", "puts", float64(x))
		if err != nil {
			return false, "", err
		}
		gets[x], puts[x] = g.Mean, p.Mean
	}
	holds := gets[readEngine] < min(gets[merging], gets[sessions]) && puts[readEngine] > max(puts[merging], puts[sessions])
	return holds, fmt.Sprintf("gets %.3g ms, others %.3g and %.3g; puts %.3g ms, others %.3g and %.3g", gets[readEngine],
		gets[merging], gets[sessions], puts[readEngine], puts[merging], puts[sessions]), nil
}
