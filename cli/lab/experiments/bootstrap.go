package experiments

import (
	"context"
	"fmt"

	"ringside/cli/lab"
	"ringside/engine/ring"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/stock"
)

// §6.2: what a join and an archive cost under the three strategies.

// Places on the x axis of bootstrap.
const (
	joinCost    = 0
	archiveCost = 1
)

func bootstrap() *lab.Experiment {
	return &lab.Experiment{
		Name: "bootstrap", Section: "§6.2",
		Title: "what a join and an archive scan under three ways to partition the ring",
		Question: "How much of the stores do nodes scan, and how many Merkle trees do they build anew, when a node " +
			"joins? How much do they scan to copy one partition to an archive?",
		Method: "A simulated cluster holds keys, clients use it, and one node joins. Each scan of stored records " +
			"that finds one counts, on all nodes, from the change until no node holds a replica that it need " +
			"not hold. A tree counts if a node builds it from a scan. Under strategy 1 all trees are built anew " +
			"if the number of ranges passes a power of two, because the depth of a tree follows from that " +
			"number. The archive is computed from the ring: a partition is one of 60 equal parts of the key " +
			"space, and each range that overlaps it is scanned as a whole at one home. The stores here are " +
			"sorted by position, so a scan reads its range only. In the paper the nodes searched their whole " +
			"stores, and a join took almost a day, which these figures leave out. Each seed is another set of " +
			"keys and another node.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "operation", Names: []string{"join", "archive"}},
		Measures: []lab.Measure{
			{Name: "scans", Label: "scans of a range"},
			{Name: "keys", Label: "keys scanned for each key that is copied"},
			{Name: "trees", Label: "Merkle trees built anew"},
		},
		Params: append([]lab.Param{
			{Name: "nodes", Kind: lab.Whole, Default: "8", Min: 4, Max: 60, Help: "nodes before the join"},
		}, moveParams()...),
		Seeds: 10,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			if err := checkMove(v); err != nil {
				return nil, err
			}
			var joins []stock.Change
			for strategy := ring.TokensRandom; strategy <= ring.EqualPartitions; strategy++ {
				c := changeOf(v, strategy)
				c.Kind, c.Nodes = plan.Join, v.Whole("nodes")
				joins = append(joins, c)
			}
			return perSeed(joins, seeds, measureBootstrap), nil
		},
		Claims: []lab.Claim{
			{Text: "a join builds fewer trees anew with equal partitions than with random tokens", Holds: fewerUnder3("trees")},
			{Text: "a join scans fewer keys for each key that moves with equal partitions than with random tokens",
				Holds: fewerUnder3("keys")},
			{Text: "an archive of a partition scans one range, and with random tokens more", Holds: oneRangeToArchive},
		},
	}
}

func measureBootstrap(ctx context.Context, c stock.Change, seed uint64) ([]lab.Sample, error) {
	c.Seed = seed
	m, err := stock.Move(goOn(ctx), c)
	if err != nil {
		return nil, err
	}
	a, series := stock.ArchiveOf(c), strategyName(c.Strategy)
	out := []lab.Sample{
		lab.Point("scans", series, joinCost, float64(m.Ranges)),
		lab.Point("trees", series, joinCost, float64(m.Trees)),
		lab.Point("scans", series, archiveCost, float64(a.Ranges)),
		lab.Point("keys", series, archiveCost, float64(a.Scanned)/float64(a.Keys)),
	}
	if m.Replicas > 0 {
		out = append(out, lab.Point("keys", series, joinCost, float64(m.Scanned)/float64(m.Replicas)))
	}
	return out, nil
}

// fewerUnder3 returns a check that a measure of a join is lower under strategy 3 than under 1.
func fewerUnder3(measure string) func(lab.Values, lab.Rows) (bool, string, error) {
	return func(_ lab.Values, rows lab.Rows) (bool, string, error) {
		return lower(rows, measure, strategyName(ring.EqualPartitions), strategyName(ring.TokensRandom), joinCost)
	}
}

func oneRangeToArchive(_ lab.Values, rows lab.Rows) (bool, string, error) {
	holds, figures := true, ""
	for s := ring.TokensRandom; s <= ring.EqualPartitions; s++ {
		row, err := rows.At("scans", strategyName(s), archiveCost)
		if err != nil {
			return false, "", err
		}
		holds = holds && (row.Mean == 1) == (s != ring.TokensRandom)
		figures += fmt.Sprintf("%.3g under %s; ", row.Mean, strategyName(s))
	}
	return holds, figures[:len(figures)-len("; ")], nil
}
