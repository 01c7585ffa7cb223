package experiments

import (
	"context"
	"fmt"
	"time"

	"ringside/cli/lab"
	"ringside/cli/lab/wars"
	"ringside/engine/sim/plan"
)

// Staleness in versions: the closed form, and the engine with writes that do not spread.

// Series of the measure within.
const (
	closedForm = "closed form"
	byEngine   = "engine"
)

const (
	// maxVersions bounds k.
	maxVersions = 20
	// measuredVersions is the greatest k that is measured: so many puts of a key follow each other
	// before the oldest of them spreads.
	measuredVersions = 3
	// spread is the leg W of puts that do not spread meanwhile. It is less than the patience of nodes.
	spread = plan.LegTime - 100*time.Millisecond
	// apart is the time between two puts of a key.
	apart = time.Second
	// warmUp is the number of puts of a key that are not probed. The first of them reaches all
	// replicas, and the others do not.
	warmUp = 1 + measuredVersions
	// nearly is how far the closed form may lie outside of an interval, in points.
	nearly = .5
	// versionKeys is the number of keys.
	versionKeys = 20
)

// closedForm returns the closed form for all k.
func (s pbsSetting) closedForm() []lab.Sample {
	var out []lab.Sample
	for _, k := range s.k {
		out = append(out, lab.Point("within", closedForm, k, 100*wars.Within(s.N, s.R, s.W, int(k))))
	}
	return out
}

// measureVersions plays the engine with writes that do not spread. W must be 1.
func (s pbsSetting) measureVersions(ctx context.Context, seed uint64) ([]lab.Sample, error) {
	s.Local = true
	s.Legs.W = plan.Delay{P: 1, Least: inMilliseconds(spread), Alpha: exactly}
	o := s.options(seed, []time.Duration{0})
	o.Keys = versionKeys
	o = pacing(o, o.Keys+2*(s.puts+warmUp*o.Keys), apart)
	p := plan.New(o)
	s.warmUp(&p)
	m, err := (&scene{Plan: p}).play(ctx)
	if err != nil {
		return nil, err
	}
	var out []lab.Sample
	for _, k := range s.k {
		if k > measuredVersions || len(m.Probes) != 1 || m.Probes[0].Gets == 0 {
			continue
		}
		probe := m.Probes[0]
		within := probe.Fresh
		for i := range int(k) - 1 {
			within += probe.Behind[i]
		}
		out = append(out, lab.Point("within", byEngine, k, 100*float64(within)/float64(probe.Gets)))
	}
	return out, nil
}

// exactly is the exponent of a Pareto distribution whose values hardly differ.
const exactly = 1e6

// warmUp leaves out the gets that follow the first puts of each key, and gives the very first put
// the time to spread.
func (s pbsSetting) warmUp(p *plan.Plan) {
	puts := map[string]int{}
	var ops []plan.Op
	for _, op := range p.Ops {
		if op.Kind == plan.Put {
			puts[op.Key]++
		}
		if op.Kind == plan.Get && puts[op.Key] <= warmUp {
			continue
		}
		if puts[op.Key] > 1 {
			op.At += plan.LegTime
		}
		ops = append(ops, op)
	}
	p.Ops = ops
	p.HealAt += plan.LegTime
}

// versionsAsPredicted claims that the closed form lies in the intervals of what was measured, or
// nearly so.
func versionsAsPredicted(v lab.Values, rows lab.Rows) (bool, string, error) {
	if v.Whole("W") > 1 || v.Whole("N") == 1 {
		return false, "", lab.Undecided("measured for W=1 and more than one replica only")
	}
	holds, figures := true, ""
	for _, k := range v.Numbers("k") {
		ours, err := rows.At("within", byEngine, k)
		if err != nil && k > measuredVersions {
			continue
		}
		if err != nil {
			return false, "", err
		}
		form, err := rows.At("within", closedForm, k)
		if err != nil {
			return false, "", err
		}
		holds = holds && form.Mean >= ours.Low-nearly && form.Mean <= ours.High+nearly
		figures += fmt.Sprintf("k=%g: %.1f and %.1f %%, ", k, ours.Mean, form.Mean)
	}
	if figures == "" {
		return false, "", lab.ErrMissing
	}
	return holds, figures[:len(figures)-len(", ")], nil
}
