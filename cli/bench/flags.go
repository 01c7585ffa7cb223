package bench

import (
	"slices"
	"strconv"
	"strings"

	"ringside/cli/console"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/bench"
	"ringside/localcluster/config"
)

var flags = []verbs.Flag{
	{Name: "nodes", Aliases: []string{"n"}, Kind: verbs.Int, Default: "3", Value: "3", Max: config.MaxNodes,
		Help: "nodes"},
	{Name: "concurrency", Kind: verbs.String, Default: "1,16,64", Value: "1,16,64",
		Help: "clients at once; with --rate, requests at once"},
	{Name: "for", Kind: verbs.Duration, Default: "2s", Value: "2s", Longest: bench.MaxWindow,
		Zero: "give a time such as 2s", Help: "how long to measure, in each round; 10ms or more"},
	{Name: "store", Kind: verbs.String, Default: "sync", Value: "sync,nosync,buffer,mem",
		Words: words(bench.Stores), Help: "how nodes keep data"},
	{Name: "op", Kind: verbs.String, Default: "put,get", Value: "put,get,mix", Words: words(bench.Ops),
		Help: "what clients do"},
	{Name: "rate", Kind: verbs.String, Value: "1000,2000",
		Help: "requests a second that are due, whether or not earlier ones were answered (open loop)"},
	{Name: "N", Kind: verbs.Int, Value: "3", Max: config.MaxNodes, Help: "replicas of each key"},
	{Name: "R", Kind: verbs.Int, Value: "2", Max: config.MaxNodes, Help: "answers that a get waits for"},
	{Name: "W", Kind: verbs.Int, Value: "2", Max: config.MaxNodes, Help: "durable replicas that a put waits for"},
	{Name: "keys", Kind: verbs.Int, Default: "10000", Value: "10000", Max: bench.MaxKeys,
		Help: "keys, which are written first"},
	{Name: "size", Kind: verbs.Int, Default: "100", Value: "100", Max: wire.MaxValue, Help: "bytes of a value"},
	{Name: "zipf", Kind: verbs.Bool,
		Help: "some keys are far more frequent than others; otherwise all are equally frequent"},
	{Name: "mix", Kind: verbs.String, Default: "0.5", Value: "0.5", Help: "share of gets in --op mix, 0 to 1"},
	{Name: "rounds", Kind: verbs.Int, Default: "3", Value: "3", Max: bench.MaxRounds,
		Help: "how often everything is measured; figures are medians"},
	{Name: "floor", Kind: verbs.Bool, Default: "true", Help: "--floor=false: do not measure the messages alone"},
	{Name: "client-driven", Kind: verbs.Bool, Help: "clients know the ring and ask a home of the key (§6.4)"},
	{Name: "dir", Kind: verbs.String, Value: "D", Complete: verbs.CompleteFiles,
		Help: "where the throw-away data goes; otherwise a folder for temporary files, on a disk if there is one"},
	{Name: "html", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
		Help: "also write a page with latency against load"},
	{Name: CleanFlag, Kind: verbs.Bool, Help: CleanHelp},
}

// CleanFlag and CleanHelp are the name and the help of a flag of the commands that make buckets on
// a target.
const (
	CleanFlag = "clean"
	CleanHelp = "with --target: delete the keys at the end"
)

func words[T ~string](list []T) []string {
	var out []string
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

// options reads the flags. bench.Options.Check checks their values.
func options(con *console.Console, c *verbs.Call) (o bench.Options, err error) {
	o = bench.Options{
		Nodes: c.Int("nodes"), N: c.Int("N"), R: c.Int("R"), W: c.Int("W"), For: c.Duration("for"), Rounds: c.Int("rounds"),
		Keys: c.Int("keys"), Size: c.Int("size"), Zipf: c.Bool("zipf"), ClientDriven: c.Bool("client-driven"),
		Floor: c.Bool("floor"),
	}
	if c.Has("dir") {
		o.Dir = con.Path(c.String("dir"))
	}
	if o.Stores, err = list(c, "store", bench.Stores); err != nil {
		return o, err
	}
	if o.Ops, err = list(c, "op", bench.Ops); err != nil {
		return o, err
	}
	if o.Concurrency, err = numbers(c, "concurrency"); err != nil {
		return o, err
	}
	if c.Has("rate") {
		if o.Rates, err = numbers(c, "rate"); err != nil {
			return o, err
		}
	}
	if o.Gets, err = strconv.ParseFloat(c.String("mix"), 64); err != nil {
		return o, usage.Errorf("bench: --mix %s is not a share from 0 to 1", render.Quoted(c.String("mix")))
	}
	if c.Has("mix") && !slices.Contains(o.Ops, bench.Mix) {
		return o, usage.Errorf("bench: --mix is the share of gets in --op mix; add mix to --op or leave --mix out")
	}
	return o, nil
}

// list reads words of known, with commas between them.
func list[T ~string](c *verbs.Call, flag string, known []T) ([]T, error) {
	var out []T
	for word := range strings.SplitSeq(c.String(flag), ",") {
		switch w := T(word); {
		case !slices.Contains(known, w):
			return nil, usage.Errorf("bench: --%s: %s is not one of: %s%s", flag, render.Quoted(word),
				strings.Join(words(known), " "), render.DidYouMean(word, words(known)))
		case slices.Contains(out, w):
			return nil, usage.Errorf("bench: --%s: %s is given twice", flag, word)
		default:
			out = append(out, w)
		}
	}
	return out, nil
}

// numbers reads numbers with commas between them.
func numbers(c *verbs.Call, flag string) ([]int, error) {
	var out []int
	for word := range strings.SplitSeq(c.String(flag), ",") {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, usage.Errorf("bench: --%s: %s is not a whole number; want numbers with commas between them",
				flag, render.Quoted(word))
		}
		out = append(out, n)
	}
	return out, nil
}
