package experiments

import (
	"context"
	"fmt"
	"time"

	"ringside/cli/lab"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
)

// never is the value of options of a simulated run that stands for "off".
const never = -1

// plain returns options of a simulated run in which nothing is drawn that the caller does not ask
// for: no faults, no mechanism but those of gets and puts, no quorums of single requests.
func plain(seed uint64) plan.Options {
	return plan.Options{
		Seed: seed, Mode: settings.ModeSiblings, Quorum: plan.Sloppy, Strategy: 3, Faults: []string{}, Blind: never,
		OwnQuorums: never, AntiEntropy: never, Tombstones: never, Buffer: never, Clocks: plan.Clocks{Truncate: never},
		Length: time.Minute,
	}
}

// play plays a plan of a simulated run and returns what was counted. It returns an error if a
// property of the engine did not hold, since such a run measures nothing.
func play(ctx context.Context, p plan.Plan) (*measure.Measures, error) {
	m, ended := sim.Player{GoOn: func() bool { return ctx.Err() == nil }}.Measure(p)
	switch {
	case !ended:
		return nil, ctx.Err()
	case len(m.Violations) > 0:
		v := m.Violations[0]
		return nil, fmt.Errorf("the simulated run of seed %d violates %s: %s", v.Seed, v.Property, v.Detail)
	}
	return m.Measures, nil
}

// oneValue is the error of a claim that compares values of an axis with only one.
const oneValue = lab.Undecided("one value, so there is nothing to compare")

func milliseconds(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }

// checkQuorum returns a usage error if N replicas allow no such R and W.
func checkQuorum(n, r, w int) error {
	if r > n || w > n {
		return usage.Errorf("R=%d W=%d with N=%d: want 1 to %d", r, w, n, n)
	}
	return nil
}

// asUsage makes an error about options of a simulated run one about the values of an experiment.
func asUsage(err error) error { return usage.Errorf("%w", err) }
