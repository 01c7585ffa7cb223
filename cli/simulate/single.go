package simulate

import (
	"fmt"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/shard"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/shrink"
	"ringside/localcluster/atomicfile"
)

// playOne plays one run.
func (r *runner) playOne(o plan.Options) error {
	p, err := r.readPlan(o)
	if err != nil {
		return err
	}
	switch {
	case r.call.Bool("fork"):
		return r.playFork(p)
	case r.call.Bool("tui"):
		return r.showOnScreens(p)
	}
	one, result, ended := r.playPlan(p, (r.JSON || r.call.Has("probes")) && !r.call.Has("check"))
	switch {
	case !ended:
		return r.ctx.Err()
	case r.call.Has("check"):
		return r.checkRun(result)
	}
	if r.call.Has("replay") && p.Expect.Hash != 0 && p.Expect.Hash != result.Hash {
		r.Notef("the script was changed, or another version of ringside wrote it: "+
			"the hash of this run is %016x, the script has %016x\n", result.Hash, p.Expect.Hash)
	}
	if len(result.Violations) == 0 && r.call.Has("script") {
		p.Expect = plan.Expect{Hash: result.Hash}
		if err := r.writeScript(r.call.String("script"), shrink.Report(p, result, "")); err != nil {
			return err
		}
	}
	return r.finish(one, &p, o)
}

// playPlan plays one run. It returns the run as a campaign, and false if the caller left.
func (r *runner) playPlan(p plan.Plan, measured bool) (one *campaign, result sim.Result, ended bool) {
	one = &campaign{
		opt: plan.Options{Seed: p.Seed}, began: time.Now(), sum: totals{Faults: map[string]int{}}, measured: measured,
	}
	result, ended = one.play(sim.Player{GoOn: r.alive}, p)
	one.left = result.Left
	return one, result, ended
}

// single returns the report of a run, with what is left in the end.
func (c *campaign) single() report {
	out := c.report()
	for _, l := range c.left {
		out.Left = append(out.Left, leftReport{l.Key, versionsOf(l.Versions)})
	}
	return out
}

// playMany plays a campaign.
func (r *runner) playMany(o plan.Options) error {
	c := &campaign{opt: o, seeds: uint64(r.call.Int("seeds")), duration: r.call.Duration("for"),
		measured: r.JSON || r.call.Has("probes")}
	if c.seeds == 0 && c.duration == 0 {
		c.seeds = defaultSeeds
	}
	var err error
	if c.shard, err = shard.Of(r.call); err != nil {
		return err
	}
	if c.shard.K > 0 {
		c.measured = true // the campaign may be merged with --json
		return r.playShard(c)
	}
	r.watch(c)
	return r.finish(c, nil, o)
}

// watch plays a campaign, and shows its progress if the user sees it.
func (r *runner) watch(c *campaign) {
	terminal := console.IsTerminal(r.Stderr)
	if terminal {
		c.progress = progressLine(r.Stderr, console.Width(r.Stderr))
	}
	c.run(r.ctx)
	if terminal {
		r.Notef("\r\x1b[K")
	}
}

// finish shows the result of a campaign. A run that failed is made smaller first, unless a script
// was played. The failure is shown even if the smaller run cannot be found or written. only is the
// run if the call asked for a single one.
func (r *runner) finish(c *campaign, only *plan.Plan, o plan.Options) error {
	report := c.single()
	script, unwritten := "", error(nil)
	switch {
	case r.call.Has("replay"):
	case c.worst != nil:
		o.Seed = c.worst.Plan.Seed
		report.Options = o.Draw().String()
		script, report.Script, unwritten = r.shrink(*c.worst, report.Options)
	case c.sum.Done == 1:
		o.Seed = c.opt.Seed
		report.Options = o.Draw().String()
	}
	text := c.text()
	if r.call.Has("replay") {
		text += leftText(c.left)
	}
	if err := r.Show(report, text+report.more(script)); err != nil {
		return err
	}
	if err := r.leaveCapsule(c, only, report.Options); err != nil {
		return err
	}
	if unwritten != nil {
		r.Notef("ringside: %v; --script FILE writes it elsewhere\n", unwritten)
	}
	switch {
	case len(c.violations) > 0:
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated", Message: c.violations[0].Detail,
			Reported: true}
	case c.interrupted:
		return r.ctx.Err()
	case r.call.Has("script") && c.sum.Done != 1 && !r.JSON:
		return r.Print("no script was written, because no run failed; --seed SEED --script FILE writes one\n")
	}
	return nil
}

// shrink makes a run that fails smaller and writes the smallest one that it found before the
// caller left. An error says that the script could not be written; name is then "".
func (r *runner) shrink(worst sim.Result, options string) (script, name string, err error) {
	if console.IsTerminal(r.Stderr) && r.alive() {
		r.Notef("seed %d fails; searching the smallest run that still fails\n", worst.Plan.Seed)
	}
	p, result := shrink.Search(sim.Player{GoOn: r.alive}, worst, worst.Violations[0].Property)
	name = fmt.Sprintf("sim-%d.script", p.Seed)
	if r.call.Has("script") {
		name = r.call.String("script")
	}
	script = shrink.Report(p, result, options)
	if err = r.writeScript(name, script); err != nil {
		name = ""
	}
	return script, name, err
}

func (r *runner) writeScript(name, text string) error {
	if err := atomicfile.Replace(r.Path(name), []byte(text)); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}
