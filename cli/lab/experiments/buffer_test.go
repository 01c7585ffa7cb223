package experiments

import (
	"context"
	"math"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
	"ringside/cli/paper"
)

// reportOf returns the report on samples that a test has made up, which need no clock.
func reportOf(t *testing.T, e *lab.Experiment, samples []lab.Sample) *lab.Report {
	t.Helper()
	made := *e
	made.Units = func(lab.Values, []uint64) ([]lab.Unit, error) {
		return []lab.Unit{{Seed: 1, Run: func(context.Context) ([]lab.Sample, error) { return samples, nil }}}, nil
	}
	return labtest.Run(t, &made, nil, 1)
}

// The samples of Figure 5 are compared with the paper's factor, and the verdict follows them.
func TestBuffer(t *testing.T) {
	row := func(load string, objects int, p999, mean float64) paper.BufferRow {
		return paper.BufferRow{Load: load, Buffer: objects,
			Latencies: paper.Latencies{Count: 99, Failed: 1, P999: p999, Mean: mean}}
	}
	f := &paper.BufferFigure{
		Rows: []paper.BufferRow{row("low", 0, 40, 6), row("low", 9, 10, 2), row("peak", 0, 60, 8), row("peak", 9, 20, 3)},
		Ratios: []paper.BufferRatio{
			{Load: "low", P999: 4, Mean: 3}, {Load: "peak", P999: 3, Mean: 2.67},
		},
	}
	r := reportOf(t, buffer(), bufferSamples(f))
	if r.Verdict != lab.Agrees || r.Clock != lab.Wall {
		t.Errorf("%s, %s", r.Text, r.Clock)
	}
	if p := r.Published[0]; p.Ours == nil || *p.Ours != 3 || p.Verdict != lab.NoClaim {
		t.Errorf("the factor at peak load: %+v", p)
	}
	if row, err := r.Rows.At("failed", withBuffer, lowLoad); err != nil || row.Mean != 1 {
		t.Errorf("failed: %+v, %v", row, err)
	}
	labtest.Deny(t, r, "p999", withBuffer, 61)
	labtest.Deny(t, r, "mean", withBuffer, 7)
}

// A measurement on the clock of the machine fills the rows. Which side is faster is the business of
// package paper's tests, which repeat themselves on a busy machine.
func TestWallClocks(t *testing.T) {
	for e, given := range map[*lab.Experiment]map[string]string{
		buffer():       {"low": "20", "peak": "40", "length": ".2", "stall": "0"},
		coordination(): {"clients": "4", "hop": "1", "length": ".2"},
	} {
		r := labtest.Run(t, e, given, 1)
		for _, m := range []string{"p999", "mean", "failed"} {
			if n := len(r.Rows.Series(m)); n != 2 {
				t.Errorf("%s: %d series of %s", e.Name, n, m)
			}
		}
		for _, row := range r.Rows {
			if row.Measure != "failed" && (row.Mean <= 0 || math.IsInf(row.Mean, 0)) {
				t.Errorf("%s: %+v", e.Name, row)
			}
		}
	}
}
