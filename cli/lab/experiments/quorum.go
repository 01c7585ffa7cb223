package experiments

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/lab"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
)

// §4.5 and §4.6: what R, W and the kind of quorum cost and buy.

// A quorumSize is the work of one run: operations, which are spread over a virtual time.
type quorumSize struct {
	ops    int
	length time.Duration
}

// usualQuorum answers in about half a minute of one core with the usual seeds.
var usualQuorum = quorumSize{ops: 1_500, length: 150 * time.Second}

const (
	quorumClients, quorumKeys = 8, 10
	// quorumFaults is the mean time between two injected faults, and quorumSync the time between two
	// comparisons of a key range.
	quorumFaults, quorumSync = 5 * time.Second, 30 * time.Second
	// quorumBlind is the probability that a put comes without a context.
	quorumBlind = .2
)

// keepData are the faults that leave alone what was acknowledged.
var keepData = []string{
	plan.Split, plan.OneWay, plan.Loss, plan.Repeat, plan.LongDelay, plan.SlowLinks, plan.Clog, plan.Crash,
	plan.CrashInFlush, plan.Pause, plan.Skew, plan.SlowDisk, plan.Lull, plan.ForeignContext,
}

func quorum() *lab.Experiment { return quorumOf(usualQuorum) }

func quorumOf(size quorumSize) *lab.Experiment {
	return &lab.Experiment{
		Name: "quorum", Section: "§4.5, §4.6",
		Title: "what R, W and strict or sloppy quorums buy and cost under faults",
		Question: "How many gets are stale, how many operations are refused, and how long do the others take, for each " +
			"R and W and both kinds of quorum, under faults of your choice?",
		Method: quorumMethod,
		Clock:  lab.Virtual,
		X:      lab.Axis{Label: "W"},
		Measures: append([]lab.Measure{
			{Name: "stale", Label: "answered gets that lack an acknowledged write", Unit: "%", Share: true},
			{Name: "refused", Label: "operations that are refused", Unit: "%", Share: true},
			{Name: "unknown", Label: "operations with an unknown outcome", Unit: "%", Share: true},
		}, latencyMeasures()...),
		Params: []lab.Param{
			{Name: "N", Kind: lab.Whole, Default: "3", Min: 1, Max: maxReplicas, Help: "replicas of a key"},
			whole("nodes", "5", "nodes of the cluster", maxNodes),
			faultsParam(plan.Split, plan.FaultNames()...),
		},
		Seeds: 6,
		Units: size.units,
		Claims: []lab.Claim{
			{Text: "a strict quorum with R+W>N has no stale get", Holds: strictIsFresh},
			{Text: "a sloppy quorum refuses no more than a strict one", Holds: sloppyRefusesLess},
			{Text: "R=W=N has fewer stale gets than R=W=1", Holds: moreIsFresher},
			{Text: "R=W=N refuses no less than R=W=1", Holds: moreIsRefused},
		},
	}
}

const quorumMethod = `Each run is a simulated cluster in which all operations use the R and W of the place in the
figure. Eight clients get, put and delete ten keys, one operation after the other, and most puts have the newest
context of their client. Faults are injected every 5 s on average; each kind that is named happens in every run. A
get is stale if it lacks a write that was acknowledged before the get began; the checker's causal graph decides. A
refused operation was certainly not carried out. Latencies are those of operations that succeed, so an operation
that waits in vain is not among them. Percentiles are taken for each run (the 99.9th of fewer than a thousand
operations is the slowest), and their means over the seeds are shown. Read repair, handoff and anti-entropy every 30
s are on.`

func latencyMeasures() []lab.Measure {
	var out []lab.Measure
	for _, what := range []string{"get", "put"} {
		for _, p := range percentiles {
			out = append(out, lab.Measure{
				Name: what + "_" + p.name, Label: fmt.Sprintf("latency of %ss, %s", what, p.label), Unit: "ms", Log: p.q > .5,
			})
		}
	}
	return out
}

// A percentile of latencies.
type percentile struct {
	name, label string
	q           float64
}

var percentiles = []percentile{
	{"p50", "median", .5}, {"p99", "99th percentile", .99}, {"p999", "99.9th percentile", .999},
}

// quorumSeries names the series of an R and a kind of quorum.
func quorumSeries(r int, kind string) string { return fmt.Sprintf("R=%d %s", r, kind) }

// A quorumSetting is a kind of quorum with R and W.
type quorumSetting struct {
	kind string
	r, w int
}

func (size quorumSize) units(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
	n := v.Whole("N")
	var settings []quorumSetting
	for _, kind := range []string{plan.Sloppy, plan.Strict} {
		for r := 1; r <= n; r++ {
			for w := 1; w <= n; w++ {
				settings = append(settings, quorumSetting{kind, r, w})
			}
		}
	}
	return unitsOf(settings, seeds, func(s quorumSetting, seed uint64) (*scene, sampler, error) {
		o := size.options(v, seed)
		o.Quorum, o.R, o.W = s.kind, s.r, s.w
		if err := o.Check(); err != nil {
			return nil, nil, asUsage(err)
		}
		return &scene{Plan: plan.New(o)}, func(m sim.Measured) []lab.Sample {
			return quorumSamples(m.Measures, quorumSeries(s.r, s.kind), float64(s.w))
		}, nil
	})
}

func (size quorumSize) options(v lab.Values, seed uint64) plan.Options {
	o := plain(seed)
	o.Nodes, o.N, o.Faults = v.Whole("nodes"), v.Whole("N"), faultsOf(v)
	o.Ops, o.Length, o.Clients, o.Keys = size.ops, size.length, quorumClients, quorumKeys
	o.Blind, o.FaultEvery, o.AntiEntropy = quorumBlind, quorumFaults, quorumSync
	return o
}

func quorumSamples(m *measure.Measures, series string, x float64) []lab.Sample {
	asked := m.Gets.Asked + m.Puts.Asked + m.Dels.Asked
	out := []lab.Sample{
		lab.Share("stale", series, x, m.Stale.Gets, m.Gets.OK),
		lab.Share("refused", series, x, m.Gets.Refused+m.Puts.Refused+m.Dels.Refused, asked),
		lab.Share("unknown", series, x, m.Gets.Unknown+m.Puts.Unknown+m.Dels.Unknown, asked),
	}
	for _, o := range []struct {
		name string
		*measure.Operations
	}{{"get", &m.Gets}, {"put", &m.Puts}} {
		if o.OK == 0 {
			continue
		}
		for _, p := range percentiles {
			out = append(out, lab.Point(o.name+"_"+p.name, series, x, microseconds(o.Latency.Quantile(p.q))))
		}
	}
	return out
}

// microseconds returns so many of them in milliseconds.
func microseconds(n int64) float64 { return float64(n) / 1000 }

// strictIsFresh needs faults that leave data alone: a get cannot return what a disk has lost.
func strictIsFresh(v lab.Values, rows lab.Rows) (bool, string, error) {
	if bad := slices.DeleteFunc(faultsOf(v), func(f string) bool { return slices.Contains(keepData, f) }); len(bad) > 0 {
		return false, "", lab.Undecided("says nothing about faults that lose data or move it: " + strings.Join(bad, ", "))
	}
	n := v.Whole("N")
	var gets uint64
	for r := 1; r <= n; r++ {
		for w := n - r + 1; w <= n; w++ {
			row, err := rows.At("stale", quorumSeries(r, plan.Strict), float64(w))
			if err != nil {
				return false, "", err
			}
			if row.Mean > 0 {
				return false, fmt.Sprintf("R=%d W=%d: %.3g %% are stale", r, w, row.Mean), nil
			}
			gets += row.Cases
		}
	}
	return true, fmt.Sprintf("none of %d gets", gets), nil
}

// meanOf returns the mean of a measure over all R and W of a kind of quorum.
func meanOf(v lab.Values, rows lab.Rows, measure, kind string) (float64, error) {
	n, sum := v.Whole("N"), 0.
	for r := 1; r <= n; r++ {
		for w := 1; w <= n; w++ {
			row, err := rows.At(measure, quorumSeries(r, kind), float64(w))
			if err != nil {
				return 0, err
			}
			sum += row.Mean
		}
	}
	return sum / float64(n*n), nil
}

func sloppyRefusesLess(v lab.Values, rows lab.Rows) (bool, string, error) {
	sloppy, err := meanOf(v, rows, "refused", plan.Sloppy)
	if err != nil {
		return false, "", err
	}
	strict, err := meanOf(v, rows, "refused", plan.Strict)
	if err != nil {
		return false, "", err
	}
	return sloppy <= strict, fmt.Sprintf("%.3g and %.3g %% over all R and W", sloppy, strict), nil
}

// corners returns the values of a measure at R=W=1 and R=W=N, summed over both kinds of quorum.
func corners(v lab.Values, rows lab.Rows, measure string) (least, most float64, err error) {
	n := v.Whole("N")
	for _, kind := range []string{plan.Sloppy, plan.Strict} {
		one, err := rows.At(measure, quorumSeries(1, kind), 1)
		if err != nil {
			return 0, 0, err
		}
		all, err := rows.At(measure, quorumSeries(n, kind), float64(n))
		if err != nil {
			return 0, 0, err
		}
		least, most = least+one.Mean, most+all.Mean
	}
	return least / 2, most / 2, nil
}

func moreIsFresher(v lab.Values, rows lab.Rows) (bool, string, error) {
	one, all, err := corners(v, rows, "stale")
	switch {
	case err != nil:
		return false, "", err
	case one == 0 && all == 0:
		return false, "", lab.Undecided("no get is stale")
	}
	return all < one, fmt.Sprintf("%.3g and %.3g %%", all, one), nil
}

func moreIsRefused(v lab.Values, rows lab.Rows) (bool, string, error) {
	one, all, err := corners(v, rows, "refused")
	return all >= one, fmt.Sprintf("%.3g and %.3g %%", all, one), err
}
