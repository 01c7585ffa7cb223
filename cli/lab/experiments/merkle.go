package experiments

import (
	"context"
	"fmt"
	"slices"

	"ringside/cli/lab"
	"ringside/engine/sim/stock"
	"ringside/engine/usage"
)

// §4.7: what a comparison of two replicas costs.

func merkle() *lab.Experiment {
	return &lab.Experiment{
		Name: "merkle", Section: "§4.7",
		Title: "what it costs to find and repair the differences of two replicas",
		Question: "How much do two nodes send to find and repair the keys in which they differ, by the number of " +
			"differences and of keys? How much would they send to copy everything?",
		Method: "Two simulated nodes hold the same keys, and for some keys one of them has a newer version. They compare " +
			"all ranges once, as in each cycle of anti-entropy. All messages of the comparison count with their real " +
			"sizes, the newer versions included. Each seed is another set of keys. A tree here has buckets of keys as " +
			"its leaves, 65,536 on the whole ring, so its depth depends on the number of ranges and not on the number of " +
			"keys. Beyond that many keys the list of a bucket grows. The copy is one message and one answer for each key.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "differences", Log: true},
		Measures: []lab.Measure{
			{Name: "bytes", Label: "sent by both nodes", Unit: "bytes", Log: true},
			{Name: "messages", Label: "messages of both nodes", Log: true},
			{Name: "hashes", Label: "hashes compared", Log: true},
		},
		Params: []lab.Param{
			{Name: "keys", Kind: lab.Wholes, Default: "1000,10000,100000", Min: 1, Max: 1_000_000,
				Help: "keys that both nodes hold"},
			{Name: "differences", Kind: lab.Wholes, Default: "1,10,100,1000", Min: 1, Max: 1_000_000,
				Help: "keys of which one node has a newer version"},
			valueParam("100"),
			{Name: "ranges", Kind: lab.Whole, Default: "2", Min: 2, Max: 4096,
				Help: "ranges of the ring, each with a tree of its own; an equal one costs two messages"},
		},
		Seeds: 3,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			if err := checkStock(int(slices.Max(v.Numbers("keys"))), v.Whole("value"), 2); err != nil {
				return nil, err
			}
			most, d := slices.Max(v.Numbers("keys")), v.Numbers("differences")
			unplayed := slices.Min(d) // the usual differences are more than a few keys have
			if slices.Contains(v.Changed(), "differences") {
				unplayed = slices.Max(d)
			}
			if unplayed > most {
				return nil, usage.Errorf("--differences %.0f is more than --keys %.0f; "+
					"want at most as many differences as keys", unplayed, most)
			}
			var settings []stock.Comparison
			for _, keys := range v.Numbers("keys") {
				for _, differences := range v.Numbers("differences") {
					if differences > keys {
						continue
					}
					settings = append(settings, stock.Comparison{
						Keys:        stock.Keys{Count: int(keys), Bytes: v.Whole("value")},
						Differences: int(differences), Ranges: v.Whole("ranges"),
					})
				}
			}
			return perSeed(settings, seeds, measureMerkle), nil
		},
		Claims: []lab.Claim{
			{Text: "the bytes for the fewest differences grow by at most half from the fewest keys to the most",
				Holds: bytesIgnoreKeys},
			{Text: "the bytes grow with the differences, and at most half more than in proportion",
				Holds: bytesFollowDifferences},
			{Text: "the fewest differences of the most keys cost less than a tenth of a copy", Holds: cheaperThanCopy},
		},
	}
}

// valueParam returns the parameter that says how large the values of keys are.
func valueParam(bytes string) lab.Param {
	return lab.Param{Name: "value", Kind: lab.Whole, Default: bytes, Max: 64 << 10, Help: "bytes of each value"}
}

// maxStock bounds the bytes of the values that a simulated cluster holds, since all are in memory.
const maxStock = 1 << 30

// checkStock returns a usage error if a simulated cluster cannot hold that many keys, with values
// of that many bytes, at that many homes each.
func checkStock(keys, bytes, homes int) error {
	if all := keys * bytes * homes; all > maxStock {
		return usage.Errorf("%d keys with values of %d bytes at %d nodes each are %d MiB, the limit is %d MiB; lower --keys "+
			"or --value", keys, bytes, homes, all>>20, maxStock>>20)
	}
	return nil
}

func keysName(keys float64) string { return fmt.Sprintf("%.0f keys", keys) }
func copyName(keys float64) string { return fmt.Sprintf("copy of %.0f keys", keys) }

func measureMerkle(ctx context.Context, c stock.Comparison, seed uint64) ([]lab.Sample, error) {
	c.Seed = seed
	cost, err := stock.Compare(goOn(ctx), c)
	if err != nil {
		return nil, err
	}
	x, keys := float64(c.Differences), float64(c.Count)
	return []lab.Sample{
		lab.Point("bytes", keysName(keys), x, float64(cost.Bytes)),
		lab.Point("bytes", copyName(keys), x, float64(cost.FullCopy)),
		lab.Point("messages", keysName(keys), x, float64(cost.Messages)),
		lab.Point("hashes", keysName(keys), x, float64(cost.Hashes)),
	}, nil
}

// sameBytes is the factor up to which two numbers of bytes count as equal. The list of a bucket
// depends on chance, and on the keys once there are more of them than buckets.
const sameBytes = 1.5

func bytesIgnoreKeys(v lab.Values, rows lab.Rows) (bool, string, error) {
	keys := v.Numbers("keys")
	few, many, x := slices.Min(keys), slices.Max(keys), slices.Min(v.Numbers("differences"))
	if few == many {
		return false, "", lab.ErrMissing
	}
	a, err := rows.At("bytes", keysName(few), x)
	if err != nil {
		return false, "", err
	}
	b, err := rows.At("bytes", keysName(many), x)
	return b.Mean <= sameBytes*a.Mean, fmt.Sprintf("differences: %g; bytes: %.0f with %.0f keys, %.0f with %.0f keys",
		x, a.Mean, few, b.Mean, many), err
}

func bytesFollowDifferences(v lab.Values, rows lab.Rows) (bool, string, error) {
	holds, figures, compared := true, "", false
	for _, keys := range v.Numbers("keys") {
		all, err := rows.Of("bytes", keysName(keys))
		if err != nil {
			continue // all differences are more than these keys
		}
		for i := 1; i < len(all); i++ {
			a, b := all[i-1], all[i]
			holds = holds && a.Mean < b.Mean && b.Mean*a.X <= sameBytes*a.Mean*b.X
			compared = true
		}
		last := all[len(all)-1]
		figures += fmt.Sprintf("%.0f keys: %.0f to %.0f bytes for %g to %g differences; ", keys, all[0].Mean,
			last.Mean, all[0].X, last.X)
	}
	if !compared {
		return false, "", lab.ErrMissing
	}
	return holds, figures[:len(figures)-len("; ")], nil
}

func cheaperThanCopy(v lab.Values, rows lab.Rows) (bool, string, error) {
	keys, x := slices.Max(v.Numbers("keys")), slices.Min(v.Numbers("differences"))
	a, err := rows.At("bytes", keysName(keys), x)
	if err != nil {
		return false, "", err
	}
	b, err := rows.At("bytes", copyName(keys), x)
	return 10*a.Mean < b.Mean, fmt.Sprintf("%.0f bytes, and %.0f for a copy", a.Mean, b.Mean), err
}
