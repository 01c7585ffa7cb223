package experiments

import (
	"fmt"
	"time"

	"ringside/cli/lab"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
)

// §4.4: one history under four ways to tell versions apart.

// The ways. Their order is that of the x axis.
const (
	dotted = iota
	truncated
	literal
	latest
)

var clockNames = []string{"dotted", "truncated", "literal", "last write wins"}

func clocks() *lab.Experiment {
	over := &lab.Axis{Label: "time since the start, of the whole run", Unit: "%"}
	return &lab.Experiment{
		Name: "clocks", Section: "§4.4",
		Title: "one history under dotted, truncated and literal vector clocks, and under last write wins",
		Question: "What do the ways to tell versions apart cost? How long do clocks grow, how often does a " +
			"truncated clock show a version beside its own ancestor, and which ways lose acknowledged updates?",
		Method: "Several writers of each key get it, add an element to the merged value, and put it with the " +
			"context of the get. Meanwhile faults cut the network and stop nodes, so that many nodes coordinate. " +
			"With one seed the requests and the faults are the same under all four ways; replies differ, and with " +
			"them the contexts. A clock has one pair for each node that coordinated a version that it covers, the " +
			"version itself included. Literal clocks are the paper's, with one counter for each node and key. " +
			"Truncated clocks are dotted ones without the oldest pairs beyond the threshold; the paper's threshold " +
			"is 10. Under last write wins a version covers all versions that its coordinator held, and not only " +
			"those that its client had read, so those clocks are longer. A false conflict is a version that a get " +
			"or a settled home shows beside an ancestor. An update is lost if its element is in no version that is " +
			"left.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "clocks", Names: clockNames},
		Measures: []lab.Measure{
			{Name: "pairs", Label: "pairs of a new version's clock", X: over},
			{Name: "longest", Label: "pairs of the longest clock"},
			{Name: "conflicts", Label: "false conflicts for 100 gets"},
			{Name: "lost", Label: "acknowledged updates that are lost", Unit: "%", Share: true},
		},
		Params: append(quorumParams("12", "3", "2", "2"),
			whole("keys", "2", "keys", 100), whole("writers", "4", "writers of each key", maxWriters),
			whole("rounds", "60", "puts of each writer", maxRounds),
			whole("truncate", "3", "pairs at which clocks are truncated", 100),
			faultsParam("crash,partition", plan.Crash, plan.Split, plan.OneWay, plan.Loss, plan.Pause)),
		Seeds: 12,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			ways := []int{dotted, truncated, literal, latest}
			return unitsOf(ways, seeds, func(way int, seed uint64) (*scene, sampler, error) {
				return clocksRun(v, way, seed)
			})
		},
		Claims: []lab.Claim{
			{Text: "dotted clocks lose no update and show no false conflict", Holds: dottedAreExact},
			{Text: "truncated clocks are shorter, and show false conflicts", Holds: truncatedAreShort},
			{Text: "literal clocks lose updates", Holds: loses(literal)},
			{Text: "last write wins loses updates", Holds: loses(latest)},
		},
	}
}

// clockPace is the mean time from one put of a writer to the next.
const clockPace = time.Second

func clocksRun(v lab.Values, way int, seed uint64) (*scene, sampler, error) {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	o.Faults, o.FaultEvery = faultsOf(v), 2*time.Second
	w := rewrites{
		keys: v.Whole("keys"), writers: v.Whole("writers"), rounds: v.Whole("rounds"), every: clockPace,
		think: 10 * time.Millisecond,
	}
	o.Length = clockPace * time.Duration(w.rounds)
	switch o.Clocks.Kind = settings.ClocksDotted; way {
	case truncated:
		o.Clocks.Truncate = v.Whole("truncate")
	case literal:
		o.Clocks.Kind = settings.ClocksLiteral
	case latest:
		o.Mode = settings.ModeLWW
	}
	s, err := newScene(o)
	if err != nil {
		return nil, nil, err
	}
	s.rewrite(w)
	s.broken = way == literal
	return s, func(m sim.Measured) []lab.Sample { return clocksSamples(way, m) }, nil
}

func clocksSamples(way int, m sim.Measured) []lab.Sample {
	x, name := float64(way), clockNames[way]
	lost, of := lostUpdates(&m)
	out := []lab.Sample{
		lab.Point("longest", "all", x, float64(m.Clocks.Pairs.Max())),
		lab.Point("conflicts", "all", x, 100*float64(m.FalseConflicts)/float64(max(1, m.Gets.OK))),
		lab.Share("lost", "all", x, lost, of),
	}
	for i, slice := range m.Clocks.Over {
		if slice.Writes > 0 {
			at := 100 * (float64(i) + .5) / measure.ClockSlices
			out = append(out, lab.Point("pairs", name, at, float64(slice.Sum)/float64(slice.Writes)))
		}
	}
	return out
}

func dottedAreExact(_ lab.Values, rows lab.Rows) (bool, string, error) {
	lost, err := rows.At("lost", "all", dotted)
	if err != nil {
		return false, "", err
	}
	conflicts, err := rows.At("conflicts", "all", dotted)
	return lost.Mean == 0 && conflicts.Mean == 0,
		fmt.Sprintf("%.3g %% lost, %.3g false conflicts for 100 gets", lost.Mean, conflicts.Mean), err
}

func truncatedAreShort(_ lab.Values, rows lab.Rows) (bool, string, error) {
	conflicts, err := rows.At("conflicts", "all", truncated)
	if err != nil {
		return false, "", err
	}
	short, err := rows.At("longest", "all", truncated)
	if err != nil {
		return false, "", err
	}
	long, err := rows.At("longest", "all", dotted)
	figures := fmt.Sprintf("%.3g pairs for %.3g, %.3g false conflicts for 100 gets", short.Mean, long.Mean, conflicts.Mean)
	return conflicts.Mean > 0 && short.Mean < long.Mean, figures, err
}

// loses says that updates are lost under a way.
func loses(way float64) func(lab.Values, lab.Rows) (bool, string, error) {
	return func(_ lab.Values, rows lab.Rows) (bool, string, error) {
		r, err := rows.At("lost", "all", way)
		return r.Mean > 0, fmt.Sprintf("%.3g %% lost", r.Mean), err
	}
}
