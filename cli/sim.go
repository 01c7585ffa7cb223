package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/linear"
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
)

var simCommand = command{
	verb: &verbs.Verb{
		Name: "sim", Group: verbs.GroupScript,
		Usage: "play the cluster in virtual time under faults, and check what must hold; exit 8 if it does not",
		Help: `Each run is drawn from its seed: the cluster, what clients do, what breaks and when. A checker with a
causal graph of its own then says whether an acknowledged write was lost, a delete undone, a conflict made up,
and whether replicas converge. A run that fails is made smaller until nothing can be left out, and
written as a script that says what happened; --replay plays it again. What is not given is drawn from the
seed, and the values below are examples; a single run tells its options, all of them.

  ringside sim                          ` + strconv.Itoa(defaultSeeds) + ` seeds
  ringside sim --seed 42 --tui          watch one run: space pauses, . and , step on and back, < and > seek, + and - change the
                                        speed; with a filter (/violated) steps go from match to match
  ringside sim --for 10m --faults crash,wipe
  ringside sim --check linearizable     what Dynamo is not, and the proof
  ringside sim --clocks literal         the paper's own clocks lose writes; the smallest run that shows it
  ringside sim --nodes 1000 --ops 20000 --length 1h --faults crash --seed 1

Properties:
` + propertiesHelp() + `
Faults: ` + strings.Join(sim.FaultKinds(), " ") + `; or none. --faults list says what they are.`,
		Flags: []verbs.Flag{
			{Name: "seed", Kind: verbs.String, Value: "SEED", Help: "play this seed; with --seeds or --for, begin with it"},
			{Name: "seeds", Kind: verbs.Int, Value: "COUNT", Max: maxSeeds,
				Help: "how many seeds; otherwise " + strconv.Itoa(defaultSeeds)},
			{Name: "for", Kind: verbs.Duration, Value: "10m", Longest: maxCampaign, Zero: noTime,
				Help: "play seeds for that long"},
			{Name: "nodes", Aliases: []string{"n"}, Kind: verbs.Int, Value: "5", Max: sim.MaxNodes,
				Help: "nodes of the cluster"},
			{Name: "ops", Kind: verbs.Int, Value: "300", Max: sim.MaxOps, Help: "operations of a run"},
			{Name: "faults", Kind: verbs.String, Value: "a,b,c", Help: "only these kinds of faults, and in every run; list says what they are"},
			{Name: "N", Kind: verbs.Int, Value: "3", Max: sim.MaxNodes, Help: "replicas of a key"},
			{Name: "R", Kind: verbs.Int, Value: "2", Max: sim.MaxNodes, Help: "nodes that must answer a get"},
			{Name: "W", Kind: verbs.Int, Value: "2", Max: sim.MaxNodes, Help: "nodes that must acknowledge a put"},
			{Name: "strategy", Kind: verbs.Int, Value: "3", Max: 3, Help: "how the ring is partitioned (§6.2)"},
			{Name: "mode", Kind: verbs.String, Value: "siblings|lww", Help: "how conflicts are reconciled"},
			{Name: "clocks", Kind: verbs.String, Value: "dotted|literal", Words: []string{settings.ClocksDotted, settings.ClocksLiteral}, Help: "literal: the paper's clocks, which lose writes (§4.4); a run never draws them"},
			{Name: "truncate", Kind: verbs.String, Value: "10|off", Help: "pairs at which clocks are cut (§4.4)"},
			{Name: "quorum", Kind: verbs.String, Value: "sloppy|strict", Help: "whether stand-ins count"},
			{Name: "clients", Kind: verbs.Int, Value: "4", Max: sim.MaxOps,
				Help: "clients, which share the operations"},
			{Name: "keys", Kind: verbs.Int, Value: "3", Max: sim.MaxOps, Help: "keys that they meet on"},
			{Name: "length", Kind: verbs.Duration, Value: "2m", Longest: sim.MaxTime, Zero: noTime,
				Help: "virtual time over which the operations are spread"},
			{Name: "blind", Kind: verbs.String, Value: "0.2", Help: "chance that a put comes without a context; 0: all come with the newest"},
			{Name: "odd", Kind: verbs.String, Value: "0.2", Help: "chance that a request asks for a quorum of its own"},
			{Name: "fault-every", Kind: verbs.Duration, Value: "5s", Longest: sim.MaxTime, Zero: noTime,
				Help: "mean virtual time between two faults"},
			{Name: "anti-entropy", Kind: verbs.String, Value: "10s|off", Help: "virtual time between two comparisons of a key range (§4.7)"},
			{Name: "buffer", Kind: verbs.String, Value: "8|off", Help: "objects in each node's buffer (§6.1), which a crash loses"},
			{Name: "tombstones", Kind: verbs.String, Value: "45s|off", Help: "virtual time until tombstones are collected (§4.4)"},
			{Name: "replay", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles, Help: "play a script instead of a seed"},
			{Name: "script", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles, Help: "where to write a single run as a script; of a run that fails, the smallest"},
			{Name: "tui", Kind: verbs.Bool, Help: "play the run on this terminal's screens"},
			{Name: "ascii", Kind: verbs.Bool, Help: "draw with ASCII signs only"},
			{Name: "check", Kind: verbs.String, Value: "linearizable", Help: "ask porcupine about what clients saw; without --seed, of the committed seeds"},
			{Name: "html", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles, Help: "with --check: where to write porcupine's picture"},
		},
	},
	run: (*session).sim,
	own: "simulated clusters",
}

// propertiesHelp lists what runs are held against.
func propertiesHelp() string {
	var b strings.Builder
	for _, p := range sim.Properties() {
		fmt.Fprintf(&b, "  %-4s %s\n", p.Name, p.Says)
	}
	return b.String()
}

func (s *session) sim(c *verbs.Call) error {
	if c.String("faults") == "list" {
		return s.simFaults()
	}
	opt, err := simOptions(c)
	if err != nil {
		return err
	}
	one := c.Has("replay") || c.Has("seed") && !c.Has("seeds") && !c.Has("for")
	if err := simUsage(c, one); err != nil {
		return err
	}
	for _, name := range []string{"script", "html"} { // before a campaign that may take hours
		if c.Has(name) {
			if err := verbs.CheckWritable(s.Path(c.String(name))); err != nil {
				return usage.Errorf("sim: --%s %s cannot be written: %w; nothing was played", name,
					escape.TerminalShort([]byte(c.String(name)), 60), err)
			}
		}
	}
	switch {
	case c.Has("check") && !one:
		return s.simScenarios()
	case one || c.Bool("tui"):
		return s.simOne(c, opt)
	}
	return s.simCampaign(c, opt)
}

// drawnFlags are those of which a run is drawn: what a script says itself.
var drawnFlags = []string{
	"nodes", "ops", "faults", "N", "R", "W", "strategy", "mode", "clocks", "truncate", "quorum", "clients", "keys",
	"length", "blind", "odd", "fault-every",
	"anti-entropy", "buffer", "tombstones",
}

// simUsage says which flags do not fit together.
func simUsage(c *verbs.Call, one bool) error {
	given := func(flags ...string) string {
		if i := slices.IndexFunc(flags, c.Has); i >= 0 {
			return flags[i]
		}
		return ""
	}
	check := c.Has("check")
	switch {
	case check && c.String("check") != "linearizable":
		return usage.Errorf("sim: --check %s: only linearizable can be asked", escape.TerminalShort([]byte(c.String("check")), 60))
	case c.Has("html") && (!check || !one):
		return usage.Errorf("sim: --html is the picture of one run: give --check linearizable and --seed or --replay, too")
	case c.Bool("tui") && !one && given("seeds", "for") != "":
		return usage.Errorf("sim: --tui shows one run: give --seed alone")
	case c.Bool("tui") && check:
		return usage.Errorf("sim: --check tells what it finds as text: leave out --tui")
	case c.Has("replay") && given("seed", "seeds", "for") != "":
		return usage.Errorf("sim: --replay plays what the script says: give no seeds")
	case c.Has("replay") && given(drawnFlags...) != "":
		return usage.Errorf("sim: --replay plays what the script says: leave out %s, or change the script", verbs.Dashed(given(drawnFlags...)))
	case c.Has("replay") && c.Has("script"):
		return usage.Errorf("sim: --replay plays a script that there is: leave out --script")
	case check && !one && given(append(drawnFlags, "seeds", "for")...) != "":
		return usage.Errorf("sim: --check looks at one run, or at the committed ones: leave out %s, or give --seed alone", verbs.Dashed(given(append(drawnFlags, "seeds", "for")...)))
	case check && c.Has("script"):
		return usage.Errorf("sim: --check writes no script: leave out --check, or --script")
	}
	return nil
}

// simFaults lists what can go wrong in a run.
func (s *session) simFaults() error {
	if s.JSON {
		out := map[string]string{}
		for _, f := range sim.Faults() {
			out[f.Name] = f.Says
		}
		return s.PrintJSON(map[string]any{"faults": out})
	}
	var text strings.Builder
	for _, f := range sim.Faults() {
		fmt.Fprintf(&text, "%-17s %s\n", f.Name, f.Says)
	}
	return s.Print(text.String())
}

// simOptions reads the options of runs. Whatever seed fills them in, they must fit.
func simOptions(c *verbs.Call) (sim.Options, error) {
	o := sim.Options{
		Seed: 1, Nodes: c.Int("nodes"), N: c.Int("N"), R: c.Int("R"), W: c.Int("W"),
		Strategy: ring.Strategy(c.Int("strategy")), Mode: c.String("mode"), Clocks: c.String("clocks"),
		Quorum: c.String("quorum"), Ops: c.Int("ops"), Clients: c.Int("clients"), Keys: c.Int("keys"),
		Length: c.Duration("length"), FaultEvery: c.Duration("fault-every"),
	}
	var err error
	if c.Has("seed") {
		if o.Seed, err = strconv.ParseUint(c.String("seed"), 10, 64); err != nil {
			return o, usage.Errorf("sim: --seed %s is no number", escape.TerminalShort([]byte(c.String("seed")), 60))
		}
	}
	for name, p := range map[string]*float64{"blind": &o.Blind, "odd": &o.Odd} {
		if !c.Has(name) {
			continue
		}
		if *p, err = strconv.ParseFloat(c.String(name), 64); err != nil || !(*p >= 0 && *p <= 1) {
			return o, usage.Errorf("sim: --%s %s is no chance from 0 to 1", name, escape.TerminalShort([]byte(c.String(name)), 60))
		}
		if *p == 0 {
			*p = -1 // 0 is drawn
		}
	}
	for name, p := range map[string]*time.Duration{"anti-entropy": &o.AntiEntropy, "tombstones": &o.Tombstones} {
		switch text := c.String(name); text {
		case "":
		case sim.Off:
			*p = -1 // 0 is drawn
		default:
			if *p, err = time.ParseDuration(text); err != nil || *p <= 0 {
				return o, usage.Errorf("sim: --%s %s is no time such as 10s, nor %s", name, escape.TerminalShort([]byte(text), 60), sim.Off)
			}
		}
	}
	switch objects := c.String("buffer"); objects {
	case "":
	case sim.Off:
		o.Buffer = -1 // 0 is drawn
	default:
		if o.Buffer, err = strconv.Atoi(objects); err != nil || o.Buffer <= 0 {
			return o, usage.Errorf("sim: --buffer %s is no number of objects, nor %s", escape.TerminalShort([]byte(objects), 60), sim.Off)
		}
	}
	switch cut := c.String("truncate"); cut {
	case "":
	case sim.Off:
		o.Truncate = -1 // 0 is drawn
	default:
		if o.Truncate, err = strconv.Atoi(cut); err != nil || o.Truncate < 1 {
			return o, usage.Errorf("sim: --truncate %s is no number of pairs, nor %s", escape.TerminalShort([]byte(cut), 60), sim.Off)
		}
	}
	if c.Has("faults") {
		o.Faults = []string{}
		if list := c.String("faults"); list != sim.NoFaults {
			o.Faults = strings.Split(list, ",")
		}
	}
	if err := o.Check(); err != nil {
		return o, usage.Errorf("%w", err)
	}
	return o, nil
}

// goOn says whether anybody waits for what the session does.
func (s *session) goOn() bool { return s.ctx.Err() == nil }

// simPlan is the plan of the one run that is asked for.
func (s *session) simPlan(c *verbs.Call, o sim.Options) (sim.Plan, error) {
	if !c.Has("replay") {
		return sim.NewPlan(o), nil
	}
	f, err := os.Open(s.Path(c.String("replay")))
	if err != nil {
		return sim.Plan{}, usage.Errorf("sim: %w", err)
	}
	defer f.Close()
	p, err := sim.ParseScript(f)
	if err != nil {
		return p, usage.Errorf("sim: %s: %w", escape.Terminal([]byte(c.String("replay"))), err)
	}
	return p, nil
}

// simOne plays one run.
func (s *session) simOne(c *verbs.Call, o sim.Options) error {
	p, err := s.simPlan(c, o)
	if err != nil {
		return err
	}
	if c.Bool("tui") {
		return s.simScreens(c, p)
	}
	one := &campaign{opt: sim.Options{Seed: p.Seed}, began: time.Now(), faults: map[string]int{}}
	r, ended := sim.PlayUntil(p, s.goOn, nil)
	if !ended {
		return s.ctx.Err()
	}
	if c.Has("check") {
		return s.simLinear(c, r)
	}
	one.add(r)
	if c.Has("replay") && p.Expect.Hash != 0 && p.Expect.Hash != r.Hash {
		_, _ = fmt.Fprintf(s.Stderr, "the script was changed, or another version wrote it: this run's hash is %016x, that one's was %016x\n", r.Hash, p.Expect.Hash)
	}
	if len(r.Violations) == 0 && c.Has("script") {
		p.Expect = sim.Expect{Hash: r.Hash}
		if err := s.writeScript(c.String("script"), sim.Report(p, r, "")); err != nil {
			return err
		}
	}
	return s.simDone(c, one, o)
}

// simCampaign plays many seeds.
func (s *session) simCampaign(c *verbs.Call, o sim.Options) error {
	camp := &campaign{opt: o, seeds: uint64(c.Int("seeds")), duration: c.Duration("for")}
	if camp.seeds == 0 && camp.duration == 0 {
		camp.seeds = defaultSeeds
	}
	tty, width := console.IsTerminal(s.Stderr), console.Width(s.Stderr)
	if tty {
		camp.progress = progressLine(s.Stderr, width)
	}
	camp.run(s.ctx)
	if tty {
		_, _ = fmt.Fprint(s.Stderr, "\r\x1b[K")
	}
	return s.simDone(c, camp, o)
}

// simDone tells how it went. A run that failed is made smaller first, if it was not
// played from a script. Whatever becomes of that, it is told that it failed.
func (s *session) simDone(c *verbs.Call, camp *campaign, o sim.Options) error {
	report := camp.json()
	script, unwritten := "", error(nil)
	switch {
	case c.Has("replay"):
	case camp.worst != nil:
		o.Seed = camp.worst.Plan.Seed
		report.Options = o.Draw().String()
		script, report.Script, unwritten = s.shrink(c, *camp.worst, report.Options)
	case camp.done == 1:
		o.Seed = camp.opt.Seed
		report.Options = o.Draw().String()
	}
	if s.JSON {
		if err := s.PrintJSON(report); err != nil {
			return err
		}
	} else if err := s.Print(camp.text() + more(report, script)); err != nil {
		return err
	}
	if unwritten != nil {
		_, _ = fmt.Fprintf(s.Stderr, "%s: %v; --script FILE writes it elsewhere\n", program, unwritten)
	}
	switch {
	case len(camp.violations) > 0:
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated", Message: camp.violations[0].Detail, Reported: true}
	case camp.interrupted:
		return s.ctx.Err()
	case c.Has("script") && camp.done != 1 && !s.JSON:
		return s.Print("no script was written: that of a single run is (--seed), or of one that fails\n")
	}
	return nil
}

// shrink makes a run that fails smaller, and writes the smallest down that was found
// until the session ended. An error says that it could not be written.
func (s *session) shrink(c *verbs.Call, worst sim.Result, options string) (script, name string, err error) {
	if console.IsTerminal(s.Stderr) && s.ctx.Err() == nil {
		_, _ = fmt.Fprintf(s.Stderr, "seed %d fails; looking for the smallest run that still does\n", worst.Plan.Seed)
	}
	p, r := sim.Shrink(worst, worst.Violations[0].Property, s.goOn)
	name = fmt.Sprintf("sim-%d.script", p.Seed)
	if c.Has("script") {
		name = c.String("script")
	}
	script = sim.Report(p, r, options)
	if err = s.writeScript(name, script); err != nil {
		name = ""
	}
	return script, name, err
}

// more shows what a run was drawn from, and the smallest run that fails.
func more(r simReport, script string) string {
	if r.Options == "" {
		return ""
	}
	text := fmt.Sprintf("its options:      ringside sim %s\n", r.Options)
	if script == "" {
		return text
	}
	if r.Script != "" {
		text += fmt.Sprintf("the smallest run: ringside sim --replay %s\n", escape.Terminal([]byte(r.Script)))
	}
	return "\n" + text + "\n" + script
}

func (s *session) writeScript(name, text string) error {
	if err := os.WriteFile(s.Path(name), []byte(text), 0o644); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}

// linearReport is what --check says of one history.
type linearReport struct {
	Seed         uint64   `json:"seed"`
	Scenario     string   `json:"scenario,omitempty"`
	Why          string   `json:"why,omitempty"`
	Operations   int      `json:"operations"`
	Linearizable bool     `json:"linearizable"`
	Decided      bool     `json:"decided"`
	Keys         []string `json:"keys"`
}

func judged(r sim.Result, a linear.Answer) linearReport {
	out := linearReport{Seed: r.Plan.Seed, Operations: a.Operations, Linearizable: a.Linearizable, Decided: a.Decided, Keys: a.Keys}
	if out.Keys == nil {
		out.Keys = []string{}
	}
	return out
}

func (r linearReport) words() string {
	switch {
	case !r.Decided:
		return "undecided"
	case r.Linearizable:
		return "linearizable"
	}
	return "NOT linearizable"
}

// simLinear asks porcupine about one run. That the check does not hold is no bug of the
// run, but it is what was asked.
func (s *session) simLinear(c *verbs.Call, r sim.Result) error {
	a := linear.Check(r.History)
	rep := judged(r, a)
	if c.Has("html") {
		var page bytes.Buffer
		if err := errors.Join(a.HTML(&page), os.WriteFile(s.Path(c.String("html")), page.Bytes(), 0o644)); err != nil {
			return fmt.Errorf("sim: %w", err)
		}
	}
	text := strings.TrimSpace(fmt.Sprintf("seed %d: %d operations: %s %s", rep.Seed, rep.Operations, rep.words(), strings.Join(rep.Keys, " "))) + "\n"
	if c.Has("html") {
		text += "its picture is in " + escape.Terminal([]byte(s.Path(c.String("html")))) + "\n"
	}
	if s.JSON {
		if err := s.PrintJSON(rep); err != nil {
			return err
		}
	} else if err := s.Print(text); err != nil {
		return err
	}
	if a.Linearizable {
		return nil
	}
	return &exit.Error{Exit: exit.Expectation, Code: "not_linearizable", Message: strings.TrimSpace(text), Reported: true}
}

// simScenarios shows the committed seeds. It fails only if one of them is not what it is said to be.
func (s *session) simScenarios() error {
	reports := []linearReport{}
	wrong := false
	text := ""
	for _, sc := range linear.Scenarios {
		r := sim.Run(sc.Options)
		rep := judged(r, linear.Check(r.History))
		rep.Scenario, rep.Why = sc.Name, sc.Why
		reports = append(reports, rep)
		wrong = wrong || rep.Linearizable != sc.Legal || !rep.Decided
		text += fmt.Sprintf("%-14s %-17s %s\n", sc.Name, rep.words(), sc.Why)
		text += fmt.Sprintf("%15sringside sim --check linearizable %s\n", "", sc.Options.Draw())
	}
	if s.JSON {
		if err := s.PrintJSON(map[string]any{"scenarios": reports}); err != nil {
			return err
		}
	} else if err := s.Print(text); err != nil {
		return err
	}
	if wrong {
		return &exit.Error{Exit: exit.Expectation, Code: "scenario_failed", Message: "sim: a scenario is not what it is said to be", Reported: true}
	}
	return nil
}
