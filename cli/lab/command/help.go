package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/lab"
	"ringside/cli/lab/experiments"
	"ringside/cli/shard"
	"ringside/cli/verbs"
)

func help() string {
	var out strings.Builder
	out.WriteString(`An experiment plays its question over many seeds and shows, for each place on the x axis, the mean
and an interval of 95 %: Student's over the means of the seeds, or Wilson's for shares. Published figures stand beside
ours, with the difference up to which they agree, and claims say what must hold. Experiments in virtual time give the
same bytes each time, on any machine. Those on a wall clock say so.

  ringside lab                              list the experiments
  ringside lab balance --metadata 60,480
  ringside lab all --html lab.html          everything, as one page without other files
  ringside lab run FILE                     an experiment of your own, from a file
  ringside lab balance --shard 1/4 --out 1.json
  ringside lab --merge 1.json 2.json 3.json 4.json
                                            the same report as of one machine

Ctrl-C shows what there is by then. Exit 8 means that a published figure or a claim does not hold.

Experiments:
`)
	for _, e := range experiments.All() {
		fmt.Fprintf(&out, "  %-12s %s", e.Name, e.Title)
		if e.Section != "" {
			fmt.Fprintf(&out, " (%s)", e.Section)
		}
		out.WriteByte('\n')
	}
	out.WriteString(`
A FILE of lab run is TOML. It fixes options of sim, gives values for the x axis and perhaps series, and names what is
measured, which are paths into the measures of sim --json:

  seeds = 20
  [fixed]
  nodes = 5
  faults = "partition"
  odd = 0                        # no request asks for a quorum of its own
  [x]
  option = "R"
  values = [1, 2, 3]
  [[series]]
  name = "strict quorum"
  quorum = "strict"
  [[measure]]
  value = "stale.gets"
  of = "gets.ok"
  [[measure]]
  value = "gets.latency_ms.p99"
  unit = "ms"

--json prints {"lab","title","clock","values","seeds":[..],"commit","machine","complete","rows":[{"measure","series",
"x","name"?,"mean","low","high","n","cases"?}],"published":[{"measure","series","x","value","source","within"?,"ours",
"difference","verdict"}],"claims":[{"claim","figures","verdict"}],"verdict":"agrees"|"differs"|"no claim","text"}.
lab all --json prints {"labs":[REPORT]}, and lab --json {"experiments":[{"name","title","section","clock","params"}]}.`)
	return out.String()
}

// flags are those of the command, and the parameters of all experiments.
func flags() []verbs.Flag {
	out := []verbs.Flag{
		{Name: "seeds", Kind: verbs.Int, Value: "COUNT", Max: maxSeeds,
			Help: "how many seeds; otherwise as many as the experiment needs"},
		{Name: "seed", Kind: verbs.String, Value: "SEED", Help: "the first seed; otherwise " + strconv.Itoa(lab.FirstSeed)},
		{Name: "html", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
			Help: "also write a page with figures"},
		{Name: "csv", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
			Help: "also write the rows as CSV; - writes them to standard output, in place of the text"},
		{Name: "capsule", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
			Help: "play one unit of the first seed alone, and keep its run for ringside open and diff"},
		{Name: "unit", Kind: verbs.Int, Value: "NUMBER", Max: maxSeeds,
			Help: "with --capsule: which unit of the seed, that is which series and place; otherwise 1"},
	}
	out = append(out, shard.Flags...)
	for _, e := range experiments.All() {
		for _, p := range e.Params {
			i := slices.IndexFunc(out, func(f verbs.Flag) bool { return f.Name == p.Name })
			if i < 0 {
				out = append(out, verbs.Flag{Name: p.Name, Kind: verbs.String, Value: cmp.Or(p.Default, "VALUE"),
					Help: e.Name + ": " + p.Help})
				continue
			}
			was := out[i].Help
			who, what, _ := strings.Cut(was, ": ")
			out[i].Help = who + ", " + e.Name + ": " + what
		}
	}
	return out
}
