package lab

import (
	"context"

	"ringside/engine/sim/plan"
)

type plansKey struct{}

// WithPlans returns a context in which units hand each run that they play to see, before they play
// it.
func WithPlans(ctx context.Context, see func(plan.Plan)) context.Context {
	return context.WithValue(ctx, plansKey{}, see)
}

// Plays tells the caller of WithPlans that a unit plays a run. A unit calls it.
func Plays(ctx context.Context, p plan.Plan) {
	if see, ok := ctx.Value(plansKey{}).(func(plan.Plan)); ok {
		see(p)
	}
}
