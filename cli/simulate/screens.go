package simulate

import (
	"slices"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim/plan"
)

// screenOptions are the options of the run that the screens show if the user gives no seed: a story
// that a person can follow. What a seed draws by itself is made to break nodes, takes minutes, and
// has clocks that few people can read. In this run, the writes on the two sides of a split become
// siblings, a hint goes home, and a read repairs a replica, all within the first ten seconds.
var screenOptions = plan.Options{
	Seed: 16, Nodes: 5, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Quorum: plan.Sloppy,
	Strategy: ring.EqualPartitions, Ops: 24, Clients: 2, Keys: 1, Length: 24 * time.Second, Blind: none,
	OwnQuorums: none, Faults: []string{plan.Split, plan.Crash}, FaultEvery: 6 * time.Second, AntiEntropy: none,
	Buffer: none, Tombstones: none, Clocks: plan.Clocks{Kind: settings.ClocksDotted, Truncate: none},
}

// watched returns the options of the run for the screens. A seed, or another option of a run,
// stands for the run that it draws without the screens.
func watched(c *verbs.Call, o plan.Options) plan.Options {
	if isStory(c) {
		return screenOptions
	}
	return o
}

// isStory reports whether the run of screenOptions is shown.
func isStory(c *verbs.Call) bool {
	return c.Bool("tui") && !isSingle(c) && !slices.ContainsFunc(drawnFlags, c.Has)
}
