package simulate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ringside/cli/shard"
	"ringside/engine/sim"
	"ringside/engine/sim/check"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
)

// A campaign plays many seeds, one on each processor at a time. Its totals do not depend on the
// order in which runs end.
type campaign struct {
	opt      plan.Options    // Seed: the first
	seeds    uint64          // how many to play; 0: until the time is over
	duration time.Duration   // how long to play; 0: until all seeds are played
	progress func(*campaign) // called now and then with mu held; may be nil
	measured bool            // runs are measured
	shard    shard.Shard     // of the seeds; only these are played

	mu    sync.Mutex // guards the rest while run runs
	began time.Time
	spent time.Duration // real time that other processes took for the campaign, if it is merged from shards
	next  uint64        // seeds begun
	sum   totals
	// violations holds those of the lowest maxReported seeds that failed, sorted by seed.
	violations  []check.Violation
	worst       *sim.Result  // of the lowest seed that failed
	missing     []string     // faults that never fired
	left        []check.Left // what is left of a campaign of one run
	interrupted bool
}

// totals are the sums over the runs of a campaign. Their JSON restores them, because the totals of
// a shard travel in its file.
type totals struct {
	Done          uint64         `json:"done"`   // runs
	Failed        int            `json:"failed"` // runs
	Events        int            `json:"events"`
	Virtual       time.Duration  `json:"virtual_ns"`
	Faults        map[string]int `json:"faults"`   // kind to how often it fired
	Outcomes      [3]int         `json:"outcomes"` // operations, as in sim.Result
	Gets          int            `json:"gets"`
	Puts          int            `json:"puts"`
	Stale         int            `json:"stale"` // gets that lacked a write acknowledged before they began
	LWWLost       int            `json:"lww_lost"`
	FalseSiblings int            `json:"false_siblings"` // versions seen beside an ancestor, where clocks are truncated
	Hash          uint64         `json:"hash"`           // of all runs
	Last          uint64         `json:"last"`           // hash of the run that was added last
	Measures      measure.Exact  `json:"measures"`
}

const (
	// coverageSeeds is how many runs must have had each kind of fault. Of the rarest kind, one run
	// in eight has it.
	coverageSeeds = 200
	// maxReported bounds the seeds whose violations are reported.
	maxReported = 100
	// redraw is the time between two updates of the progress.
	redraw = 200 * time.Millisecond
	// garbage is the GC percentage for campaigns of worlds with at most smallWorld nodes. Such a
	// run has a few megabytes, and frequent collections would take a third of the time.
	garbage    = 800
	smallWorld = 50
)

// run plays the campaign until all seeds are played, its time is over or ctx ends. If ctx ends,
// the runs that ended count.
func (c *campaign) run(ctx context.Context) {
	c.began, c.sum.Faults = time.Now(), map[string]int{}
	if c.opt.Nodes <= smallWorld {
		defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	}
	stop := make(chan struct{})
	var watch, work sync.WaitGroup
	if c.progress != nil {
		watch.Go(func() { c.showProgress(stop) })
	}
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for seed, ok := c.take(ctx); ok; seed, ok = c.take(ctx) {
				o := c.opt
				o.Seed = seed
				c.play(sim.Player{GoOn: func() bool { return ctx.Err() == nil }}, plan.New(o))
			}
		})
	}
	work.Wait()
	close(stop)
	watch.Wait()
	c.interrupted = ctx.Err() != nil
	if c.shard.K == 0 {
		c.cover()
	}
}

// take returns the next seed, false if there is none. The first seed is played even if the time is
// over.
func (c *campaign) take(ctx context.Context) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := c.duration > 0 && c.next > 0 && time.Since(c.began) >= c.duration
	unit := uint64(c.shard.Unit(int(c.next)))
	if ctx.Err() != nil || late || c.seeds > 0 && unit >= c.seeds {
		return 0, false
	}
	c.next++
	return c.opt.Seed + unit, true
}

// play plays a run and adds its result. It returns the result, and false if the player gave up.
func (c *campaign) play(player sim.Player, p plan.Plan) (r sim.Result, ended bool) {
	if !c.measured {
		if r, ended = player.Play(p); ended {
			c.add(r)
		}
		return r, ended
	}
	m, ended := player.Measure(p)
	if ended {
		c.add(m.Result)
		c.mu.Lock()
		c.sum.Measures.Add(m.Measures)
		c.mu.Unlock()
	}
	return m.Result, ended
}

// add adds the result of a run.
func (c *campaign) add(r sim.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.add(totalsOfRun(r))
	if len(r.Violations) == 0 {
		return
	}
	c.keep(r.Violations)
	if c.worst == nil || r.Plan.Seed < c.worst.Plan.Seed {
		c.worst = &r
	}
}

// keep adds violations, and drops those of the highest seeds beyond maxReported seeds. So the rest
// does not depend on the order in which runs end.
func (c *campaign) keep(v []check.Violation) {
	c.violations = append(c.violations, v...)
	slices.SortStableFunc(c.violations, func(a, b check.Violation) int { return cmp.Compare(a.Seed, b.Seed) })
	seeds := 0
	for i, v := range c.violations {
		if i > 0 && v.Seed == c.violations[i-1].Seed {
			continue
		}
		if seeds++; seeds > maxReported {
			c.violations = c.violations[:i]
			return
		}
	}
}

// totalsOfRun returns the totals of one run, without its measures.
func totalsOfRun(r sim.Result) *totals {
	t := &totals{
		Done: 1, Events: r.Events, Virtual: r.Virtual, Faults: r.Faults, Outcomes: r.Outcomes, Gets: r.Gets, Puts: r.Puts,
		Stale: r.Stale, LWWLost: r.LWWLost, FalseSiblings: r.FalseSiblings, Hash: spread(r.Plan.Seed, r.Hash), Last: r.Hash,
	}
	if len(r.Violations) > 0 {
		t.Failed = 1
	}
	return t
}

// add adds the totals of another part of the campaign.
func (t *totals) add(o *totals) {
	t.Done += o.Done
	t.Failed += o.Failed
	t.Events += o.Events
	t.Virtual += o.Virtual
	for k, n := range o.Faults {
		t.Faults[k] += n
	}
	for i, n := range o.Outcomes {
		t.Outcomes[i] += n
	}
	t.Gets += o.Gets
	t.Puts += o.Puts
	t.Stale += o.Stale
	t.LWWLost += o.LWWLost
	t.FalseSiblings += o.FalseSiblings
	t.Hash += o.Hash
	if o.Done > 0 {
		t.Last = o.Last
	}
	t.Measures.Add(&o.Measures.Measures)
}

// spread returns a run's part of the campaign's hash, which is a sum and so independent of the
// order of runs.
func spread(seed, hash uint64) uint64 {
	x := (hash ^ seed*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	return x ^ x>>29
}

// coverage is the property of a campaign that cover checks.
const coverage = "coverage"

// cover finds the kinds of faults that were asked for, or drawn, and never fired. If only the
// seeds were chosen, and there were coverageSeeds of them, a missing kind is a violation: the
// campaign would prove nothing about it. Chosen options may leave no room for a kind, so then it
// is only reported.
func (c *campaign) cover() {
	want := c.opt.Faults
	if want == nil {
		want = plan.FaultNames()
	}
	if c.sum.Done < coverageSeeds && c.opt.Faults == nil || c.interrupted {
		return
	}
	for _, k := range want {
		if c.sum.Faults[k] == 0 {
			c.missing = append(c.missing, k)
		}
	}
	if !reflect.DeepEqual(c.opt, plan.Options{Seed: c.opt.Seed}) {
		return
	}
	for _, k := range c.missing {
		c.violations = append(c.violations, check.Violation{Seed: c.opt.Seed, Property: coverage,
			Detail: fmt.Sprintf("the fault %s never fired in %d seeds", k, c.sum.Done)})
	}
	slices.SortStableFunc(c.violations, func(a, b check.Violation) int { return cmp.Compare(a.Seed, b.Seed) })
}

// showProgress calls progress until stop is closed.
func (c *campaign) showProgress(stop <-chan struct{}) {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			c.mu.Lock()
			c.progress(c)
			c.mu.Unlock()
		}
	}
}

// progressLine returns a progress function that redraws one line of w. width is the columns of the
// terminal, 0 if unknown.
func progressLine(w io.Writer, width int) func(*campaign) {
	return func(c *campaign) {
		of := ""
		if c.seeds > 0 {
			of = fmt.Sprintf(" of %d", c.shard.Count(int(c.seeds)))
		}
		fired := 0
		for _, n := range c.sum.Faults {
			fired += n
		}
		line := fmt.Sprintf("%d%s seeds, %d a second, %.1f virtual hours, %d faults of %d kinds",
			c.sum.Done, of, c.rate(c.wall()), c.sum.Virtual.Hours(), fired, len(c.sum.Faults))
		if len(c.violations) > 0 {
			line += fmt.Sprintf(", %d VIOLATIONS", len(c.violations))
		}
		if width > 1 {
			line = line[:min(len(line), width-1)]
		}
		_, _ = fmt.Fprintf(w, "\r%s\x1b[K", line) // a lost progress line does no harm
	}
}

// wall returns the real time that the campaign took so far.
func (c *campaign) wall() time.Duration { return c.spent + time.Since(c.began) }

// rate returns how many seeds were played a second, rounded, after the time that passed.
func (c *campaign) rate(passed time.Duration) int {
	return int(math.Round(float64(c.sum.Done) / max(passed, time.Microsecond).Seconds()))
}
