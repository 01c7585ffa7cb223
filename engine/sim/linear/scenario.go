package linear

import (
	"slices"
	"time"

	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

// A Scenario is a committed seed that shows one reason why Dynamo is not linearizable. One scenario
// is linearizable, for comparison.
type Scenario struct {
	Name    string
	Why     string
	Options plan.Options
	Legal   bool // the history is linearizable
	// Shows reports whether a history has this reason and no other.
	Shows func([]client.Observation) bool
}

// usual are the options that the scenarios share.
var usual = plan.Options{
	Nodes: 5, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Quorum: plan.Sloppy, Ops: 60, Clients: 3, Keys: 1,
	Strategy: ring.EqualPartitions, Length: 30 * time.Second, Blind: .2, OwnQuorums: -1,
	Faults: []string{}, FaultEvery: 2 * time.Second,
}

func with(change func(*plan.Options)) plan.Options {
	o := usual
	change(&o)
	return o
}

// Scenarios are the runs that `ringside sim --check linearizable` judges.
var Scenarios = []Scenario{
	{
		Name: "serial", Why: "one client, no faults: it behaves like one copy", Legal: true,
		Options: with(func(o *plan.Options) { o.Seed, o.Clients, o.Blind = 1, 1, -1 }),
		Shows:   allAcked,
	},
	{
		Name: "sloppy-split", Why: "R+W>N, but across a split fallbacks make up both quorums (§4.6)",
		Options: with(func(o *plan.Options) { o.Seed, o.Faults = 18, []string{plan.Split} }),
		Shows:   allAcked,
	},
	{
		Name: "small-quorum", Why: "R+W≤N: a read need not meet the latest write (§4.5)",
		Options: with(func(o *plan.Options) { o.Seed, o.R, o.W, o.Length = 4, 1, 1, 100*time.Millisecond }),
		Shows:   allAcked,
	},
	{
		Name: "partial-write", Why: "a write that failed on some replicas is seen, and then it is not",
		Options: with(func(o *plan.Options) {
			o.Seed, o.R, o.W, o.Quorum, o.Faults = 5, 1, 3, plan.Strict, []string{plan.Split}
		}),
		Shows: seenThenUnseen,
	},
}

// allAcked reports whether every operation succeeded, so that unknown outcomes are not the reason.
func allAcked(history []client.Observation) bool {
	return !slices.ContainsFunc(history, func(o client.Observation) bool { return o.Outcome != "ok" })
}

// seenThenUnseen reports whether a get found a put with an unknown outcome, and a later get found
// only writes that had ended before that put began.
func seenThenUnseen(history []client.Observation) bool {
	ended := map[uint64]time.Duration{}
	for _, o := range history {
		if o.Outcome == "ok" {
			ended[o.ID] = o.Ended
		}
	}
	for _, p := range history {
		if p.Kind != plan.Put || p.Outcome != "unknown" {
			continue
		}
		newer := func(id uint64) bool { return ended[id] == 0 || ended[id] >= p.Began }
		seen := time.Duration(0)
		for _, g := range history {
			switch {
			case g.Kind != plan.Get || g.Outcome != "ok" || g.Key != p.Key:
			case seen == 0 && slices.Contains(g.Read, p.ID):
				seen = g.Ended
			case seen > 0 && g.Began > seen && len(g.Read) > 0 && !slices.ContainsFunc(g.Read, newer):
				return true
			}
		}
	}
	return false
}
