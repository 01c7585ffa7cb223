package experiments

import (
	"context"
	"fmt"
	"slices"

	"ringside/cli/lab"
	"ringside/engine/ring"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/stock"
)

// §6.5: what background work costs clients, with and without admission control.

// Series of admission.
const (
	noWork    = "no background work"
	yielding  = "admission control"
	unlimited = "no admission control"
)

// backgroundWork has the kinds of background work in the order of the x axis.
var backgroundWork = []string{plan.Wipe, plan.Join}

const (
	// foregroundLimit is the 99th percentile in ms above which background work yields (§6.5).
	foregroundLimit = 50
	// limitFactor is how far the 99th percentile may be above the limit: the controller acts once the
	// limit is passed, and an answer that has begun goes on.
	limitFactor = 2
)

func admission() *lab.Experiment {
	return &lab.Experiment{
		Name: "admission", Section: "§6.5",
		Title: "what background work costs clients, with and without admission control",
		Question: "How long do clients wait while a node that lost its disk, or a node that joins, is filled with " +
			"data, and how much does admission control lower that?",
		Method: "Three simulated nodes hold keys. A node loses its disk, or a fourth node joins, while clients use " +
			"50 small keys of their own. Clients ask all nodes, and each request waits for all three homes, so " +
			"that also the node that is filled delays it. Disks take the time of the bytes that they write. " +
			"They never stall, so all waiting comes from the competition for them. Reads of a disk take no " +
			"time. The measurement begins 15 s after the change, because a controller first has to notice that " +
			"clients wait, and ends before the node is full. A controller is local: a node that coordinates no " +
			"requests does not notice them.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "background work", Names: []string{"lost disk", "join"}},
		Measures: []lab.Measure{
			{Name: "p99", Label: "99th percentile of requests", Unit: "ms", Log: true},
			{Name: "p50", Label: "median of requests", Unit: "ms", Log: true},
			{Name: "background", Label: "background work", Unit: "replicas a second"},
			{Name: "failed", Label: "requests that failed", Unit: "%", Share: true},
		},
		Params: []lab.Param{
			{Name: "work", Kind: lab.WordSet, Default: "wipe,join", Words: backgroundWork, Help: "kinds of background work"},
			{Name: "keys", Kind: lab.Whole, Default: "16000", Min: 100, Max: 100_000, Help: "keys that the cluster holds"},
			valueParam("8192"),
			{Name: "rate", Kind: lab.Whole, Default: "66", Min: 1, Max: 2000,
				Help: "requests a second of all clients together"},
			{Name: "disk", Kind: lab.Whole, Default: "3072", Min: 16, Max: 1 << 20, Help: "KiB that a disk writes a second"},
			lengthParam("5"),
		},
		Seeds: 3,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			if err := checkStock(v.Whole("keys"), v.Whole("value"), 3); err != nil {
				return nil, err
			}
			var settings []admissionSetting
			for _, kind := range v.WordSet("work") {
				for _, series := range []string{noWork, yielding, unlimited} {
					settings = append(settings, admissionSetting{kind, series})
				}
			}
			return perSeed(settings, seeds, func(ctx context.Context, s admissionSetting, seed uint64) ([]lab.Sample, error) {
				return s.measure(ctx, v, seed)
			}), nil
		},
		Claims: []lab.Claim{
			{Text: "with admission control the 99th percentile stays below twice the limit of 50 ms", Holds: belowLimit},
			{Text: "without admission control it is longer", Holds: controlHelps},
			{Text: "background work goes on under admission control", Holds: backgroundGoesOn},
		},
	}
}

// An admissionSetting is a kind of background work and the name of its series.
type admissionSetting struct{ kind, series string }

func (s admissionSetting) measure(ctx context.Context, v lab.Values, seed uint64) ([]lab.Sample, error) {
	c := stock.Contest{
		Change: stock.Change{
			Keys: stock.Keys{Seed: seed, Count: v.Whole("keys"), Bytes: v.Whole("value")}, Kind: s.kind, Nodes: 3,
			Strategy: ring.EqualPartitions, N: 3, R: 3, W: 3, Quorum: plan.Sloppy, Rate: v.Whole("rate"),
			Disk: v.Whole("disk") << 10,
		},
		Length: milliseconds(1000 * v.Number("length")), Greedy: s.series == unlimited,
	}
	if s.series == noWork {
		c.Kind = ""
	}
	m, err := stock.Contend(goOn(ctx), c)
	if err != nil {
		return nil, err
	}
	x := float64(slices.Index(backgroundWork, s.kind))
	out := []lab.Sample{
		lab.Share("failed", s.series, x, m.Refused, m.Asked),
		lab.Point("background", s.series, x, float64(m.Replicas)/c.Length.Seconds()),
	}
	if m.Latency.N() > 0 {
		out = append(out, lab.Point("p99", s.series, x, float64(m.Latency.Quantile(.99))/1000),
			lab.Point("p50", s.series, x, float64(m.Latency.Quantile(.5))/1000))
	}
	return out, nil
}

func belowLimit(_ lab.Values, rows lab.Rows) (bool, string, error) {
	of, err := rows.Of("p99", yielding)
	if err != nil {
		return false, "", err
	}
	holds, figures := true, ""
	for _, row := range of {
		holds = holds && row.Mean <= limitFactor*foregroundLimit
		figures += fmt.Sprintf("%.3g ms, %s; ", row.Mean, row.Name)
	}
	return holds, figures[:len(figures)-len("; ")], nil
}

func controlHelps(_ lab.Values, rows lab.Rows) (bool, string, error) {
	of, err := rows.Of("p99", unlimited)
	if err != nil {
		return false, "", err
	}
	all, figures := true, ""
	for _, row := range of {
		holds, text, err := lower(rows, "p99", yielding, unlimited, row.X)
		if err != nil {
			return false, "", err
		}
		all = all && holds
		figures += fmt.Sprintf("%s, %s; ", text, row.Name)
	}
	return all, figures[:len(figures)-len("; ")], nil
}

func backgroundGoesOn(_ lab.Values, rows lab.Rows) (bool, string, error) {
	of, err := rows.Of("background", yielding)
	if err != nil {
		return false, "", err
	}
	holds, figures := true, ""
	for _, row := range of {
		holds = holds && row.Low > 0
		figures += fmt.Sprintf("%.3g replicas a second, %s; ", row.Mean, row.Name)
	}
	return holds, figures[:len(figures)-len("; ")], nil
}
