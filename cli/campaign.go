package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"ringside/engine/sim"
)

// A campaign plays many seeds, one a processor at a time. Its totals do not hang on
// the order in which runs end.
type campaign struct {
	opt      sim.Options // Seed: the first
	seeds    uint64      // how many; 0: until time is over
	duration time.Duration
	progress func(*campaign) // told now and then, under the lock; nil for nobody

	mu         sync.Mutex
	began      time.Time
	next       uint64 // seeds begun
	done       uint64
	events     int
	virtual    time.Duration
	faults     map[string]int
	outcomes   [3]int
	lwwLost    int
	falseOnes  int
	stale      int
	violations []sim.Violation
	worst      *sim.Result // of the lowest seed that failed
	hash       uint64
}

const (
	// coverageSeeds is how many runs must have had each kind of fault somewhere: of
	// the rarest, one run in eight is made to have it.
	coverageSeeds = 200
	// coverageLength is the least length of runs that are expected to have all faults, and
	// coverageOps the least number of operations where no length is given.
	coverageLength = 30 * time.Second
	coverageOps    = 80
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

// run plays the campaign until it is through or ctx ends.
func (c *campaign) run(ctx context.Context) error {
	c.began, c.faults = time.Now(), map[string]int{}
	if c.opt.Nodes <= smallWorld {
		defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	}
	if c.duration > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, c.duration)
		defer cancel()
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
				c.add(sim.Run(o))
			}
		})
	}
	work.Wait()
	close(stop)
	watch.Wait()
	if c.duration == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	c.cover()
	slices.SortStableFunc(c.violations, func(a, b sim.Violation) int { return int(min(1, max(-1, int64(a.Seed-b.Seed)))) })
	return nil
}

// take hands out the next seed.
func (c *campaign) take(ctx context.Context) (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil || c.seeds > 0 && c.next >= c.seeds {
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
	c.hash += spread(r.Plan.Seed, r.Hash)
	for k, n := range r.Faults {
		c.faults[k] += n
	}
	for i, n := range r.Outcomes {
		c.outcomes[i] += n
	}
	if len(r.Violations) == 0 {
		return
	}
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

// cover lets a campaign fail that is large enough for every kind of fault, and never had one.
func (c *campaign) cover() {
	o := c.opt
	if c.done < coverageSeeds || o.Length > 0 && o.Length < coverageLength || o.Nodes == 1 || o.Ops > 0 && o.Ops < coverageOps {
		return
	}
	want := c.opt.Faults
	if want == nil {
		want = sim.FaultKinds()
	}
	for _, k := range want {
		if c.faults[k] == 0 {
			c.violations = append(c.violations, sim.Violation{Seed: c.opt.Seed, Property: "coverage", Detail: fmt.Sprintf("the fault %s never fired in %d seeds", k, c.done)})
		}
	}
}

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
	fmt.Fprintf(&b, "%d seeds from %d: %d events in %v of virtual time, %v of ours (%.0f seeds a second)\n",
		c.done, c.opt.Seed, c.events, c.virtual.Round(time.Second), wall.Round(time.Millisecond), c.rate())
	fmt.Fprintf(&b, "operations: %d ok, %d refused, %d with unknown outcome\n", c.outcomes[1], c.outcomes[2], c.outcomes[0])
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
	if c.stale > 0 {
		fmt.Fprintf(&b, "\n%d gets were stale: they lacked a write that was acknowledged before they began", c.stale)
	}
	if c.lwwLost > 0 {
		fmt.Fprintf(&b, "\nlast write wins threw away %d acknowledged writes, by design (P14)", c.lwwLost)
	}
	if c.falseOnes > 0 {
		fmt.Fprintf(&b, "\nfalse siblings were seen %d times, as cutting clocks makes them (§4.4)", c.falseOnes)
	}
	fmt.Fprintf(&b, "\ntrace hash %016x\n", c.hash)
	if len(c.violations) == 0 {
		b.WriteString("every property held\n")
	}
	for _, v := range c.violations {
		fmt.Fprintf(&b, "FAIL  seed %d  %s: %s\n", v.Seed, v.Property, v.Detail)
	}
	return b.String()
}

// simReport is the account for programs.
type simReport struct {
	Seeds      uint64          `json:"seeds"`
	Events     int             `json:"events"`
	VirtualS   float64         `json:"virtual_s"`
	WallS      float64         `json:"wall_s"`
	Faults     map[string]int  `json:"faults"`
	Violations []sim.Violation `json:"violations"`
	TraceHash  string          `json:"trace_hash"`
	First      uint64          `json:"first_seed"`
	LWWLost    int             `json:"lww_lost"`       // P14: counted, by design
	FalseOnes  int             `json:"false_siblings"` // seen where clocks are cut: counted, by design
	Stale      int             `json:"stale_reads"`    // gets that lacked a write that was acked before they began
	Options    string          `json:"options,omitempty"`
	Script     string          `json:"script,omitempty"` // the smallest run that fails
}

func (c *campaign) json() simReport {
	r := simReport{
		Seeds: c.done, Events: c.events, VirtualS: c.virtual.Seconds(), WallS: time.Since(c.began).Seconds(), Faults: c.faults,
		Violations: c.violations, TraceHash: fmt.Sprintf("%016x", c.hash), First: c.opt.Seed, LWWLost: c.lwwLost, FalseOnes: c.falseOnes, Stale: c.stale,
	}
	if r.Violations == nil {
		r.Violations = []sim.Violation{}
	}
	return r
}
