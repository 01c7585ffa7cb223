package experiments

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"ringside/cli/lab"
	"ringside/cli/paper"
)

// §6.4, Table 2: what a client gains that knows the ring.

// Series of the ratios of coordination.
const (
	ratioOfTails = "99.9th percentile"
	ratioOfMeans = "mean"
)

// coordinationOps are the places on the x axis of coordination.
var coordinationOps = []string{paper.Reads, paper.Writes}

func coordination() *lab.Experiment {
	usual := paper.UsualCoordination
	return &lab.Experiment{
		Name: "coordination", Section: "§6.4, Table 2",
		Title: "what a client gains that knows the ring",
		Question: "How much faster are requests of a client that knows the ring and asks a home of the key than requests " +
			"through a load balancer?",
		Method: fmt.Sprintf("Each seed is one measurement: clients use one cluster of real nodes, N=3 R=2 W=2, in both ways "+
			"in turn. The clock is the machine's, and disks and network are slow on purpose: %v for a hop, "+
			"%v for a flush, one in %d stalls for %v. So directions and ratios can be compared with the paper's, and the "+
			"milliseconds cannot. The balancer is a hop and a random choice, not a program. Section 6.4 says in the "+
			"text that the mean falls by 3 to 4 ms, and its table has 2.35 and 2.12; the published figures here are those "+
			"of the table.",
			usual.Hop, usual.Flushes.Flush, usual.Flushes.StallEvery, usual.Flushes.Stall),
		Clock: lab.Wall,
		X:     lab.Axis{Label: "operation", Names: coordinationOps},
		Measures: []lab.Measure{
			{Name: "p999", Label: "99.9th percentile", Unit: "ms"},
			{Name: "mean", Label: "mean", Unit: "ms"},
			{Name: "factor", Label: "latency server-driven ÷ client-driven"},
			{Name: "failed", Label: "requests that failed", Unit: "%", Share: true},
		},
		Params: []lab.Param{
			{Name: "clients", Kind: lab.Whole, Default: fmt.Sprint(usual.Clients), Min: 1, Max: 1000,
				Help: "clients that ask at the same time"},
			{Name: "hop", Kind: lab.Number, Default: fmt.Sprint(usual.Hop.Milliseconds()), Max: 1000,
				Help: "ms that a message takes from one machine to another"},
			lengthParam("4"),
		},
		Seeds: 3,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			scale := usual
			scale.Clients, scale.Hop = v.Whole("clients"), milliseconds(v.Number("hop"))
			scale.Length = milliseconds(1000 * v.Number("length"))
			return perSeed([]paper.CoordinationScale{scale}, seeds, measureCoordination), nil
		},
		Published: publishedCoordination,
		Claims: []lab.Claim{
			{Text: "the mean of client-driven requests is lower", Holds: clientDrivenIsFaster("mean")},
			{Text: "the 99.9th percentile of client-driven requests is lower", Holds: clientDrivenIsFaster("p999")},
		},
	}
}

func publishedCoordination(lab.Values) []lab.Published {
	var out []lab.Published
	for x, op := range coordinationOps {
		server := paper.PublishedCoordination(paper.ServerDriven, op)
		client := paper.PublishedCoordination(paper.ClientDriven, op)
		factor := lab.Published{Measure: "factor", Series: ratioOfTails, X: float64(x), Source: "Table 2",
			Value: paper.Ratio(server.P999, client.P999)}
		out = append(out, factor)
		factor.Series, factor.Value = ratioOfMeans, paper.Ratio(server.Mean, client.Mean)
		out = append(out, factor)
	}
	return out
}

func measureCoordination(ctx context.Context, scale paper.CoordinationScale, _ uint64) ([]lab.Sample, error) {
	t, err := paper.Table2(ctx, scale)
	if err != nil {
		return nil, err
	}
	return coordinationSamples(t), nil
}

// coordinationSamples returns the samples of one measurement.
func coordinationSamples(t *paper.CoordinationTable) []lab.Sample {
	var out []lab.Sample
	for _, r := range t.Rows {
		x := float64(slices.Index(coordinationOps, r.Op))
		out = append(out, lab.Share("failed", r.Approach, x, r.Failed, r.Failed+r.Count))
		if r.Count > 0 {
			out = append(out, lab.Point("p999", r.Approach, x, r.P999), lab.Point("mean", r.Approach, x, r.Mean))
		}
	}
	for _, r := range t.Ratios {
		x := float64(slices.Index(coordinationOps, r.Op))
		if r.P999 > 0 && r.Mean > 0 {
			out = append(out, lab.Point("factor", ratioOfTails, x, r.P999), lab.Point("factor", ratioOfMeans, x, r.Mean))
		}
	}
	return out
}

// clientDrivenIsFaster returns a check that a measure is lower for both operations if the client
// knows the ring.
func clientDrivenIsFaster(measure string) func(lab.Values, lab.Rows) (bool, string, error) {
	return func(_ lab.Values, rows lab.Rows) (bool, string, error) {
		reads, a, err1 := lowerOnWallClock(rows, measure, paper.ClientDriven, paper.ServerDriven, 0)
		writes, b, err2 := lowerOnWallClock(rows, measure, paper.ClientDriven, paper.ServerDriven, 1)
		figures := fmt.Sprintf("reads %s; writes %s", a, b)
		if err1 == nil && !reads || err2 == nil && !writes {
			return false, figures, nil
		}
		return true, figures, cmp.Or(err1, err2)
	}
}
