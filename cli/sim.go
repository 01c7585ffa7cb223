package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/sim"
	"ringside/engine/sim/linear"
	"ringside/engine/trace"
)

// defaultSeeds is a campaign of a few seconds.
const defaultSeeds = 200

var simCommand = command{
	verb: &verbs.Verb{
		Name: "sim", Group: verbs.GroupScript,
		Usage: "play the cluster in virtual time under faults, and check what must hold; exit 8 if it does not",
		Help: `Each run is drawn from its seed: the cluster, what clients do, what breaks and when. A checker with a
causal graph of its own then says whether an acknowledged write was lost, a delete undone, a conflict made up,
and whether replicas converge. A run that fails is made smaller until nothing can be left out, and
written as a script that says what happened; --replay plays it again.

  ringside sim                          ` + strconv.Itoa(defaultSeeds) + ` seeds
  ringside sim --seed 42 --tui          watch one run; space pauses, . steps, + and - change the speed
  ringside sim --for 10m --faults crash,wipe
  ringside sim --check linearizable     what Dynamo is not, and the proof
  ringside sim --clocks literal         the paper's own clocks lose writes; the smallest run that shows it
  ringside sim --nodes 1000 --ops 20000 --length 1h --faults crash --seed 1

Faults: ` + strings.Join(sim.FaultKinds(), " ") + `; or none. What is not given is drawn from the seed.`,
		Flags: []verbs.Flag{
			{Name: "seed", Kind: verbs.String, Value: "SEED", Help: "play this seed; with --seeds or --for, begin with it"},
			{Name: "seeds", Kind: verbs.Int, Value: "COUNT", Help: "how many seeds"},
			{Name: "for", Kind: verbs.Duration, Value: "10m", Help: "play seeds for that long"},
			{Name: "nodes", Aliases: []string{"n"}, Kind: verbs.Int, Value: "5", Help: "nodes of the cluster"},
			{Name: "ops", Kind: verbs.Int, Value: "300", Help: "operations of a run"},
			{Name: "faults", Kind: verbs.String, Value: "a,b,c", Help: "only these kinds of faults, and in every run"},
			{Name: "N", Kind: verbs.Int, Value: "3", Help: "replicas of a key"},
			{Name: "R", Kind: verbs.Int, Value: "2", Help: "nodes that must answer a get"},
			{Name: "W", Kind: verbs.Int, Value: "2", Help: "nodes that must acknowledge a put"},
			{Name: "mode", Kind: verbs.String, Value: "siblings|lww", Help: "how conflicts are reconciled"},
			{Name: "clocks", Kind: verbs.String, Value: "dotted|literal", Words: []string{trace.ClocksDotted, trace.ClocksLiteral}, Help: "literal: the paper's clocks, which lose writes (§4.4); a run never draws them"},
			{Name: "truncate", Kind: verbs.String, Value: "10|off", Help: "pairs at which clocks are cut (§4.4)"},
			{Name: "quorum", Kind: verbs.String, Value: "sloppy|strict", Help: "whether stand-ins count"},
			{Name: "clients", Kind: verbs.Int, Value: "4", Help: "clients, which share the operations"},
			{Name: "keys", Kind: verbs.Int, Value: "3", Help: "keys that they meet on"},
			{Name: "length", Kind: verbs.Duration, Value: "2m", Help: "virtual time over which the operations are spread"},
			{Name: "blind", Kind: verbs.String, Value: "0.2", Help: "chance that a put comes without a context; 0: all come with the newest"},
			{Name: "odd", Kind: verbs.String, Value: "0.2", Help: "chance that a request asks for a quorum of its own"},
			{Name: "fault-every", Kind: verbs.Duration, Value: "5s", Help: "mean virtual time between two faults"},
			{Name: "anti-entropy", Kind: verbs.String, Value: "10s|off", Help: "virtual time between two comparisons of a key range (§4.7)"},
			{Name: "buffer", Kind: verbs.String, Value: "8|off", Help: "objects in each node's buffer (§6.1), which a crash loses"},
			{Name: "tombstones", Kind: verbs.String, Value: "45s|off", Help: "virtual time until tombstones are collected (§4.4)"},
			{Name: "replay", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles, Help: "play a script instead of a seed"},
			{Name: "script", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles, Help: "where to write the run as a script; of a run that fails, the smallest"},
			{Name: "tui", Kind: verbs.Bool, Help: "play the run on this terminal's screens"},
			{Name: "ascii", Kind: verbs.Bool, Help: "draw with ASCII signs only"},
			{Name: "check", Kind: verbs.String, Value: "linearizable", Help: "ask porcupine about what clients saw; without --seed, of the committed seeds"},
			{Name: "html", Kind: verbs.String, Value: "FILE", Complete: verbs.CompleteFiles, Help: "with --check: where to write porcupine's picture"},
		},
	},
	run: (*session).sim,
}

func (s *session) sim(c *verbs.Call) error {
	opt, err := simOptions(c)
	if err != nil {
		return err
	}
	one := c.Has("replay") || c.Has("seed") && !c.Has("seeds") && !c.Has("for")
	switch {
	case c.Has("check") && c.String("check") != "linearizable":
		return verbs.Usagef("sim: --check %s: only linearizable can be asked", trace.ShowShort([]byte(c.String("check")), 60))
	case c.Has("html") && (!c.Has("check") || !one):
		return verbs.Usagef("sim: --html is the picture of one run: give --check linearizable and --seed or --replay, too")
	case c.Bool("tui") && !one && (c.Has("seeds") || c.Has("for")):
		return verbs.Usagef("sim: --tui shows one run: give --seed alone")
	case c.Has("replay") && (c.Has("seed") || c.Has("seeds") || c.Has("for")):
		return verbs.Usagef("sim: --replay plays what the script says: give no seeds")
	case c.Has("check") && !one:
		return s.simScenarios()
	case one || c.Bool("tui"):
		return s.simOne(c, opt)
	}
	return s.simCampaign(c, opt)
}

// simOptions reads the options of runs. Whatever seed fills them in, they must fit.
func simOptions(c *verbs.Call) (sim.Options, error) {
	o := sim.Options{
		Seed: 1, Nodes: c.Int("nodes"), N: c.Int("N"), R: c.Int("R"), W: c.Int("W"), Mode: c.String("mode"), Clocks: c.String("clocks"), Quorum: c.String("quorum"),
		Ops: c.Int("ops"), Clients: c.Int("clients"), Keys: c.Int("keys"), Length: c.Duration("length"), FaultEvery: c.Duration("fault-every"),
	}
	var err error
	if c.Has("seed") {
		if o.Seed, err = strconv.ParseUint(c.String("seed"), 10, 64); err != nil {
			return o, verbs.Usagef("sim: --seed %s is no number", trace.ShowShort([]byte(c.String("seed")), 60))
		}
	}
	for name, p := range map[string]*float64{"blind": &o.Blind, "odd": &o.Odd} {
		if !c.Has(name) {
			continue
		}
		if *p, err = strconv.ParseFloat(c.String(name), 64); err != nil || !(*p >= 0 && *p <= 1) {
			return o, verbs.Usagef("sim: --%s %s is no chance from 0 to 1", name, trace.ShowShort([]byte(c.String(name)), 60))
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
				return o, verbs.Usagef("sim: --%s %s is no time such as 10s, nor %s", name, trace.ShowShort([]byte(text), 60), sim.Off)
			}
		}
	}
	switch objects := c.String("buffer"); objects {
	case "":
	case sim.Off:
		o.Buffer = -1 // 0 is drawn
	default:
		if o.Buffer, err = strconv.Atoi(objects); err != nil || o.Buffer <= 0 {
			return o, verbs.Usagef("sim: --buffer %s is no number of objects, nor %s", trace.ShowShort([]byte(objects), 60), sim.Off)
		}
	}
	switch cut := c.String("truncate"); cut {
	case "":
	case sim.Off:
		o.Truncate = -1 // 0 is drawn
	default:
		if o.Truncate, err = strconv.Atoi(cut); err != nil || o.Truncate < 1 {
			return o, verbs.Usagef("sim: --truncate %s is no number of pairs, nor %s", trace.ShowShort([]byte(cut), 60), sim.Off)
		}
	}
	if c.Has("faults") {
		o.Faults = []string{}
		if list := c.String("faults"); list != sim.NoFaults {
			o.Faults = strings.Split(list, ",")
		}
	}
	if err := o.Check(); err != nil {
		return o, verbs.Usagef("%w", err)
	}
	return o, nil
}

func (s *session) path(name string) string {
	if s.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Dir, name)
}

// simPlan is the plan of the one run that is asked for.
func (s *session) simPlan(c *verbs.Call, o sim.Options) (sim.Plan, error) {
	if !c.Has("replay") {
		return sim.NewPlan(o), nil
	}
	f, err := os.Open(s.path(c.String("replay")))
	if err != nil {
		return sim.Plan{}, verbs.Usagef("sim: %w", err)
	}
	defer f.Close()
	p, err := sim.ParseScript(f)
	if err != nil {
		return p, verbs.Usagef("sim: %s: %w", trace.Show([]byte(c.String("replay"))), err)
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
	began := time.Now()
	r := sim.Play(p, nil)
	if c.Has("check") {
		return s.simLinear(c, r)
	}
	one := &campaign{opt: sim.Options{Seed: p.Seed}, began: began, faults: map[string]int{}}
	one.add(r)
	from := ""
	if !c.Has("replay") {
		from = o.Draw().String()
	} else if p.Expect.Hash != 0 && p.Expect.Hash != r.Hash {
		_, _ = fmt.Fprintf(s.Stderr, "the script was written by another version: this run's hash is %016x, that one's was %016x\n", r.Hash, p.Expect.Hash)
	}
	if len(r.Violations) == 0 && c.Has("script") {
		p.Expect = sim.Expect{Hash: r.Hash}
		if err := s.writeScript(c.String("script"), sim.Report(p, r, "")); err != nil {
			return err
		}
	}
	return s.simDone(c, one, from, !c.Has("replay"))
}

// simCampaign plays many seeds.
func (s *session) simCampaign(c *verbs.Call, o sim.Options) error {
	camp := &campaign{opt: o, seeds: uint64(c.Int("seeds")), duration: c.Duration("for")}
	if camp.seeds == 0 && camp.duration == 0 {
		camp.seeds = defaultSeeds
	}
	tty, width := terminal(s.Stderr)
	if tty {
		camp.progress = progressLine(s.Stderr, width)
	}
	err := camp.run(s.ctx)
	if tty {
		_, _ = fmt.Fprint(s.Stderr, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	from := ""
	if camp.worst != nil {
		o.Seed = camp.worst.Plan.Seed
		from = o.Draw().String()
	}
	return s.simDone(c, camp, from, true)
}

// simDone tells how it went. A run that failed is made smaller first, if it was not
// played from a script.
func (s *session) simDone(c *verbs.Call, camp *campaign, from string, smaller bool) error {
	report := camp.json()
	script := ""
	if camp.worst != nil && smaller {
		if tty, _ := terminal(s.Stderr); tty {
			_, _ = fmt.Fprintf(s.Stderr, "seed %d fails; looking for the smallest run that still does\n", camp.worst.Plan.Seed)
		}
		p, r := sim.Shrink(camp.worst.Plan, camp.worst.Violations[0].Property, func() bool { return s.ctx.Err() == nil })
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		name := fmt.Sprintf("sim-%d.script", p.Seed)
		if c.Has("script") {
			name = c.String("script")
		}
		script = sim.Report(p, r, from)
		if err := s.writeScript(name, script); err != nil {
			return err
		}
		report.Options, report.Script = from, name
	}
	if s.json {
		if err := printJSON(s.Stdout, report); err != nil {
			return err
		}
	} else if err := printText(s.Stdout, camp.text()+failing(report, script)); err != nil {
		return err
	}
	if len(camp.violations) == 0 {
		return nil
	}
	return &verbs.Error{Exit: verbs.ExitExpectation, Code: "property_violated", Message: camp.violations[0].Detail, Reported: true}
}

// failing shows the smallest run that fails.
func failing(r simReport, script string) string {
	if script == "" {
		return ""
	}
	return fmt.Sprintf("\nits options:      ringside sim %s\nthe smallest run: ringside sim --replay %s\n\n%s", r.Options, trace.Show([]byte(r.Script)), script)
}

func (s *session) writeScript(name, text string) error {
	if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
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
		if err := errors.Join(a.HTML(&page), os.WriteFile(s.path(c.String("html")), page.Bytes(), 0o644)); err != nil {
			return fmt.Errorf("sim: %w", err)
		}
	}
	text := fmt.Sprintf("seed %d: %d operations: %s %s\n", rep.Seed, rep.Operations, rep.words(), strings.Join(rep.Keys, " "))
	if s.json {
		if err := printJSON(s.Stdout, rep); err != nil {
			return err
		}
	} else if err := printText(s.Stdout, text); err != nil {
		return err
	}
	if a.Linearizable {
		return nil
	}
	return &verbs.Error{Exit: verbs.ExitExpectation, Code: "not_linearizable", Message: strings.TrimSpace(text), Reported: true}
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
	if s.json {
		if err := printJSON(s.Stdout, map[string]any{"scenarios": reports}); err != nil {
			return err
		}
	} else if err := printText(s.Stdout, text); err != nil {
		return err
	}
	if wrong {
		return &verbs.Error{Exit: verbs.ExitExpectation, Code: "scenario_failed", Message: "sim: a scenario is not what it is said to be", Reported: true}
	}
	return nil
}
