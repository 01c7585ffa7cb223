package experiments

import (
	"time"

	"ringside/engine/settings"
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
