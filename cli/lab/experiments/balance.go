package experiments

import (
	"context"
	"fmt"
	"slices"

	"ringside/cli/lab"
	"ringside/cli/paper"
	"ringside/engine/ring"
)

// §6.2, Figure 8: how evenly the three strategies spread the load.

// someTokens bounds the tokens of all rings of one point. A large ring takes seconds, and large
// rings differ little.
const (
	someTokens  = 60_000
	fewestRings = 5
)

func balance() *lab.Experiment {
	return &lab.Experiment{
		Name: "balance", Section: "§6.2, Figure 8",
		Title: "how evenly three ways to partition the ring spread the load",
		Question: "How much of the load that its busiest node serves does an average node serve, by the size of the " +
			"metadata that describes the ring?",
		Method: fmt.Sprintf("Rings of %d nodes and %d replicas are made with the code of the ring. The load of a node is "+
			"the part of the replicated key space that it holds. Tokens are random, so each point is the mean of many "+
			"rings; each seed is a ring. Large rings take fewer seeds, but at least %d. "+
			"Strategy 2 has %d partitions, which the paper does not state.",
			paper.FigureNodes, paper.FigureReplicas, fewestRings, paper.FigurePartitions),
		Clock:    lab.Virtual,
		X:        lab.Axis{Label: "tokens or partitions", Log: true},
		Measures: []lab.Measure{{Name: "efficiency", Label: "mean load ÷ greatest load", Most: 1}},
		Params: []lab.Param{{
			Name: "metadata", Kind: lab.Wholes, Default: "60,480,3840", Min: paper.MinMetadata, Max: paper.MaxMetadata,
			Help: "sizes of the metadata: tokens, or partitions for strategy 3",
		}},
		Seeds: 100,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			var out []lab.Unit
			for _, size := range v.Numbers("metadata") {
				for strategy := ring.TokensRandom; strategy <= ring.EqualPartitions; strategy++ {
					for _, seed := range seeds[:min(len(seeds), max(fewestRings, someTokens/int(size)))] {
						out = append(out, balanceUnit(int(size), strategy, seed))
					}
				}
			}
			return out, nil
		},
		Published: func(v lab.Values) []lab.Published {
			var out []lab.Published
			for _, size := range paper.PublishedSizes {
				if !slices.Contains(v.Numbers("metadata"), float64(size)) {
					continue
				}
				for i, e := range paper.PublishedEfficiency(size) {
					out = append(out, lab.Published{Measure: "efficiency", Series: strategyName(ring.Strategy(i + 1)),
						X: float64(size), Value: e, Source: "Figure 8, read off the plot", Within: .02})
				}
			}
			return out
		},
		Claims: []lab.Claim{{Text: "equal partitions spread the load best at each size", Holds: bestIsThree}},
	}
}

func strategyName(s ring.Strategy) string { return fmt.Sprintf("strategy %d", s) }

func balanceUnit(size int, strategy ring.Strategy, seed uint64) lab.Unit {
	return lab.Unit{Seed: seed, Run: func(context.Context) ([]lab.Sample, error) {
		e, err := paper.Efficiency(seed, size, strategy)
		if err != nil {
			return nil, err
		}
		return []lab.Sample{lab.Point("efficiency", strategyName(strategy), float64(size), e)}, nil
	}}
}

func bestIsThree(v lab.Values, rows lab.Rows) (bool, string, error) {
	holds, figures := true, ""
	for _, size := range v.Numbers("metadata") {
		best, err := rows.At("efficiency", strategyName(ring.EqualPartitions), size)
		if err != nil {
			return false, "", err
		}
		for _, s := range []ring.Strategy{ring.TokensRandom, ring.TokensOverPartitions} {
			row, err := rows.At("efficiency", strategyName(s), size)
			if err != nil {
				return false, "", err
			}
			holds = holds && best.Mean > row.Mean
		}
		figures += fmt.Sprintf("%.2f at %g; ", best.Mean, size)
	}
	return holds, figures[:len(figures)-len("; ")], nil
}
