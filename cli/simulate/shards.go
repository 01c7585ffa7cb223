package simulate

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/cli/shard"
	"ringside/cli/verbs"
	"ringside/engine/sim"
	"ringside/engine/sim/check"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
	"ringside/localcluster/atomicfile"
)

// A shardFile is the content of the file that a shard of a campaign writes. The units are seeds.
type shardFile struct {
	shard.Header
	First      uint64            `json:"first_seed"` // of the whole campaign
	Options    map[string]string `json:"options"`    // flags of drawnFlags, as they were given
	Wall       time.Duration     `json:"wall_ns"`    // real time of the shard
	Totals     *totals           `json:"totals"`
	Violations []check.Violation `json:"violations"` // of the lowest maxReported seeds that failed
}

// Job implements shard.Content.
func (f *shardFile) Job() []shard.Property {
	return []shard.Property{{Name: "options", Value: f.Options}, {Name: "first seed", Value: f.First}}
}

// checkShard returns a usage error for flags that do not go together with shards.
func checkShard(c *verbs.Call) error {
	single := []string{"replay", "tui", "fork", "at", "change", "check", "html"}
	switch {
	case len(c.Args) > 0 && !c.Bool("merge"):
		return c.Misusef("files are for --merge")
	case c.Bool("merge"):
		not := slices.Concat(single, drawnFlags, []string{"seed", "seeds", "for", "shard", "out"})
		if flag := given(c, not...); flag != "" {
			return usage.Errorf("sim --merge takes all options from the files: leave out %s", flag)
		}
	case c.Has("shard"):
		if flag := given(c, append(single, "for", "script", "capsule")...); flag != "" {
			return usage.Errorf("sim --shard plays a part of a number of seeds: leave out %s", flag)
		}
		if isSingle(c) {
			return usage.Errorf("sim --shard plays a part of a number of seeds: give --seeds as well")
		}
	}
	return nil
}

// playShard plays a part of a campaign and writes its result to a file. A property that is violated
// is no failure of the shard, because the merged campaign reports it: a scheduler that repeats jobs
// that fail would repeat the shard in vain.
func (r *runner) playShard(c *campaign) error {
	r.watch(c)
	if c.interrupted {
		r.Notef("ringside: shard %d of %d was interrupted; run it again\n", c.shard.I, c.shard.K)
		return r.ctx.Err()
	}
	f := shardFile{
		Header: c.shard.Header(int(c.seeds)), First: c.opt.Seed, Options: map[string]string{}, Wall: c.wall(),
		Totals: &c.sum, Violations: c.violations,
	}
	for _, name := range drawnFlags {
		if r.call.Has(name) {
			f.Options[name] = r.call.String(name)
		}
	}
	text, err := json.Marshal(&f)
	if err != nil {
		return fmt.Errorf("sim --out: %w", err)
	}
	name := r.call.String("out")
	if err := atomicfile.Replace(r.Path(name), append(text, '\n')); err != nil {
		return fmt.Errorf("sim --out: %w", err)
	}
	told := map[string]any{"shard": c.shard.I, "shards": c.shard.K, "seeds": c.sum.Done, "failed_seeds": c.sum.Failed,
		"out": name}
	return r.Show(told, fmt.Sprintf("shard %d of %d: %s, of which %d failed\n→ ringside sim --merge %s and the others\n",
		c.shard.I, c.shard.K, render.Count(int(c.sum.Done), "seed"), c.sum.Failed, render.Typed(name)))
}

// merge shows the campaign of which the files have the shards.
func (r *runner) merge() error {
	files, err := shard.Load(r.call, r.Path)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	parts, err := shard.Read[*shardFile](files)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	first := parts[0].Content
	o, err := Options(first.Options)
	if err != nil {
		return fmt.Errorf("sim: %s: %w", parts[0].Name, err)
	}
	o.Seed = first.First
	c := &campaign{
		opt: o, seeds: uint64(first.All), began: time.Now(), measured: r.JSON || len(o.Experiment.Probes) > 0,
		sum: totals{Faults: map[string]int{}},
	}
	for _, p := range parts {
		f := p.Content
		if f.Totals == nil || f.Totals.Done != uint64(f.Part().Count(f.All)) {
			return usage.Errorf("sim: %s lacks seeds; run shard %d of %d again", p.Name, f.Shard, f.Shards)
		}
		c.spent += f.Wall
		c.sum.add(f.Totals)
		c.keep(f.Violations)
	}
	if c.sum.Failed > 0 {
		if err := r.playWorst(c); err != nil {
			return err
		}
	}
	c.cover()
	return r.finish(c, nil, o)
}

// playWorst plays the lowest seed that failed once more, because finish makes its run smaller.
func (r *runner) playWorst(c *campaign) error {
	if len(c.violations) == 0 {
		return usage.Errorf("sim: the files tell of %s and of no violation; run the shards again",
			render.Count(c.sum.Failed, "failed seed"))
	}
	o := c.opt
	o.Seed = c.violations[0].Seed
	worst, ended := sim.Player{GoOn: r.alive}.Play(plan.New(o))
	switch {
	case !ended:
		return r.ctx.Err()
	case len(worst.Violations) == 0:
		return usage.Errorf("sim: seed %d failed in a shard and holds here: the shards are of another ringside", o.Seed)
	}
	c.worst = &worst
	return nil
}
