package simulate

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"ringside/cli/console"
	"ringside/cli/recording"
	"ringside/cli/verbs"
	"ringside/engine/sim/plan"
	"ringside/tui"
)

// Verb is the command sim.
var Verb = &verbs.Verb{
	Name: "sim", Group: verbs.GroupScript,
	Args:  []verbs.Arg{{Name: "FILE", Complete: verbs.CompleteFiles, Optional: true, Many: true}},
	Usage: "play the cluster in virtual time under faults, and check what must hold; exit 8 if it does not",
	Help: `A seed decides a run: the cluster, what its clients do, and which faults happen when. A checker with a
causal graph of its own then decides whether an acknowledged write was lost, a delete was undone or a false
conflict arose, and whether replicas converge. A run that fails is made smaller until nothing can be left out,
and is written as a script that explains what happened; --replay plays the script again. An option that is not
given is drawn from the seed. The values below are examples; a single run prints all its options.

  ringside sim                          ` + strconv.Itoa(defaultSeeds) + ` seeds
  ringside sim --tui                    watch a run that tells a story: a split, siblings, a hint that goes home and
                                        a read repair in ten seconds. Space pauses, . and , step forward and back,
                                        n and N go to the next fault and before the last one, < and > seek, + and -
                                        change the speed; with a filter (/violated) steps go from match to match
  ringside sim --seed 42 --tui          watch what seed 42 draws
  ringside sim --for 10m --faults crash,wipe
  ringside sim --check linearizable     Dynamo is not linearizable; this shows the proof
  ringside sim --clocks literal         the paper's own clocks lose writes; this finds the smallest run that shows it
  ringside sim --seed 42 --at 20 --change 'kill n3' --fork
                                        two futures of one run: as it is, and changed at 20 s
  ringside sim --fork --tui --at 2 --change 'quorum strict'
                                        both futures side by side on the screens, in step: without fallbacks, clients
                                        are refused during the split. d goes to the first difference, D lists what
                                        ends differently, f shows one future alone. Keys and commands act on both
  ringside sim --seed 42 --capsule 42.capsule
                                        the run with its result in one file, for ringside open and ringside diff
  ringside sim --seeds 20000 --shard 1/4 --out 1.json
                                        a quarter of a campaign; four of them run on four machines. A violation
                                        does not fail a shard. docs/campaigns has files for Kubernetes, Slurm and
                                        GNU parallel
  ringside sim --merge 1.json 2.json 3.json 4.json
                                        what the whole campaign prints. Only the real time differs: it is the sum
                                        of the shards. A shard that is missing, doubled, of another commit or of
                                        other options is refused
  ringside sim --nodes 1000 --ops 20000 --length 1h --faults crash --seed 1

Changes of a fork (nothing before --at differs; --script FILE writes the changed run):
` + changesHelp() + `
--fork --json prints {"seed","at_s","change","equal","same_events","first_difference":{"as_it_is":EVENT|null,
"changed":EVENT|null}|null,"as_it_is":FUTURE,"changed":FUTURE,"operations":[{"id","kind","key","via",
"as_it_is":ENDING,"changed":ENDING}],"operations_retimed","keys":[{"key","as_it_is":[VERSION],"changed":[VERSION]}],
"lost":[{"write","as_it_is":bool,"changed":bool}]}. FUTURE is {"events":[EVENT],"virtual_s","faults","violations",
"trace_hash","operations":{"ok","refused","unknown"},"gets","puts","stale_reads","lww_lost","false_siblings"}, with
the events from the first difference on. ENDING is {"began_s","took_us","outcome","error"?,"acks"?,"notation"?,
"read"?}, VERSION {"write","notation","deleted"?}, and EVENT as events --json prints it.

Experiments (none is drawn from a seed):
  ringside sim --legs DISK --coordinator remote --probes 0,10ms --read-repair off --faults none -n 4 -N 3 -R 1 -W 1 \
        --ops 2000 --keys 20 --length 15m --odd 0 --blind 0
                                        how stale are gets? The delays are those that PBS (VLDB 2012) published:
                                        43.9% of gets find the put at once, and 92.5% find it after 10 ms

--json adds "measures": {"runs","gets":OPS,"puts":OPS,"dels":OPS,
"versions":{"none","one","two","three","more"} (gets by the live versions that they return),
"stale":{"gets","age_ms":DIST,"behind":DIST} (gets without writes that were acknowledged before),
"availability":{"during_faults":{"asked","answered"},"outside":SAME,"by_fault":{KIND:SAME}},
"traffic":{MECHANISM:{"messages","bytes"}},"writes":{FATE:count,"true_losses"} (acknowledged ones),"false_conflicts",
"clocks":{"pairs":DIST,"over_time":[{"writes","sum","max"}]},
"convergence":{"alone","time_ms":DIST,"by_reads","never","reads_needed","diverged_keys","hints_left"},
"probes":[{"after_ms","gets","fresh","behind":[1, 2, 3 or more writes]}]}.
OPS is {"asked","ok","refused","unknown","reasons","latency_ms":DIST}, and DIST is {"n","mean","p50","p90","p99","p999",
"max"}. All times are virtual.

Properties:
` + propertiesHelp() + `
Faults: ` + strings.Join(plan.FaultNames(), " ") + `; or none. --faults list explains them.`,
	Flags: flags,
}

// Screens shows a recording on the terminal until the user leaves. The options have the key to look
// at first, and the other future of a fork.
type Screens func(r *recording.Recording, o tui.Options) error

// A runner is one call of sim.
type runner struct {
	*console.Console
	ctx     context.Context
	call    *verbs.Call
	screens Screens
	// toScreens: open shows the screens
	toScreens bool
}

// Run runs a call of Verb.
func Run(ctx context.Context, con *console.Console, call *verbs.Call, screens Screens) error {
	r := &runner{Console: con, ctx: ctx, call: call, screens: screens}
	if call.String("faults") == "list" {
		return r.listFaults()
	}
	o, err := readOptions(call)
	if err != nil {
		return err
	}
	if err := cmp.Or(checkShard(call), checkFlags(call)); err != nil {
		return err
	}
	if err := r.checkFiles(); err != nil {
		return err
	}
	switch {
	case call.Bool("merge"):
		return r.merge()
	case call.Has("check") && !isSingle(call):
		return r.checkScenarios()
	case isSingle(call) || call.Bool("tui"):
		return r.playOne(watched(call, o))
	}
	return r.playMany(o)
}

// listFaults lists the kinds of faults.
func (r *runner) listFaults() error {
	list := map[string]string{}
	var text strings.Builder
	for _, f := range plan.Faults() {
		list[f.Name] = f.Description
		fmt.Fprintf(&text, "%-17s %s\n", f.Name, f.Description)
	}
	return r.Show(map[string]any{"faults": list}, text.String())
}

// alive reports whether the caller still waits.
func (r *runner) alive() bool { return r.ctx.Err() == nil }
