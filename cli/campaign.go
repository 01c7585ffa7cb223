package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"ringside/cli/render"
	"ringside/engine/sim"
)

// A campaign plays many seeds, one a processor at a time. Its totals do not hang on
// the order in which runs end.
type campaign struct {
	opt      sim.Options // Seed: the first
	seeds    uint64      // how many; 0: until time is over
	duration time.Duration
	progress func(*campaign) // told now and then, under the lock; nil for nobody

	mu          sync.Mutex
	began       time.Time
	next        uint64 // seeds begun
	done        uint64
	events      int
	virtual     time.Duration
	faults      map[string]int
	outcomes    [3]int
	lwwLost     int
	falseOnes   int
	stale       int
	gets, puts  int
	failed      int      // seeds
	missing     []string // faults that never fired
	interrupted bool
	only        uint64 // hash of the run that was added last
	violations  []sim.Violation
	worst       *sim.Result // of the lowest seed that failed
	hash        uint64
}

const (
	// coverageSeeds is how many runs must have had each kind of fault somewhere: of
	// the rarest, one run in eight is made to have it.
	coverageSeeds = 200
	// maxReported bounds the violations that are told of one campaign.
	maxReported = 100
	// redraw is how often progress is shown.
	redraw = 200 * time.Millisecond
	// garbage is how many times what is alive may be waiting to be collected, in percent, where
	// worlds have no more than smallWorld nodes: such a run holds a few megabytes, and looking
	// through them often takes a third of the time.
	garbage    = 800
	smallWorld = 50
)

// run plays the campaign until it is through, its time is up, or ctx ends: then what was played
// counts, and it is said to be interrupted.
func (c *campaign) run(ctx context.Context) {
	c.began, c.faults = time.Now(), map[string]int{}
	if c.opt.Nodes <= smallWorld {
		defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	}
	stop := make(chan struct{})
	var watch, work sync.WaitGroup
	if c.progress != nil {
		watch.Go(func() { c.report(stop) })
	}
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for seed, ok := c.take(ctx); ok; seed, ok = c.take(ctx) {
				o := c.opt
				o.Seed = seed
				if r, ended := sim.PlayUntil(sim.NewPlan(o), func() bool { return ctx.Err() == nil }, nil); ended {
					c.add(r)
				}
			}
		})
	}
	work.Wait()
	close(stop)
	watch.Wait()
	c.interrupted = ctx.Err() != nil
	c.cover()
	slices.SortStableFunc(c.violations, func(a, b sim.Violation) int { return cmp.Compare(a.Seed, b.Seed) })
}

// take hands out the next seed. One is played however short the time is.
func (c *campaign) take(ctx context.Context) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := c.duration > 0 && c.next > 0 && time.Since(c.began) >= c.duration
	if ctx.Err() != nil || late || c.seeds > 0 && c.next >= c.seeds {
		return 0, false
	}
	c.next++
	return c.opt.Seed + c.next - 1, true
}

func (c *campaign) add(r sim.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.events += r.Events
	c.virtual += r.Virtual
	c.lwwLost += r.LWWLost
	c.falseOnes += r.FalseOnes
	c.stale += r.Stale
	c.gets += r.Gets
	c.puts += r.Puts
	c.hash, c.only = c.hash+spread(r.Plan.Seed, r.Hash), r.Hash
	for k, n := range r.Faults {
		c.faults[k] += n
	}
	for i, n := range r.Outcomes {
		c.outcomes[i] += n
	}
	if len(r.Violations) == 0 {
		return
	}
	c.failed++
	if len(c.violations) < maxReported {
		c.violations = append(c.violations, r.Violations...)
	}
	if c.worst == nil || r.Plan.Seed < c.worst.Plan.Seed {
		c.worst = &r
	}
}

// spread makes of a run's hash its part of the campaign's: a sum hangs on no order.
func spread(seed, hash uint64) uint64 {
	x := (hash ^ seed*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	return x ^ x>>29
}

// cover finds the kinds of faults that were asked for, or drawn, and never fired. A campaign of which
// nothing but the seeds was chosen fails if it is large enough for all kinds and had not one of
// them: it would prove nothing about that. Where options were chosen they may leave no room for it.
func (c *campaign) cover() {
	want := c.opt.Faults
	if want == nil {
		want = sim.FaultKinds()
	}
	if c.done < coverageSeeds && c.opt.Faults == nil || c.interrupted {
		return
	}
	for _, k := range want {
		if c.faults[k] == 0 {
			c.missing = append(c.missing, k)
		}
	}
	if !reflect.DeepEqual(c.opt, sim.Options{Seed: c.opt.Seed}) {
		return
	}
	for _, k := range c.missing {
		c.violations = append(c.violations, sim.Violation{Seed: c.opt.Seed, Property: coverage, Detail: fmt.Sprintf("the fault %s never fired in %d seeds", k, c.done)})
	}
}

// coverage is no property of runs: see cover.
const coverage = "coverage"

func (c *campaign) report(stop <-chan struct{}) {
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

// progressLine redraws one line of w.
func progressLine(w io.Writer, width int) func(*campaign) {
	return func(c *campaign) {
		of := ""
		if c.seeds > 0 {
			of = fmt.Sprintf(" of %d", c.seeds)
		}
		fired := 0
		for _, n := range c.faults {
			fired += n
		}
		line := fmt.Sprintf("%d%s seeds, %.0f a second, %.1f virtual hours, %d faults of %d kinds", c.done, of, c.rate(), c.virtual.Hours(), fired, len(c.faults))
		if len(c.violations) > 0 {
			line += fmt.Sprintf(", %d VIOLATIONS", len(c.violations))
		}
		if width > 1 {
			line = line[:min(len(line), width-1)]
		}
		_, _ = fmt.Fprintf(w, "\r%s\x1b[K", line) // progress that nobody sees harms nobody
	}
}

// rate is seeds a second.
func (c *campaign) rate() float64 { return float64(c.done) / max(time.Since(c.began).Seconds(), 1e-3) }

// text is the account of the campaign for people.
func (c *campaign) text() string {
	wall := time.Since(c.began)
	var b strings.Builder
	if c.interrupted {
		b.WriteString("interrupted; so far:\n")
	}
	fmt.Fprintf(&b, "%s from %d: %s in %v of virtual time, %v of ours (%.0f seeds a second)\n", render.Count(int(c.done), "seed"), c.opt.Seed,
		render.Count(c.events, "event"), c.virtual.Round(time.Second), wall.Round(time.Millisecond), c.rate())
	fmt.Fprintf(&b, "operations: %d ok (%s and %s), %d refused, %d with unknown outcome\n",
		c.outcomes[1], render.Count(c.gets, "get"), render.Count(c.puts, "put"), c.outcomes[2], c.outcomes[0])
	b.WriteString("faults:")
	for i, k := range slices.Sorted(maps.Keys(c.faults)) {
		if i > 0 && i%5 == 0 {
			b.WriteString("\n       ")
		}
		fmt.Fprintf(&b, "  %s %d", k, c.faults[k])
	}
	if len(c.faults) == 0 {
		b.WriteString("  none")
	}
	if len(c.missing) > 0 {
		fmt.Fprintf(&b, "\nnever fired: %s", strings.Join(c.missing, " "))
	}
	if c.stale > 0 {
		fmt.Fprintf(&b, "\nof the gets %d were stale: they lacked a write that was acknowledged before they began", c.stale)
	}
	if c.lwwLost > 0 {
		fmt.Fprintf(&b, "\nlast write wins threw away %s, by design (P14)", render.Count(c.lwwLost, "acknowledged write"))
	}
	if c.falseOnes > 0 {
		fmt.Fprintf(&b, "\nfalse siblings were seen %s, as cutting clocks makes them (§4.4)", render.Count(c.falseOnes, "time"))
	}
	fmt.Fprintf(&b, "\ntrace hash %016x\n", c.traceHash())
	c.verdict(&b)
	return b.String()
}

// maxShown is how many violations people are shown.
const maxShown = 12

// verdict is what held and what did not, and what that means.
func (c *campaign) verdict(b *strings.Builder) {
	if len(c.violations) == 0 && c.done > 0 {
		b.WriteString("every property held\n")
	}
	for _, v := range c.violations[:min(maxShown, len(c.violations))] {
		fmt.Fprintf(b, "FAIL  seed %d at %.4f s  %s: %s\n", v.Seed, v.At, v.Property, v.Detail)
	}
	if len(c.violations) > maxShown {
		fmt.Fprintf(b, "      and more: %d of the %s failed\n", c.failed, render.Count(int(c.done), "seed"))
	}
	for _, p := range sim.Properties() {
		if slices.ContainsFunc(c.violations, func(v sim.Violation) bool { return v.Property == p.Name }) {
			fmt.Fprintf(b, "%s says: %s\n", p.Name, p.Says)
		}
	}
}

// traceHash is that of all runs together, of a single run its own.
func (c *campaign) traceHash() uint64 {
	if c.done == 1 {
		return c.only
	}
	return c.hash
}

// simReport is the account for programs.
type simReport struct {
	Seeds       uint64          `json:"seeds"`
	Events      int             `json:"events"`
	VirtualS    float64         `json:"virtual_s"`
	WallS       float64         `json:"wall_s"`
	Faults      map[string]int  `json:"faults"`
	NeverFired  []string        `json:"never_fired,omitempty"` // of the faults that were asked for, or that a campaign of that size should have
	Violations  []sim.Violation `json:"violations"`            // at most maxReported seeds' and a few more
	Failed      int             `json:"failed_seeds"`
	TraceHash   string          `json:"trace_hash"`
	First       uint64          `json:"first_seed"`
	Operations  operations      `json:"operations"`
	Gets        int             `json:"gets"`           // answered
	Puts        int             `json:"puts"`           // and deletes, acknowledged
	Stale       int             `json:"stale_reads"`    // of the gets: they lacked a write that was acked before they began
	LWWLost     int             `json:"lww_lost"`       // P14: counted, by design
	FalseOnes   int             `json:"false_siblings"` // seen where clocks are cut: counted, by design
	Interrupted bool            `json:"interrupted,omitempty"`
	Options     string          `json:"options,omitempty"` // of a single run, or of the one that fails
	Script      string          `json:"script,omitempty"`  // the smallest run that fails
}

// operations are clients' operations by outcome.
type operations struct {
	OK      int `json:"ok"`
	Refused int `json:"refused"`
	Unknown int `json:"unknown"`
}

func (c *campaign) json() simReport {
	r := simReport{
		Seeds: c.done, Events: c.events, VirtualS: c.virtual.Seconds(), WallS: time.Since(c.began).Seconds(), Faults: c.faults, NeverFired: c.missing,
		Violations: c.violations, Failed: c.failed, TraceHash: fmt.Sprintf("%016x", c.traceHash()), First: c.opt.Seed,
		Operations: operations{OK: c.outcomes[1], Refused: c.outcomes[2], Unknown: c.outcomes[0]}, Gets: c.gets, Puts: c.puts,
		Stale: c.stale, LWWLost: c.lwwLost, FalseOnes: c.falseOnes, Interrupted: c.interrupted,
	}
	if r.Violations == nil {
		r.Violations = []sim.Violation{}
	}
	return r
}
