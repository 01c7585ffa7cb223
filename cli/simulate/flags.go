package simulate

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/cli/shard"
	"ringside/cli/verbs"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim/check"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
)

const (
	// defaultSeeds makes a campaign of a few seconds.
	defaultSeeds = 200
	// maxSeeds and maxCampaign bound a campaign at months of running time.
	maxSeeds    = 1_000_000_000
	maxCampaign = 31 * 24 * time.Hour
	// noTime advises what to give instead of a time of 0.
	noTime = "leave it out, or give a time such as 10s"
	// linearizable is the only word that --check takes.
	linearizable = "linearizable"
	// on is the word for a mechanism that an experiment does not switch off.
	on = "on"
	// drawn is the value of an option that stands for 0, because 0 is drawn from the seed.
	none = -1
)

var flags = append([]verbs.Flag{
	{Name: "seed", Kind: verbs.String, Value: "SEED", Help: "play this seed; with --seeds or --for, begin with it"},
	{Name: "seeds", Kind: verbs.Int, Value: "COUNT", Max: maxSeeds,
		Help: "how many seeds; otherwise " + strconv.Itoa(defaultSeeds)},
	{Name: "for", Kind: verbs.Duration, Value: "10m", Longest: maxCampaign, Zero: noTime,
		Help: "play seeds for that long"},
	{Name: "nodes", Aliases: []string{"n"}, Kind: verbs.Int, Value: "5", Max: plan.MaxNodes,
		Help: "nodes of the cluster"},
	{Name: "ops", Kind: verbs.Int, Value: "300", Max: plan.MaxOps, Help: "operations of a run"},
	{Name: "faults", Kind: verbs.String, Value: "a,b,c",
		Help: "only these kinds of faults, and in every run; list says what they are"},
	{Name: "N", Kind: verbs.Int, Value: "3", Max: plan.MaxNodes, Help: "replicas of a key"},
	{Name: "R", Kind: verbs.Int, Value: "2", Max: plan.MaxNodes, Help: "nodes that must answer a get"},
	{Name: "W", Kind: verbs.Int, Value: "2", Max: plan.MaxNodes, Help: "nodes that must acknowledge a put"},
	{Name: "strategy", Kind: verbs.Int, Value: "3", Max: 3, Help: "how the ring is partitioned (§6.2)"},
	{Name: "mode", Kind: verbs.String, Value: "siblings|lww", Help: "how conflicts are reconciled"},
	{Name: "clocks", Kind: verbs.String, Value: "dotted|literal", Words: []string{settings.ClocksDotted,
		settings.ClocksLiteral}, Help: "literal: the paper's clocks, which lose writes (§4.4); a run never draws them"},
	{Name: "truncate", Kind: verbs.String, Value: "10|off", Help: "pairs at which clocks are cut (§4.4)"},
	{Name: "quorum", Kind: verbs.String, Value: "sloppy|strict", Help: "whether fallbacks count"},
	{Name: "clients", Kind: verbs.Int, Value: "4", Max: plan.MaxOps,
		Help: "clients, which share the operations"},
	{Name: "keys", Kind: verbs.Int, Value: "3", Max: plan.MaxOps, Help: "keys that they meet on"},
	{Name: "length", Kind: verbs.Duration, Value: "2m", Longest: plan.MaxTime, Zero: noTime,
		Help: "virtual time over which the operations are spread"},
	{Name: "blind", Kind: verbs.String, Value: "0.2",
		Help: "chance that a put comes without a context; 0: all come with the newest"},
	{Name: "odd", Kind: verbs.String, Value: "0.2", Help: "chance that a request asks for a quorum of its own"},
	{Name: "fault-every", Kind: verbs.Duration, Value: "5s", Longest: plan.MaxTime, Zero: noTime,
		Help: "mean virtual time between two faults"},
	{Name: "anti-entropy", Kind: verbs.String, Value: "10s|off",
		Help: "virtual time between two comparisons of a key range (§4.7)"},
	{Name: "buffer", Kind: verbs.String, Value: "8|off",
		Help: "objects in each node's buffer (§6.1), which a crash loses"},
	{Name: "tombstones", Kind: verbs.String, Value: "45s|off",
		Help: "virtual time until tombstones are collected (§4.4)"},
	{Name: "legs", Kind: verbs.String, Value: "SSD|DISK|YMMR",
		Help: "draw the delay of each message by its leg: a published fit, or 'W=pareto(.4,1,1.5)exp(.2);A=exp(2)'"},
	{Name: "coordinator", Kind: verbs.String, Value: "home|remote", Words: []string{plan.Home, plan.Remote},
		Help: "each request goes to a home of its key, or to a node that is none and coordinates all the same"},
	{Name: "read-repair", Kind: verbs.String, Value: "on|off", Words: []string{on, plan.Off},
		Help: "off: gets repair no replica (§5), and P5 is not checked"},
	{Name: "handoff", Kind: verbs.String, Value: "on|off", Words: []string{on, plan.Off},
		Help: "off: hints are never delivered (§4.6), and P5 and P12 are not checked"},
	{Name: "admission", Kind: verbs.String, Value: "on|off", Words: []string{on, plan.Off},
		Help: "off: background work never yields to clients (§6.5)"},
	{Name: "disk-rate", Kind: verbs.Int, Value: "1000000", Max: plan.MaxDiskRate,
		Help: "bytes a second that each disk writes; otherwise bytes take no time"},
	{Name: "value-bytes", Kind: verbs.Int, Value: "8192", Max: plan.MaxValueBytes,
		Help: "size of the values that clients put; otherwise a few bytes"},
	{Name: "probes", Kind: verbs.String, Value: "0,10ms",
		Help: "get each put's key that long after its acknowledgement, and count what is stale"},
	{Name: "replay", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
		Help: "play a script instead of a seed"},
	{Name: "script", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
		Help: "where to write a single run as a script; of a run that fails, the smallest"},
	{Name: "capsule", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
		Help: "where to write a single run with its result; of many runs, the lowest seed that fails"},
	{Name: "tui", Kind: verbs.Bool, Help: "play the run on this terminal's screens"},
	{Name: "ascii", Kind: verbs.Bool, Help: "draw with ASCII signs only"},
	{Name: "fork", Kind: verbs.Bool,
		Help: "play the run as it is and with --change, and show both; with --tui on the screens"},
	{Name: "at", Kind: verbs.String, Value: "12.5",
		Help: "with --fork: virtual seconds, or a duration, from which on --change holds; otherwise 0"},
	{Name: "change", Kind: verbs.String, Value: "CHANGE",
		Help: "with --fork: what is changed, such as 'drop n1>n3' or R=1"},
	{Name: "check", Kind: verbs.String, Value: "linearizable",
		Help: "ask porcupine about what clients saw; without --seed, of the committed seeds"},
	{Name: "html", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles,
		Help: "with --check: where to write porcupine's picture"},
}, shard.Flags...)

// drawnFlags are the flags of options that are drawn from a seed, and of experiments. A script
// states these options.
var drawnFlags = []string{
	"nodes", "ops", "faults", "N", "R", "W", "strategy", "mode", "clocks", "truncate", "quorum", "clients", "keys",
	"length", "blind", "odd", "fault-every", "anti-entropy", "buffer", "tombstones",
	"legs", "coordinator", "read-repair", "handoff", "admission", "disk-rate",
	"value-bytes", "probes",
}

// isSingle reports whether the call asks for one run and not for a campaign.
func isSingle(c *verbs.Call) bool {
	return c.Has("replay") || c.Has("seed") && !c.Has("seeds") && !c.Has("for")
}

// given returns the first of some flags that the call has, as it is written; "" if it has none.
func given(c *verbs.Call, flags ...string) string {
	if i := slices.IndexFunc(flags, c.Has); i >= 0 {
		return verbs.Dashed(flags[i])
	}
	return ""
}

// checkFlags returns a usage error for flags that exclude each other.
func checkFlags(c *verbs.Call) error {
	drawn := append(slices.Clone(drawnFlags), "seeds", "for")
	check, one := c.Has("check"), isSingle(c)
	switch {
	case check && c.String("check") != linearizable:
		return usage.Errorf("sim --check %s: only linearizable can be checked", render.Quoted(c.String("check")))
	case c.Has("html") && (!check || !one):
		return usage.Errorf("sim: --html is the picture of one run: add --check linearizable and --seed or --replay")
	case c.Bool("tui") && !one && given(c, "seeds", "for") != "":
		return usage.Errorf("sim: --tui shows one run: give --seed alone")
	case c.Bool("tui") && check:
		return usage.Errorf("sim: --check prints text: leave out --tui")
	case c.Has("replay") && given(c, "seed", "seeds", "for") != "":
		return usage.Errorf("sim: --replay plays a script: give no seeds")
	case c.Has("replay") && given(c, drawnFlags...) != "":
		return usage.Errorf("sim: --replay plays a script: leave out %s, or change the script", given(c, drawnFlags...))
	case c.Has("replay") && c.Has("script") && !c.Bool("fork"):
		return usage.Errorf("sim: --replay plays an existing script: leave out --script")
	case check && !one && given(c, drawn...) != "":
		return usage.Errorf("sim: --check looks at one run or at the committed ones: leave out %s, or give --seed alone",
			given(c, drawn...))
	case c.Has("capsule") && (check || c.Bool("tui") || c.Bool("fork")):
		return usage.Errorf("sim: --capsule keeps what sim prints of a run: leave out --check, --tui and --fork")
	case check && c.Has("script"):
		return usage.Errorf("sim: --check writes no script: leave out --check, or --script")
	}
	return checkFork(c)
}

// checkFiles returns a usage error for a file that cannot be written, before a campaign that may
// take hours.
func (r *runner) checkFiles() error {
	for _, name := range []string{"script", "html", "out", "capsule"} {
		if !r.call.Has(name) {
			continue
		}
		if err := verbs.CheckWritable(r.Path(r.call.String(name))); err != nil {
			return usage.Errorf("sim: --%s %s cannot be written: %w; nothing was played", name,
				render.Quoted(r.call.String(name)), err)
		}
	}
	return nil
}

// Options returns the options of runs that are given by the names and values of sim's flags. It
// returns a usage error for a flag that is not about runs, and for values that do not fit.
func Options(given map[string]string) (plan.Options, error) {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(drawnFlags, name) {
			return plan.Options{}, usage.Errorf("%s is not an option of a run: want one of %s", name,
				strings.Join(drawnFlags, ", "))
		}
		words = append(words, verbs.Dashed(name)+"="+given[name])
	}
	call, err := verbs.Parse(Verb, words)
	if err != nil {
		return plan.Options{}, usage.Errorf("%w", err)
	}
	return readOptions(call)
}

// readOptions reads the options of runs. The options must fit whatever the seed fills in.
func readOptions(c *verbs.Call) (plan.Options, error) {
	o := plan.Options{
		Seed: 1, Nodes: c.Int("nodes"), N: c.Int("N"), R: c.Int("R"), W: c.Int("W"),
		Strategy: ring.Strategy(c.Int("strategy")), Mode: c.String("mode"), Clocks: plan.Clocks{Kind: c.String("clocks")},
		Quorum: c.String("quorum"), Ops: c.Int("ops"), Clients: c.Int("clients"), Keys: c.Int("keys"),
		Length: c.Duration("length"), FaultEvery: c.Duration("fault-every"),
	}
	var err error
	if c.Has("seed") {
		if o.Seed, err = strconv.ParseUint(c.String("seed"), 10, 64); err != nil {
			return o, usage.Errorf("sim: --seed %s is not a number", render.Quoted(c.String("seed")))
		}
	}
	for name, p := range map[string]*float64{"blind": &o.Blind, "odd": &o.OwnQuorums} {
		if err := readChance(c, name, p); err != nil {
			return o, err
		}
	}
	for name, p := range map[string]*time.Duration{"anti-entropy": &o.AntiEntropy, "tombstones": &o.Tombstones} {
		if err := readTime(c, name, p); err != nil {
			return o, err
		}
	}
	if err := readCount(c, "buffer", "objects", &o.Buffer); err != nil {
		return o, err
	}
	if err := readCount(c, "truncate", "pairs", &o.Clocks.Truncate); err != nil {
		return o, err
	}
	if c.Has("faults") {
		o.Faults = []string{}
		if list := c.String("faults"); list != plan.NoFaults {
			o.Faults = strings.Split(list, ",")
		}
	}
	if err := readExperiment(c, &o.Experiment); err != nil {
		return o, err
	}
	if err := o.Check(); err != nil {
		return o, usage.Errorf("%w", err)
	}
	return o, nil
}

// readExperiment reads the options of an experiment.
func readExperiment(c *verbs.Call, x *plan.Experiment) (err error) {
	if c.Has("legs") {
		if x.Legs, err = plan.ParseLegs(c.String("legs")); err != nil {
			return usage.Errorf("sim --legs: %w", err)
		}
	}
	x.Coordinator = c.String("coordinator")
	x.DiskRate, x.ValueBytes = c.Int("disk-rate"), c.Int("value-bytes")
	switches := map[string]*bool{
		"read-repair": &x.Off.ReadRepair, "handoff": &x.Off.Handoff, "admission": &x.Off.Admission,
	}
	for name, off := range switches {
		word := c.String(name)
		if c.Has(name) && word != on && word != plan.Off {
			return usage.Errorf("sim --%s %s: want %s or %s", name, render.Quoted(word), on, plan.Off)
		}
		*off = word == plan.Off
	}
	if !c.Has("probes") {
		return nil
	}
	for _, text := range strings.Split(c.String("probes"), ",") {
		after, err := time.ParseDuration(text)
		if err != nil || after < 0 {
			return usage.Errorf("sim --probes: %s is not a time such as 10ms", render.Quoted(text))
		}
		x.Probes = append(x.Probes, after)
	}
	return nil
}

// readChance reads a number from 0 to 1.
func readChance(c *verbs.Call, name string, p *float64) (err error) {
	if !c.Has(name) {
		return nil
	}
	if *p, err = strconv.ParseFloat(c.String(name), 64); err != nil || !(*p >= 0 && *p <= 1) {
		return usage.Errorf("sim: --%s %s is not a chance from 0 to 1", name, render.Quoted(c.String(name)))
	}
	if *p == 0 {
		*p = none
	}
	return nil
}

// readTime reads a positive time, or off.
func readTime(c *verbs.Call, name string, p *time.Duration) (err error) {
	switch text := c.String(name); text {
	case "":
	case plan.Off:
		*p = none
	default:
		if *p, err = time.ParseDuration(text); err != nil || *p <= 0 {
			return usage.Errorf("sim: --%s %s is neither a time such as 10s nor %s", name, render.Quoted(text),
				plan.Off)
		}
	}
	return nil
}

// readCount reads a positive number of things, or off.
func readCount(c *verbs.Call, name, things string, p *int) (err error) {
	switch text := c.String(name); text {
	case "":
	case plan.Off:
		*p = none
	default:
		if *p, err = strconv.Atoi(text); err != nil || *p < 1 {
			return usage.Errorf("sim: --%s %s is neither a number of %s nor %s", name, render.Quoted(text), things,
				plan.Off)
		}
	}
	return nil
}

// readPlan returns the plan of the single run that the call asks for.
func (r *runner) readPlan(o plan.Options) (plan.Plan, error) {
	if !r.call.Has("replay") {
		return plan.New(o), nil
	}
	name := r.call.String("replay")
	f, err := os.Open(r.Path(name))
	if err != nil {
		return plan.Plan{}, usage.Errorf("sim: %w", err)
	}
	defer f.Close()
	p, err := plan.ParseScript(f)
	if err != nil {
		return p, usage.Errorf("sim: %s: %w", render.Text(name), err)
	}
	return p, nil
}

// changesHelp lists the changes of a fork.
func changesHelp() string {
	var b strings.Builder
	for _, f := range fork.Forms {
		fmt.Fprintf(&b, "  %-26s %s\n", f[0], f[1])
	}
	return b.String()
}

// propertiesHelp lists the properties that runs are checked for.
func propertiesHelp() string {
	var b strings.Builder
	for _, p := range check.Properties() {
		fmt.Fprintf(&b, "  %-4s %s\n", p.Name, p.Description)
	}
	return b.String()
}
