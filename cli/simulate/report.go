package simulate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/sim/check"
	"ringside/engine/sim/measure"
)

const (
	// maxShown is how many violations the text shows.
	maxShown = 12
	// kindsPerLine is how many kinds of faults one line of the text shows.
	kindsPerLine = 5
)

// realTime returns a time that is rounded to milliseconds, or to microseconds if it is shorter than
// 10 ms.
func realTime(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// text returns the result of the campaign for a person.
func (c *campaign) text() string {
	wall, t := c.wall(), &c.sum
	var b strings.Builder
	if c.interrupted {
		b.WriteString("interrupted; so far:\n")
	}
	fmt.Fprintf(&b, "%s from %d: %s in %v of virtual time, %v of real time (%s a second)\n",
		render.Count(int(t.Done), "seed"), c.opt.Seed, render.Count(t.Events, "event"), t.Virtual.Round(time.Second),
		realTime(wall), render.Count(c.rate(wall), "seed"))
	fmt.Fprintf(&b, "operations: %d ok (%s and %s), %d refused, %d with unknown outcome\n",
		t.Outcomes[1], render.Count(t.Gets, "get"), render.Count(t.Puts, "put"), t.Outcomes[2], t.Outcomes[0])
	b.WriteString("faults:")
	for i, k := range slices.Sorted(maps.Keys(t.Faults)) {
		if i > 0 && i%kindsPerLine == 0 {
			b.WriteString("\n       ")
		}
		fmt.Fprintf(&b, "  %s %d", k, t.Faults[k])
	}
	if len(t.Faults) == 0 {
		b.WriteString("  none")
	}
	if len(c.missing) > 0 {
		fmt.Fprintf(&b, "\nnever fired: %s", strings.Join(c.missing, " "))
	}
	if t.Stale > 0 {
		fmt.Fprintf(&b, "\n%s stale: a write was missing that was acknowledged before the get began",
			were(t.Stale, "get"))
	}
	if t.LWWLost > 0 {
		fmt.Fprintf(&b, "\nlast write wins lost %s, by design (P14)", render.Count(t.LWWLost, "acknowledged write"))
	}
	if t.FalseSiblings > 0 {
		fmt.Fprintf(&b, "\nfalse siblings were seen %s, because clocks are cut (§4.4)",
			render.Count(t.FalseSiblings, "time"))
	}
	for _, p := range t.Measures.Probes {
		fmt.Fprintf(&b, "\n%g ms after a put was acknowledged, %.1f%% of %s found it",
			p.AfterMS, 100*float64(p.Fresh)/float64(p.Gets), render.Count(p.Gets, "get"))
	}
	fmt.Fprintf(&b, "\ntrace hash %016x\n", c.traceHash())
	c.verdict(&b)
	return b.String()
}

// maxLeft is the number of keys up to which the text of a script's run shows what is left.
const maxLeft = 12

// leftText writes what the homes of each key hold in the end.
func leftText(left []check.Left) string {
	var b strings.Builder
	for _, l := range left[:min(maxLeft, len(left))] {
		fmt.Fprintf(&b, "%s holds %s in the end\n", render.Key([]byte(l.Key)), writesText(l.Versions))
	}
	return b.String()
}

// were returns "1 get was" or "2 gets were".
func were(n int, thing string) string {
	if n == 1 {
		return render.Count(n, thing) + " was"
	}
	return render.Count(n, thing) + " were"
}

// verdict writes which properties held, and what those that did not hold say.
func (c *campaign) verdict(b *strings.Builder) {
	if len(c.violations) == 0 && c.sum.Done > 0 {
		b.WriteString("every property held\n")
	}
	for _, v := range c.violations[:min(maxShown, len(c.violations))] {
		fmt.Fprintf(b, "FAIL  seed %d at %.4f s  %s: %s\n", v.Seed, v.At, v.Property, v.Detail)
	}
	if len(c.violations) > maxShown {
		fmt.Fprintf(b, "      and more: %d of the %s failed\n", c.sum.Failed, render.Count(int(c.sum.Done), "seed"))
	}
	for _, p := range check.Properties() {
		if slices.ContainsFunc(c.violations, func(v check.Violation) bool { return v.Property == p.Name }) {
			fmt.Fprintf(b, "%s says: %s\n", p.Name, p.Description)
		}
	}
}

// traceHash returns the hash of a single run, or of all runs together.
func (c *campaign) traceHash() uint64 {
	if c.sum.Done == 1 {
		return c.sum.Last
	}
	return c.sum.Hash
}

// report is the result of a campaign as JSON. Runs is embedded to keep the object flat.
type report struct {
	Seeds    uint64         `json:"seeds"`
	Events   int            `json:"events"`
	VirtualS float64        `json:"virtual_s"`
	WallS    float64        `json:"wall_s"`
	Faults   map[string]int `json:"faults"`
	// NeverFired are faults that were asked for, or that a campaign of this size should have.
	NeverFired []string          `json:"never_fired,omitempty"`
	Violations []check.Violation `json:"violations"` // of the lowest maxReported seeds that failed
	Failed     int               `json:"failed_seeds"`
	TraceHash  string            `json:"trace_hash"`
	First      uint64            `json:"first_seed"`
	clientReport
	// Measures is what was counted in all runs together.
	Measures    *measure.Measures `json:"measures,omitempty"`
	Interrupted bool              `json:"interrupted,omitempty"`
	Options     string            `json:"options,omitempty"` // of a single run, or of the run that fails
	Script      string            `json:"script,omitempty"`  // the file with the smallest run that fails
	// Left is what the homes of each key of a single run hold in the end.
	Left []leftReport `json:"left,omitempty"`
}

type leftReport struct {
	Key      string          `json:"key"`
	Versions []versionReport `json:"versions"`
}

// clientReport is the part of a report about what clients saw.
type clientReport struct {
	Operations    operations `json:"operations"`
	Gets          int        `json:"gets"`           // answered
	Puts          int        `json:"puts"`           // acknowledged puts and deletes
	Stale         int        `json:"stale_reads"`    // of the gets
	LWWLost       int        `json:"lww_lost"`       // P14: lost by design
	FalseSiblings int        `json:"false_siblings"` // seen where clocks are truncated, by design
}

// operations counts the operations of clients by outcome.
type operations struct {
	OK      int `json:"ok"`
	Refused int `json:"refused"`
	Unknown int `json:"unknown"`
}

func (c *campaign) report() report {
	t := &c.sum
	r := report{
		Seeds: t.Done, Events: t.Events, VirtualS: t.Virtual.Seconds(), WallS: c.wall().Seconds(),
		Faults: t.Faults, NeverFired: c.missing, Violations: c.violations, Failed: t.Failed,
		TraceHash: fmt.Sprintf("%016x", c.traceHash()), First: c.opt.Seed, Interrupted: c.interrupted,
		clientReport: clientReport{
			Operations: operations{OK: t.Outcomes[1], Refused: t.Outcomes[2], Unknown: t.Outcomes[0]},
			Gets:       t.Gets, Puts: t.Puts, Stale: t.Stale, LWWLost: t.LWWLost, FalseSiblings: t.FalseSiblings,
		},
	}
	if r.Violations == nil {
		r.Violations = []check.Violation{}
	}
	if c.measured {
		r.Measures = &t.Measures.Measures
	}
	return r
}

// more returns the options that a run was drawn from, and the smallest run that fails.
func (r report) more(script string) string {
	if r.Options == "" {
		return ""
	}
	text := fmt.Sprintf("its options:      ringside sim %s\n", r.Options)
	if script == "" {
		return text
	}
	if r.Script != "" {
		text += fmt.Sprintf("the smallest run: ringside sim --replay %s\n", render.Text(r.Script))
	}
	return "\n" + text + "\n" + script
}
