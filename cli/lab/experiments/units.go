package experiments

import (
	"context"

	"ringside/cli/lab"
)

// perSeed returns a unit for each setting and seed. All settings of a seed come before the next
// seed, so that an interrupted job has rows of all settings.
func perSeed[T any](settings []T, seeds []uint64,
	run func(ctx context.Context, setting T, seed uint64) ([]lab.Sample, error)) []lab.Unit {
	var out []lab.Unit
	for _, seed := range seeds {
		for _, x := range settings {
			out = append(out, lab.Unit{Seed: seed, Run: func(ctx context.Context) ([]lab.Sample, error) {
				return run(ctx, x, seed)
			}})
		}
	}
	return out
}

// goOn returns whether an experiment may go on.
func goOn(ctx context.Context) func() bool { return func() bool { return ctx.Err() == nil } }
