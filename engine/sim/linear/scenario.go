package linear

import (
	"slices"
	"time"

	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim"
)

// A Scenario is a committed seed that shows one reason why Dynamo is not
// linearizable, or the control that is.
type Scenario struct {
	Name    string
	Why     string
	Options sim.Options
	Legal   bool
	// Shows says whether a history holds the reason, and no other.
	Shows func([]sim.Observation) bool
}

// usual are the options that the scenarios share.
var usual = sim.Options{
	Nodes: 5, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Quorum: sim.Sloppy, Ops: 60, Clients: 3, Keys: 1,
	Strategy: ring.EqualPartitions, Length: 30 * time.Second, Blind: .2, Odd: -1, Faults: []string{}, FaultEvery: 2 * time.Second,
}

func with(change func(*sim.Options)) sim.Options {
	o := usual
	change(&o)
	return o
}

// Scenarios are what `ringside sim --check linearizable` shows.
var Scenarios = []Scenario{
	{
		Name: "serial", Why: "one client, no faults: it behaves like one copy", Legal: true,
		Options: with(func(o *sim.Options) { o.Seed, o.Clients, o.Blind = 1, 1, -1 }),
		Shows:   allAcked,
	},
	{
		Name: "sloppy-split", Why: "R+W>N, but across a split stand-ins make up both quorums (§4.6)",
		Options: with(func(o *sim.Options) { o.Seed, o.Faults = 18, []string{"partition"} }),
		Shows:   allAcked,
	},
	{
		Name: "small-quorum", Why: "R+W≤N: a read need not meet the latest write (§4.5)",
		Options: with(func(o *sim.Options) { o.Seed, o.R, o.W, o.Length = 4, 1, 1, 100*time.Millisecond }),
		Shows:   allAcked,
	},
	{
		Name: "partial-write", Why: "a write that failed on some replicas is seen, and then it is not",
		Options: with(func(o *sim.Options) {
			o.Seed, o.R, o.W, o.Quorum, o.Faults = 5, 1, 3, sim.StrictQuorum, []string{"partition"}
		}),
		Shows: seenThenUnseen,
	},
}

// allAcked says that every operation was answered with success, so that no unknown outcome is to blame.
func allAcked(history []sim.Observation) bool {
	return !slices.ContainsFunc(history, func(o sim.Observation) bool { return o.Outcome != "ok" })
}

// seenThenUnseen says that a put without success was read, and that a later get found only
// what had ended before that put began.
func seenThenUnseen(history []sim.Observation) bool {
	ended := map[uint64]time.Duration{}
	for _, o := range history {
		if o.Outcome == "ok" {
			ended[o.ID] = o.Ended
		}
	}
	for _, p := range history {
		if p.Kind != "put" || p.Outcome != "unknown" {
			continue
		}
		seen := time.Duration(0)
		for _, g := range history {
			switch {
			case g.Kind != "get" || g.Outcome != "ok" || g.Key != p.Key:
			case seen == 0 && slices.Contains(g.Read, p.ID):
				seen = g.Ended
			case seen > 0 && g.Began > seen && len(g.Read) > 0 && !slices.ContainsFunc(g.Read, func(id uint64) bool { return ended[id] == 0 || ended[id] >= p.Began }):
				return true
			}
		}
	}
	return false
}
