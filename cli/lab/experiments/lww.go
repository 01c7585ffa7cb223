package experiments

import (
	"fmt"
	"slices"

	"ringside/cli/lab"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// §4.4 and §6: what last write wins loses, by the error of the clocks and by contention.

const jepsenSource = "Jepsen, Call me maybe: Riak (aphyr.com/posts/285): 30 to 70 % of acknowledged writes"

// lwwRounds is the number of puts of each writer.
const lwwRounds = 40

func lww() *lab.Experiment {
	return &lab.Experiment{
		Name: "lww", Section: "§4.4, §6",
		Title: "how many acknowledged writes last write wins loses, by clock error and contention",
		Question: "Several clients change one key at the same time. How many acknowledged writes does last write " +
			"wins lose, by the error of the nodes' clocks and the number of writers?",
		Method: "Each writer gets the key, adds an element to the value, thinks, and puts the value with the " +
			"context of the get, again and again, through one node. The network is split in two halves for the " +
			"middle third of the run, unless --faults says none. The clocks of the nodes are wrong by up to half " +
			"of the greatest difference in either direction. An acknowledged write is lost if its element is not " +
			"in the value that is left. A write that is only replaced by a value with its element is not lost. The " +
			"second measure counts the writes that were dropped for a concurrent one: neither had ended when the " +
			"other began, and neither client had seen the other write. The third counts those that were dropped " +
			"for a write that had ended before they began, through a node whose clock was ahead. The other lost " +
			"writes had been merged into a write that was lost, or were overwritten by a client whose get was too " +
			"early to see them. Jepsen's figures are those of another store with other times between requests, so " +
			"only the order of magnitude can be compared. Jepsen's run under a global write lock, with a " +
			"partition, lost 32.5 % (gist.github.com/aphyr/5428061).",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "greatest difference of two clocks", Unit: "ms", Log: true},
		Measures: []lab.Measure{
			{Name: "lost", Label: "acknowledged writes that are lost", Unit: "%", Share: true},
			{Name: "concurrent", Label: "dropped for a concurrent write", Unit: "%", Share: true},
			{Name: "outdated", Label: "dropped for an earlier write", Unit: "%", Share: true},
		},
		Params: append(quorumParams("5", "3", "2", "2"),
			whole("keys", "3", "keys", 100),
			lab.Param{Name: "skew", Kind: lab.Numbers, Default: "1,10,100,1000", Min: .001, Max: 3_600_000,
				Help: "greatest differences of two clocks, in milliseconds"},
			lab.Param{Name: "writers", Kind: lab.Wholes, Default: "1,2,5", Min: 1, Max: 50, Help: "writers of each key"},
			lab.Param{Name: "every", Kind: lab.Number, Default: "100", Min: 1, Max: 60_000,
				Help: "mean milliseconds between two writes of a client"},
			lab.Param{Name: "think", Kind: lab.Number, Default: "10", Min: 0, Max: 60_000,
				Help: "milliseconds from a get to the put"},
			faultsParam(plan.Split, plan.Split)),
		Seeds: 10,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			return unitsOf(lwwSettings(v), seeds, func(c lwwSetting, seed uint64) (*scene, sampler, error) {
				return lwwRun(v, c, seed)
			})
		},
		Published: func(v lab.Values) []lab.Published {
			writers := slices.Max(v.Numbers("writers"))
			var out []lab.Published
			for _, percent := range []float64{30, 70} {
				out = append(out, lab.Published{Measure: "lost", Series: lwwSetting{writers: int(writers)}.String(),
					X: v.Numbers("skew")[0], Value: percent, Source: jepsenSource})
			}
			return out
		},
		Claims: []lab.Claim{
			{Text: "siblings that clients merge lose nothing", Holds: siblingsLoseNothing},
			{Text: "clocks that differ more make more writes lose to earlier ones", Holds: skewLoses},
			{Text: "more writers of a key lose more at each clock error", Holds: contentionLoses},
		},
	}
}

// An lwwSetting is one point of one series.
type lwwSetting struct {
	skew     float64 // ms
	writers  int
	siblings bool // no last write wins, to compare
}

func (c lwwSetting) String() string {
	out := fmt.Sprintf("%d writers", c.writers)
	if c.writers == 1 {
		out = "1 writer"
	}
	if c.siblings {
		out += ", siblings"
	}
	return out
}

func lwwSettings(v lab.Values) []lwwSetting {
	var out []lwwSetting
	for _, w := range v.Numbers("writers") {
		for _, s := range v.Numbers("skew") {
			out = append(out, lwwSetting{skew: s, writers: int(w)})
		}
	}
	most := int(slices.Max(v.Numbers("writers")))
	for _, s := range v.Numbers("skew") {
		out = append(out, lwwSetting{skew: s, writers: most, siblings: true})
	}
	return out
}

func lwwRun(v lab.Values, c lwwSetting, seed uint64) (*scene, sampler, error) {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	if !c.siblings {
		o.Mode = settings.ModeLWW
	}
	s, err := newScene(o)
	if err != nil {
		return nil, nil, err
	}
	s.rewrite(rewrites{
		keys: v.Whole("keys"), writers: c.writers, rounds: lwwRounds,
		every: milliseconds(v.Number("every")), think: milliseconds(v.Number("think")),
	})
	r := rng.New(seed, "lab lww")
	for range s.Nodes {
		s.Conditions.Skew = append(s.Conditions.Skew, milliseconds((r.Float64()-.5)*c.skew))
		s.Conditions.Drift = append(s.Conditions.Drift, 0)
	}
	if len(faultsOf(v)) > 0 && s.Nodes > 1 {
		s.split(r)
	}
	return s, func(m sim.Measured) []lab.Sample {
		lost, of := lostUpdates(&m)
		out := []lab.Sample{lab.Share("lost", c.String(), c.skew, lost, of)}
		if c.siblings {
			return out
		}
		return append(out, lab.Share("concurrent", c.String(), c.skew, m.Writes.Displaced, of),
			lab.Share("outdated", c.String(), c.skew, m.Writes.Outdated, of))
	}, nil
}

func siblingsLoseNothing(v lab.Values, rows lab.Rows) (bool, string, error) {
	most := int(slices.Max(v.Numbers("writers")))
	siblings, err := rows.Of("lost", lwwSetting{writers: most, siblings: true}.String())
	if err != nil {
		return false, "", err
	}
	worst := 0.
	for _, r := range siblings {
		worst = max(worst, r.Mean)
	}
	return worst == 0, fmt.Sprintf("at most %.3g %% with %d writers", worst, most), nil
}

func skewLoses(v lab.Values, rows lab.Rows) (bool, string, error) {
	skews := slices.Sorted(slices.Values(v.Numbers("skew")))
	if len(skews) == 1 {
		return false, "", oneValue
	}
	most := lwwSetting{writers: int(slices.Max(v.Numbers("writers")))}.String()
	little, err := rows.At("outdated", most, skews[0])
	if err != nil {
		return false, "", err
	}
	much, err := rows.At("outdated", most, skews[len(skews)-1])
	figures := fmt.Sprintf("%.3g %% at %g ms, %.3g %% at %g ms", little.Mean, little.X, much.Mean, much.X)
	return much.Mean > little.Mean, figures, err
}

func contentionLoses(v lab.Values, rows lab.Rows) (bool, string, error) {
	writers := slices.Sorted(slices.Values(v.Numbers("writers")))
	if len(writers) == 1 {
		return false, "", oneValue
	}
	holds, figures := true, ""
	for _, skew := range v.Numbers("skew") {
		few, err := rows.At("lost", lwwSetting{writers: int(writers[0])}.String(), skew)
		if err != nil {
			return false, "", err
		}
		many, err := rows.At("lost", lwwSetting{writers: int(writers[len(writers)-1])}.String(), skew)
		if err != nil {
			return false, "", err
		}
		holds = holds && many.Mean > few.Mean
		figures += fmt.Sprintf("%.3g and %.3g %% at %g ms; ", few.Mean, many.Mean, skew)
	}
	return holds, figures[:len(figures)-len("; ")], nil
}
