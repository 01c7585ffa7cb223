package experiments

import (
	"context"
	"fmt"

	"ringside/cli/lab"
	"ringside/cli/paper"
)

// §6.1, Figure 5: what an object buffer does to the latency of writes.

// Series and places on the x axis of buffer.
const (
	withoutBuffer = "no buffer"
	withBuffer    = "buffer"
	bufferFactor  = "no buffer ÷ buffer"

	lowLoad, peakLoad = 0, 1
)

func buffer() *lab.Experiment {
	usual := paper.UsualBuffer
	return &lab.Experiment{
		Name: "buffer", Section: "§6.1, Figure 5",
		Title: "what an object buffer does to the latency of writes",
		Question: "By which factor does an object buffer in memory lower the latency of writes, when one of the " +
			"replicas is still written durably?",
		Method: fmt.Sprintf("Each seed is one measurement: two clusters of real nodes, N=3 R=2 W=2, get the same writes in "+
			"turn. A seed draws nothing. The clock is the machine's, and disks and network are slow on "+
			"purpose: %v for a flush, one in %d stalls for %v, %v for a hop. So the direction and the factor can be "+
			"compared with the paper's, and the milliseconds cannot. With a buffer, pauses of this machine make most of "+
			"the 99.9th percentile; if the machine is busy, measure again.",
			usual.Flushes.Flush, usual.Flushes.StallEvery, usual.Flushes.Stall, usual.Hop),
		Clock: lab.Wall,
		X:     lab.Axis{Label: "load", Names: []string{"low", "peak"}},
		Measures: []lab.Measure{
			{Name: "p999", Label: "99.9th percentile of writes", Unit: "ms"},
			{Name: "mean", Label: "mean of writes", Unit: "ms"},
			{Name: "factor", Label: "99.9th percentile without ÷ with a buffer"},
			{Name: "failed", Label: "writes that failed", Unit: "%", Share: true},
		},
		Params: []lab.Param{
			{Name: "low", Kind: lab.Whole, Default: fmt.Sprint(usual.Low), Min: 10, Max: 5000,
				Help: "writes a second at low load"},
			{Name: "peak", Kind: lab.Whole, Default: fmt.Sprint(usual.Peak), Min: 10, Max: 5000,
				Help: "writes a second at peak load"},
			{Name: "objects", Kind: lab.Whole, Default: fmt.Sprint(usual.Objects), Min: 1, Max: 100_000,
				Help: "objects in the buffer of each node"},
			{Name: "stall", Kind: lab.Number, Default: fmt.Sprint(usual.Flushes.Stall.Milliseconds()), Max: 1000,
				Help: "ms for which a flush stalls at times"},
			lengthParam("2"),
		},
		Seeds: 3,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			scale := usual
			scale.Low, scale.Peak, scale.Objects = v.Whole("low"), v.Whole("peak"), v.Whole("objects")
			scale.Length, scale.Flushes.Stall = milliseconds(1000*v.Number("length")), milliseconds(v.Number("stall"))
			return perSeed([]paper.BufferScale{scale}, seeds, measureBuffer), nil
		},
		Published: func(lab.Values) []lab.Published {
			return []lab.Published{{Measure: "factor", Series: bufferFactor, X: peakLoad,
				Value: paper.PublishedBufferFactor, Source: "§6.1, at peak load"}}
		},
		Claims: []lab.Claim{
			{Text: "the buffer lowers the 99.9th percentile at peak load", Holds: func(_ lab.Values, rows lab.Rows) (
				bool, string, error) {
				return lowerOnWallClock(rows, "p999", withBuffer, withoutBuffer, peakLoad)
			}},
			{Text: "the buffer lowers the mean at low load", Holds: func(_ lab.Values, rows lab.Rows) (
				bool, string, error) {
				return lowerOnWallClock(rows, "mean", withBuffer, withoutBuffer, lowLoad)
			}},
		},
	}
}

// lengthParam returns the parameter that says how long an experiment on a wall clock measures.
func lengthParam(seconds string) lab.Param {
	return lab.Param{Name: "length", Kind: lab.Number, Default: seconds, Min: .1, Max: 3600,
		Help: "seconds for which each variant is measured; few requests have no 99.9th percentile"}
}

func measureBuffer(ctx context.Context, scale paper.BufferScale, _ uint64) ([]lab.Sample, error) {
	f, err := paper.Figure5(ctx, scale)
	if err != nil {
		return nil, err
	}
	return bufferSamples(f), nil
}

// bufferSamples returns the samples of one measurement.
func bufferSamples(f *paper.BufferFigure) []lab.Sample {
	place := map[string]float64{"low": lowLoad, "peak": peakLoad}
	var out []lab.Sample
	for _, r := range f.Rows {
		series := withoutBuffer
		if r.Buffer > 0 {
			series = withBuffer
		}
		x := place[r.Load]
		out = append(out, lab.Share("failed", series, x, r.Failed, r.Failed+r.Count))
		if r.Count > 0 {
			out = append(out, lab.Point("p999", series, x, r.P999), lab.Point("mean", series, x, r.Mean))
		}
	}
	for _, r := range f.Ratios {
		if r.P999 > 0 {
			out = append(out, lab.Point("factor", bufferFactor, place[r.Load], r.P999))
		}
	}
	return out
}
