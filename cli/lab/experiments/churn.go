package experiments

import (
	"context"
	"fmt"
	"slices"

	"ringside/cli/lab"
	"ringside/engine/ring"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/stock"
)

// §4.9: what a join and a leave move, how long they take, and what clients notice.

// fairFactor is the factor up to which a change may move more than a fair share. With random tokens
// the share of a node varies from ring to ring.
const fairFactor = 1.5

func churn() *lab.Experiment {
	return &lab.Experiment{
		Name: "churn", Section: "§4.9, §6.2",
		Title: "what a join and a leave move, and what clients notice",
		Question: "How many bytes does a node that joins or leaves move, compared with its fair share of the data? " +
			"How long does the change take, and how many requests fail meanwhile?",
		Method: "A simulated cluster holds keys, and clients read and overwrite them. One node joins or leaves. The " +
			"bytes are those of all messages of the transfers. The fair share is N ÷ S of all keys, one message " +
			"and one answer each, where S counts the node that joins or leaves. The change is ready when all " +
			"new homes have all of their ranges. Disks take the time of their bytes, and networks do not. Each " +
			"seed is another set of keys and another node; under strategies 1 and 2 its tokens are random. " +
			"Strategies 2 and 3 have 60 partitions, and strategies 1 and 2 have 12 tokens a node.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "nodes before the change"},
		Measures: []lab.Measure{
			{Name: "moved", Label: "moved", Unit: "kB"},
			{Name: "excess", Label: "bytes moved ÷ fair share"},
			{Name: "ready", Label: "until the change is ready", Unit: "s"},
			{Name: "refused", Label: "requests that failed meanwhile", Unit: "%", Share: true},
		},
		Params: append([]lab.Param{
			{Name: "nodes", Kind: lab.Wholes, Default: "5,10,20", Min: 4, Max: 60, Help: "nodes before the change"},
			{Name: "quorum", Kind: lab.Word, Default: plan.Sloppy, Words: []string{plan.Sloppy, plan.Strict},
				Help: "who may answer a request: healthy nodes, or homes only"},
		}, moveParams()...),
		Seeds: 5,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			if err := checkMove(v); err != nil {
				return nil, err
			}
			var changes []stock.Change
			for _, kind := range []string{plan.Join, plan.Leave} {
				for strategy := ring.TokensRandom; strategy <= ring.EqualPartitions; strategy++ {
					for _, nodes := range v.Numbers("nodes") {
						c := changeOf(v, strategy)
						c.Kind, c.Nodes, c.Quorum = kind, int(nodes), v.Word("quorum")
						changes = append(changes, c)
					}
				}
			}
			return perSeed(changes, seeds, measureChurn), nil
		},
		Claims: []lab.Claim{
			{Text: "no change moves more than 1.5 times the fair share", Holds: movesFairShare},
			{Text: "the more nodes there are, the less a change moves", Holds: movesLessWithNodes},
			{Text: "no request fails meanwhile", Holds: nothingRefused},
		},
	}
}

// moveParams are the parameters of experiments in which the membership changes.
func moveParams() []lab.Param {
	count := func(name, value, help string) lab.Param {
		return lab.Param{Name: name, Kind: lab.Whole, Default: value, Min: 1, Max: 4, Help: help}
	}
	return []lab.Param{
		{Name: "keys", Kind: lab.Whole, Default: "2000", Min: 100, Max: 100_000, Help: "keys that the cluster holds"},
		valueParam("1000"),
		count("N", "3", "replicas of each key"), count("R", "2", "replicas that a get waits for"),
		count("W", "2", "replicas that a put waits for"),
		{Name: "rate", Kind: lab.Whole, Default: "100", Min: 1, Max: 2000, Help: "requests a second of all clients together"},
		{Name: "disk", Kind: lab.Whole, Default: "1024", Min: 16, Max: 1 << 20, Help: "KiB that a disk writes a second"},
	}
}

// checkMove returns a usage error if a simulated cluster cannot have the values of moveParams.
func checkMove(v lab.Values) error {
	if err := checkQuorum(v.Whole("N"), v.Whole("R"), v.Whole("W")); err != nil {
		return err
	}
	return checkStock(v.Whole("keys"), v.Whole("value"), v.Whole("N"))
}

// changeOf returns a change with the values of moveParams, without a seed.
func changeOf(v lab.Values, strategy ring.Strategy) stock.Change {
	return stock.Change{
		Keys:     stock.Keys{Count: v.Whole("keys"), Bytes: v.Whole("value")},
		Strategy: strategy, N: v.Whole("N"), R: v.Whole("R"), W: v.Whole("W"), Quorum: plan.Sloppy,
		Rate: v.Whole("rate"), Disk: v.Whole("disk") << 10,
	}
}

func changeName(kind string, s ring.Strategy) string { return kind + ", " + strategyName(s) }

// changeNames are the series of all changes.
func changeNames() []string {
	var out []string
	for _, kind := range []string{plan.Join, plan.Leave} {
		for s := ring.TokensRandom; s <= ring.EqualPartitions; s++ {
			out = append(out, changeName(kind, s))
		}
	}
	return out
}

func measureChurn(ctx context.Context, c stock.Change, seed uint64) ([]lab.Sample, error) {
	c.Seed = seed
	m, err := stock.Move(goOn(ctx), c)
	if err != nil {
		return nil, err
	}
	series, x := changeName(c.Kind, c.Strategy), float64(c.Nodes)
	return []lab.Sample{
		lab.Point("moved", series, x, float64(m.Bytes)/1000),
		lab.Point("excess", series, x, float64(m.Bytes)/m.Ideal),
		lab.Point("ready", series, x, m.Ready.Seconds()),
		lab.Share("refused", series, x, m.Refused, m.Asked),
	}, nil
}

// movesFairShare compares means over the seeds. A single node may have a larger share.
func movesFairShare(v lab.Values, rows lab.Rows) (bool, string, error) {
	most, where := 0.0, ""
	for _, series := range changeNames() {
		for _, x := range v.Numbers("nodes") {
			row, err := rows.At("excess", series, x)
			if err != nil {
				return false, "", err
			}
			if row.Mean > most {
				most, where = row.Mean, fmt.Sprintf("at most %.2f times: %s, %g nodes", row.Mean, series, x)
			}
		}
	}
	return most <= fairFactor, where, nil
}

func movesLessWithNodes(v lab.Values, rows lab.Rows) (bool, string, error) {
	few, many := slices.Min(v.Numbers("nodes")), slices.Max(v.Numbers("nodes"))
	if few == many {
		return false, "", lab.ErrMissing
	}
	holds, figures := true, ""
	for _, series := range changeNames() {
		a, err := rows.At("moved", series, few)
		if err != nil {
			return false, "", err
		}
		b, err := rows.At("moved", series, many)
		if err != nil {
			return false, "", err
		}
		holds = holds && b.Mean < a.Mean
		figures += fmt.Sprintf("%s %.0f to %.0f kB; ", series, a.Mean, b.Mean)
	}
	return holds, figures[:len(figures)-len("; ")], nil
}

func nothingRefused(v lab.Values, rows lab.Rows) (bool, string, error) {
	cases, holds := uint64(0), true
	for _, series := range changeNames() {
		of, err := rows.Of("refused", series)
		if err != nil {
			return false, "", err
		}
		for _, row := range of {
			cases += row.Cases
			holds = holds && row.Mean == 0
		}
	}
	return holds, fmt.Sprintf("%d requests", cases), nil
}
