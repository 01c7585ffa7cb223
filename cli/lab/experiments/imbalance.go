package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"ringside/cli/lab"
	"ringside/cli/paper"
	"ringside/engine/ring"
	"ringside/engine/sim/rng"
)

// §6.2, Figure 6: how many nodes are out of balance, by the load.

const (
	// outOfBalance is the part of the mean load beyond which a node is out of balance.
	outOfBalance = .15
	// imbalanceMetadata is the size of the ring's metadata, at which the ring itself is nearly even.
	imbalanceMetadata = 3840
	// uniformKeys is the series of keys that are equally popular.
	uniformKeys = "uniform"
	// fallen is a part of an imbalance that chance alone hardly leaves.
	fallen = .8
	// lowLoad6 and highLoad6 are the loads of Figure 6 in percent of the peak.
	lowLoad6, highLoad6 = 12.5, 100
)

func imbalance() *lab.Experiment {
	return &lab.Experiment{
		Name: "imbalance", Section: "§6.2, Figure 6",
		Title: "how many nodes are out of balance, by the load",
		Question: "Which part of the nodes serves a load that is more than 15 % off the mean of all nodes, at low and " +
			"at high load, and with keys of equal and of very different popularity?",
		Method: "Requests are drawn for the keys of one period, and each counts at all three homes of its key on a " +
			"ring of Figure 8. Each seed is another ring with other keys. Uniform keys are equally popular. " +
			"With zipf S the request for the key of rank r is drawn in proportion to r to the power of -S. The " +
			"paper gives neither its number of requests nor its popularities, so only the direction can be " +
			"compared. The paper explains that at a low load fewer popular keys are asked for. Here that effect " +
			"wears off with the load as long as no single key has a large part of all requests. If a few keys " +
			"have a large part, as with zipf 0.99, the nodes of these keys are out of balance at each load.",
		Clock:    lab.Virtual,
		X:        lab.Axis{Label: "load", Unit: "% of the peak"},
		Measures: []lab.Measure{{Name: "imbalance", Label: "nodes more than 15 % off the mean", Unit: "%", Share: true}},
		Params: []lab.Param{
			{Name: "load", Kind: lab.Numbers, Default: "12.5,25,50,100", Min: .1, Max: 1000,
				Help: "loads in percent of the peak"},
			{Name: "requests", Kind: lab.Whole, Default: "1000", Min: 10, Max: 100_000,
				Help: "requests of a node in one period at the peak, in the mean"},
			{Name: "keys", Kind: lab.Whole, Default: "10000", Min: 1, Max: 1_000_000, Help: "keys that can be asked for"},
			{Name: "zipf", Kind: lab.Numbers, Default: "0.7,0.99", Min: .01, Max: 5,
				Help: "exponents of the popularity of keys, beside uniform keys"},
			{Name: "strategy", Kind: lab.Whole, Default: "3", Min: 1, Max: 3, Help: "of partitioning (§6.2)"},
		},
		Seeds: 20,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			return perSeed(append([]float64{0}, v.Numbers("zipf")...), seeds,
				func(ctx context.Context, exponent float64, seed uint64) ([]lab.Sample, error) {
					return measureImbalance(ctx, v, exponent, seed)
				}), nil
		},
		Published: func(v lab.Values) []lab.Published {
			series := popularityName(slices.Min(v.Numbers("zipf")))
			published := lab.Published{Measure: "imbalance", Series: series, X: lowLoad6, Value: 20,
				Source: "§6.2, at an eighth of the peak"}
			high := published
			high.X, high.Value, high.Source = highLoad6, 10, "§6.2, at high load"
			return []lab.Published{published, high}
		},
		Claims: []lab.Claim{
			{Text: "with uniform keys, fewer nodes are out of balance at high load", Holds: fallsWithLoad(
				func(lab.Values) float64 { return 0 })},
			{Text: "with the least skewed popularity, fewer nodes are out of balance at high load", Holds: fallsWithLoad(
				func(v lab.Values) float64 { return slices.Min(v.Numbers("zipf")) })},
			{Text: "at high load, skewed popularity puts more nodes out of balance", Holds: skewUnbalances},
		},
	}
}

// popularityName returns the series of an exponent; 0 stands for uniform keys.
func popularityName(exponent float64) string {
	if exponent == 0 {
		return uniformKeys
	}
	return fmt.Sprintf("zipf %g", exponent)
}

// popularity returns for each key the sum of the popularities up to that key.
func popularity(keys int, exponent float64) []float64 {
	out := make([]float64, keys)
	sum := 0.0
	for i := range out {
		sum += math.Pow(float64(i+1), -exponent)
		out[i] = sum
	}
	return out
}

func measureImbalance(ctx context.Context, v lab.Values, exponent float64, seed uint64) ([]lab.Sample, error) {
	r, err := paper.FigureRing(seed, imbalanceMetadata, ring.Strategy(v.Whole("strategy")))
	if err != nil {
		return nil, err
	}
	sums, random := popularity(v.Whole("keys"), exponent), rng.New(seed, "requests")
	homes := make([][]string, len(sums))
	var out []lab.Sample
	for _, load := range v.Numbers("load") {
		mean := load / 100 * v.Number("requests")
		served := map[string]int{}
		requests := int(mean * paper.FigureNodes / paper.FigureReplicas)
		if requests == 0 {
			continue // nothing has a load
		}
		for range requests {
			k := sort.SearchFloat64s(sums, random.Float64()*sums[len(sums)-1])
			if homes[k] == nil {
				homes[k] = r.Homes(fmt.Appendf(nil, "%d/key%d", seed, k))
			}
			for _, home := range homes[k] {
				served[home]++
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out = append(out, lab.Share("imbalance", popularityName(exponent), load, unbalanced(r, served), paper.FigureNodes))
	}
	return out, nil
}

// unbalanced returns the number of nodes that are out of balance.
func unbalanced(r *ring.Ring, served map[string]int) int {
	sum, out := 0, 0
	for _, n := range served {
		sum += n
	}
	mean := float64(sum) / float64(len(r.Members()))
	for _, m := range r.Members() {
		if math.Abs(float64(served[m.Name])-mean) > outOfBalance*mean {
			out++
		}
	}
	return out
}

// fallsWithLoad returns a check that the imbalance at the highest load is at most fallen of that at
// the lowest.
func fallsWithLoad(exponent func(lab.Values) float64) func(lab.Values, lab.Rows) (bool, string, error) {
	return func(v lab.Values, rows lab.Rows) (bool, string, error) {
		of, err := rows.Of("imbalance", popularityName(exponent(v)))
		if err != nil {
			return false, "", err
		}
		low, high := of[0], of[len(of)-1]
		if low.X == high.X {
			return false, "", lab.ErrMissing
		}
		figures := fmt.Sprintf("%.3g %% at a load of %g %%, %.3g %% at %g %%", low.Mean, low.X, high.Mean, high.X)
		return high.Mean <= fallen*low.Mean, figures, nil
	}
}

func skewUnbalances(v lab.Values, rows lab.Rows) (bool, string, error) {
	skewed := popularityName(slices.Max(v.Numbers("zipf")))
	return lower(rows, "imbalance", uniformKeys, skewed, slices.Max(v.Numbers("load")))
}
