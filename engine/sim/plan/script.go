package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine"
	"ringside/engine/settings"
)

// A script is a plan as text: first the settings, then what happens, one event a line, each with
// its time in seconds. Text after " # " is a remark. Parsing a script gives the plan back exactly.

// ScriptHead is the first line of a script.
const ScriptHead = "ringside sim script 1"

// Script writes the plan as text. remarks, if not nil, returns a remark about an operation.
func (p *Plan) Script(remarks func(id uint64) string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(ScriptHead)
	line("seed %d", p.Seed)
	p.Cluster.script(line)
	p.Conditions.script(line)
	if p.Expect != (Expect{}) {
		line("expect %s hash %016x", cmp.Or(p.Expect.Property, NoFaults), p.Expect.Hash)
	}
	b.WriteString("\n")
	for _, e := range p.timeline(remarks) {
		line("%s", e)
	}
	return b.String()
}

func (c Cluster) script(line func(string, ...any)) {
	line("nodes %d", c.Nodes)
	line("replicas N=%d R=%d W=%d", c.N, c.R, c.W)
	line("mode %s", c.Mode)
	line("quorum %s", c.Quorum)
	if c.Clocks.Kind != settings.ClocksDotted {
		line("clocks %s", c.Clocks.Kind)
	}
	if c.Clocks.Truncate > 0 {
		line("truncate %d", c.Clocks.Truncate)
	}
	if c.AntiEntropy > 0 {
		line("anti-entropy %v", c.AntiEntropy)
	}
	if c.Buffer > 0 {
		line("buffer %d", c.Buffer)
	}
	if c.Ranges > 0 {
		line("ranges %d", c.Ranges)
	}
	if c.Strategy > 0 {
		line("strategy %d T=%d", c.Strategy, c.Tokens)
	}
	if c.Timings != nil {
		line("timings %s", timingsText(*c.Timings))
	}
	if len(c.Buggify) > 0 {
		line("odd %s", strings.Join(c.Buggify, " "))
	}
	if c.Tombstones > 0 {
		line("tombstones %v", c.Tombstones)
	}
	if c.Legs.Given() {
		line("legs %v", c.Legs)
	}
	if c.DiskRate > 0 {
		line("disk-rate %d", c.DiskRate)
	}
	if c.ValueBytes > 0 {
		line("value-bytes %d", c.ValueBytes)
	}
	if off := offWords(&c.Off); off != nil {
		line("off %s", strings.Join(off, " "))
	}
}

// mechanism names one mechanism that an experiment can switch off, as scripts and flags do.
type mechanism struct {
	name string
	off  *bool
}

func mechanisms(o *engine.Off) []mechanism {
	return []mechanism{{"read-repair", &o.ReadRepair}, {"handoff", &o.Handoff}, {"forwarding", &o.Forwarding},
		{"admission", &o.Admission}}
}

// offWords names the mechanisms that are off.
func offWords(o *engine.Off) (out []string) {
	for _, m := range mechanisms(o) {
		if *m.off {
			out = append(out, m.name)
		}
	}
	return out
}

func (c Conditions) script(line func(string, ...any)) {
	connections := "silent"
	if c.Notices {
		connections = "told"
	}
	line("weather loss=%g repeat=%g long-delay=%g delay=%v connections=%s",
		c.Loss, c.Repeat, c.LongDelay, c.Delay, connections)
	for i := range c.Skew {
		line("clock n%d skew=%v drift=%g", i+1, c.Skew[i], c.Drift[i])
	}
	for i, p := range c.FailedSync {
		line("disk n%d failed-sync=%g", i+1, p)
	}
}

// timeline lists operations, faults and the end of faults in the order of their times.
func (p *Plan) timeline(remarks func(uint64) string) []string {
	type entry struct {
		at   time.Duration
		text string
	}
	var all []entry
	for _, f := range p.Faults {
		all = append(all, entry{f.At, "          " + f.String()})
	}
	for _, o := range p.Ops {
		text := fmt.Sprintf("client %-2d ", o.Client) + o.words()
		if remarks != nil {
			if r := remarks(o.ID); r != "" {
				text = fmt.Sprintf("%-52s # %s", text, r)
			}
		}
		all = append(all, entry{o.At, text})
	}
	heal := "          peace"
	if len(p.Core) > 0 {
		heal += " core " + strings.Join(p.Core, ",") + " rest " + p.Rest
	}
	all = append(all, entry{p.HealAt, heal})
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = fmt.Sprintf("%12s  %s", Seconds(e.at), strings.TrimRight(e.text, " "))
	}
	return out
}

// Seconds writes a time as seconds with at least four decimals, as scripts have it.
func Seconds(d time.Duration) string {
	s := fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second)
	for strings.HasSuffix(s, "0") && len(s)-strings.IndexByte(s, '.') > 5 {
		s = s[:len(s)-1]
	}
	return s
}

// contextWords say which of its contexts a client presents.
var contextWords = [KeptContexts]string{"newest", "older", "oldest"}

func (o Op) words() string {
	s := fmt.Sprintf("%s#%d %s via %s", o.Kind, o.ID, o.Key, o.Via)
	switch {
	case o.From > 0:
		s += fmt.Sprintf(" context #%d", o.From)
	case o.Context != Blind:
		s += " context " + contextWords[o.Context]
	}
	if o.Of != "" {
		s += " of " + o.Of
	}
	if o.R > 0 {
		s += fmt.Sprintf(" R=%d", o.R)
	}
	if o.W > 0 {
		s += fmt.Sprintf(" W=%d", o.W)
	}
	if o.Primaries > 0 {
		s += fmt.Sprintf(" primaries=%d", o.Primaries)
	}
	if o.Strict {
		s += " strict"
	}
	if o.Balanced {
		s += " balanced"
	}
	if o.After > 0 {
		s += fmt.Sprintf(" after #%d pause %v", o.After, o.Pause)
	}
	return s
}

// String returns the injection as a script has it, without its time.
func (f Injection) String() string {
	out := f.Kind
	for _, g := range f.Groups {
		out += " " + strings.Join(g, ",")
	}
	if len(f.Nodes) > 0 {
		out += " " + strings.Join(f.Nodes, ">")
	}
	if f.Space != "" {
		out += " " + f.Space
	}
	switch {
	case f.Kind == Drop && f.Amount > 0:
		out += fmt.Sprintf(" #%d", f.Amount)
	case f.Amount > 0 || f.Kind == Flip:
		out += fmt.Sprintf(" x%d", f.Amount)
	}
	if f.For > 0 {
		out += fmt.Sprintf(" for %v", f.For)
	}
	return out
}
