package command

import (
	"fmt"
	"slices"
	"strings"

	"ringside/cli/lab"
	"ringside/cli/render"
	"ringside/cli/simulate"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
)

// checkCapsule returns a usage error for flags that do not go with --capsule.
func (r *runner) checkCapsule() error {
	c := r.call
	if !c.Has("capsule") {
		if c.Has("unit") {
			return c.Misusef("--unit chooses the run for --capsule: give --capsule FILE as well")
		}
		return nil
	}
	for _, other := range []string{"html", "csv", "shard", "merge", "seeds"} {
		if c.Has(other) || c.Bool(other) {
			return c.Misusef("--capsule plays one unit of one seed: leave out --%s", other)
		}
	}
	if name := c.Arg(0); name == "" || name == all {
		return c.Misusef("--capsule plays one unit of an experiment: name the experiment")
	}
	return nil
}

// leaveCapsule plays one unit of an experiment, and writes the run that it plays to the file of
// --capsule. The unit is one of those of the first seed. A run that breaks a promise of the engine
// is written as well, before the error.
func (r *runner) leaveCapsule(e *lab.Experiment) error {
	job, err := r.job(e, true)
	if err != nil {
		return err
	}
	units, err := e.Units(job.Values, job.Seeds[:min(len(job.Seeds), 1)])
	if err != nil {
		return fmt.Errorf("lab %s: %w", e.Name, err)
	}
	number := max(r.call.Int("unit"), 1)
	if number > len(units) {
		return r.call.Misusef("--unit %d: lab %s has %s for each seed", number, e.Name, render.Count(len(units), "unit"))
	}
	unit := units[number-1]
	var played *plan.Plan
	samples, failed := unit.Run(lab.WithPlans(r.ctx, func(p plan.Plan) {
		if played == nil {
			played = &p
		}
	}))
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case played == nil && failed != nil:
		return fmt.Errorf("lab %s: %w", e.Name, failed)
	case played == nil:
		return usage.Errorf("lab %s --capsule: unit %d of %d plays no run that a script of sim can describe: it "+
			"computes figures, sets up replicas at once, or measures a real cluster; --unit chooses another one",
			e.Name, number, len(units))
	}
	if err := simulate.WriteCapsule(r.ctx, r.Path(r.call.String("capsule")), *played); err != nil {
		return fmt.Errorf("lab %s --capsule: %w", e.Name, err)
	}
	if failed != nil {
		return fmt.Errorf("lab %s: %w; the run is in %s", e.Name, failed, render.Typed(r.call.String("capsule")))
	}
	return r.Show(map[string]any{
		"experiment": e.Name, "file": r.call.String("capsule"), "unit": number, "units": len(units), "seed": unit.Seed,
		"samples": samples,
	}, fmt.Sprintf("wrote %s: unit %d of %d, seed %d%s; ringside open %[1]s shows it\n",
		render.Typed(r.call.String("capsule")), number, len(units), unit.Seed, about(e, samples)))
}

// about says which series and places on the x axis the samples of a unit are about.
func about(e *lab.Experiment, samples []lab.Sample) string {
	var out []string
	for _, s := range samples {
		axis := e.Axis(s.Measure)
		x := fmt.Sprintf("%s %g %s", axis.Label, s.X, axis.Unit)
		if i := int(s.X); i >= 0 && i < len(axis.Names) {
			x = axis.Names[i]
		}
		text := strings.TrimSpace(s.Series + " at " + strings.TrimSpace(x))
		if s.Series == "" {
			text = x
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	const shown = 3
	if n := len(out) - shown; n > 0 {
		out = append(out[:shown], fmt.Sprintf("and %d more", n))
	}
	if len(out) == 0 {
		return ""
	}
	return ", " + render.Text(strings.Join(out, ", "))
}
