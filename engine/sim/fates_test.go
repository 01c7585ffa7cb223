package sim

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim/check"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
)

// measureScript measures the run of a script in which every property holds.
func measureScript(t *testing.T, script string) Measured {
	t.Helper()
	p, err := plan.ParseScript(strings.NewReader(plan.ScriptHead + "\n" + script))
	if err != nil {
		t.Fatal(err)
	}
	m, _ := Player{}.Measure(p)
	for _, v := range m.Violations {
		t.Errorf("%s: %s", v.Property, v.Detail)
	}
	return m
}

// Last write wins: an ordinary overwrite is not a loss. A concurrent write and an earlier one of a
// node whose clock is ahead are.
func TestFatesUnderLastWriteWins(t *testing.T) {
	const head = "nodes 3\nreplicas N=3 R=2 W=2\nmode lww\n"
	for name, c := range map[string]struct {
		script string
		want   measure.Writes
	}{
		"one after the other, without contexts": {
			"1 client 1 put#1 k via n1\n2 client 2 put#2 k via n2\n3 client 3 put#3 k via n3\n4 peace\n",
			measure.Writes{Fates: check.Fates{Kept: 1, Overwritten: 2}},
		},
		"one after the other, with contexts": {
			"1 client 1 put#1 k via n1\n2 client 1 put#2 k via n2 context newest\n4 peace\n",
			measure.Writes{Fates: check.Fates{Kept: 1, Superseded: 1}},
		},
		"at the same time": {
			"1 client 1 put#1 k via n1\n1 client 2 put#2 k via n2\n4 peace\n",
			measure.Writes{Fates: check.Fates{Kept: 1, Displaced: 1}, TrueLosses: 1},
		},
		"with a clock that is ahead": {
			"clock n1 skew=10s drift=0\nclock n2 skew=0s drift=0\nclock n3 skew=-10s drift=0\n" +
				"1 client 1 put#1 k via n1\n2 client 2 put#2 k via n2\n3 client 3 put#3 k via n3\n5 peace\n",
			measure.Writes{Fates: check.Fates{Kept: 1, Outdated: 2}, TrueLosses: 2},
		},
	} {
		if got := measureScript(t, head+c.script).Writes; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A write whose only copy was on a disk that is lost is destroyed. Siblings are kept.
func TestFatesOfSiblings(t *testing.T) {
	const head = "nodes 3\nreplicas N=3 R=1 W=1\nmode siblings\n"
	if got := measureScript(t, head+"1 client 1 put#1 k via n1\n1 client 2 put#2 k via n2\n2 client 2 get#3 k via n3\n4 peace\n"); got.Writes !=
		(measure.Writes{Fates: check.Fates{Kept: 2}}) || got.Versions != (measure.Versions{Two: 1}) {
		t.Errorf("two siblings: %+v %+v", got.Writes, got.Versions)
	}
	wiped := "1 partition n1 n2,n3 for 5s\n2 client 1 put#1 k via n1\n3 wipe n1 for 1s\n6 peace\n"
	if got := measureScript(t, head+wiped).Writes; got != (measure.Writes{Fates: check.Fates{Destroyed: 1}, TrueLosses: 1}) {
		t.Errorf("a wiped disk: %+v", got)
	}
}

// divided is a run in which a home misses a put, so that something must repair it.
const divided = `nodes 5
replicas N=3 R=2 W=2
mode siblings
quorum sloppy
%s
1 client 1 put#1 key0 via n1
2 partition %s for 10s
3 client 1 put#2 key0 via %s context newest
12.5 client 1 get#3 key0 via %s
14 peace
`

// cutOff writes a script in which the first home of key0 is cut off during a put.
func cutOff(t *testing.T, settings string) string {
	t.Helper()
	p := plan.Plan{Cluster: plan.Cluster{Nodes: 5, N: 3, R: 2, W: 2}}
	homes := p.Ring().Homes([]byte("key0"))
	var others []string
	for _, n := range p.Names() {
		if n != homes[0] {
			others = append(others, n)
		}
	}
	return fmt.Sprintf(divided, settings, homes[0]+" "+strings.Join(others, ","), homes[1], homes[1])
}

// Each mechanism of repair can be switched off, and then does nothing. What it would have done
// stays undone, or another mechanism does it.
func TestMechanismsThatAreOff(t *testing.T) {
	all := measureScript(t, cutOff(t, ""))
	if all.Traffic[measure.Handoff].Messages == 0 || all.Convergence.Alone != 1 || all.Convergence.Hints != 0 {
		t.Errorf("with everything on: %+v %+v", all.Traffic, all.Convergence)
	}
	without := measureScript(t, cutOff(t, "off handoff"))
	if c := without.Convergence; without.Traffic[measure.Handoff].Messages > 0 || c.Hints != 1 || c.Never != 1 || c.Diverged != 0 {
		t.Errorf("without handoff the read repairs, and the hint stays: %+v %+v", without.Traffic, c)
	}
	if without.Traffic[measure.Repairing].Messages == 0 {
		t.Errorf("without handoff the get repairs nothing: %+v", without.Traffic)
	}
	nothing := measureScript(t, cutOff(t, "off handoff read-repair"))
	if c := nothing.Convergence; nothing.Traffic[measure.Repairing].Messages > 0 || c.Diverged != 1 || c.Never != 1 || c.Reads != 1 {
		t.Errorf("without any repair: %+v %+v", nothing.Traffic, c)
	}
	synced := measureScript(t, cutOff(t, "off handoff read-repair\nanti-entropy 1s"))
	if c := synced.Convergence; synced.Traffic[measure.Syncing].Messages == 0 || c.Diverged != 0 {
		t.Errorf("with anti-entropy alone: %+v %+v", synced.Traffic, c)
	}
}

// A sloppy quorum answers during a split what a strict one refuses.
func TestAvailabilityDuringFaults(t *testing.T) {
	sloppy := measureScript(t, cutOff(t, "")).Availability
	if want := (measure.Share{Asked: 1, Answered: 1}); sloppy.Faults != want || sloppy.Calm != (measure.Share{Asked: 2, Answered: 2}) {
		t.Errorf("sloppy: %+v", sloppy)
	}
	if by := sloppy.ByFault; len(by) != 1 || by[plan.Split] != sloppy.Faults {
		t.Errorf("by fault: %+v", by)
	}
	strict := strings.Replace(cutOff(t, ""), "quorum sloppy", "quorum strict", 1)
	strict = strings.Replace(strict, "context newest", "context newest W=3", 1)
	m := measureScript(t, strict)
	if m.Availability.Faults != (measure.Share{Asked: 1}) || m.Puts.Unknown+m.Puts.Refused != 1 || len(m.Puts.Reasons) != 1 {
		t.Errorf("strict with W=3: %+v, puts %+v", m.Availability, m.Puts)
	}
}

// A get that lacks acknowledged writes is stale, by the time since the first of them and by their
// number.
func TestStaleness(t *testing.T) {
	// n1 holds #1 only: the links to it are cut during the puts, and the get with R=1 asks n1
	// itself.
	script := `nodes 3
replicas N=3 R=1 W=1
mode siblings
1 client 1 put#1 k via n2
2 partition n1 n2,n3 for 8s
3 client 1 put#2 k via n2 context newest
5 client 1 put#3 k via n2 context newest
7 client 2 get#4 k via n1
8 client 2 get#5 k via n3
10 peace
`
	m := measureScript(t, script)
	age := m.Stale.Age.Mean() / 1000
	if m.Stale.Gets != 1 || m.Stale.Behind.Max() != 2 || age < 3900 || age > 4000 || m.Behind[0].Get != 4 {
		t.Errorf("%+v, %v ms", m.Stale, age)
	}
}

// Clocks grow with the number of nodes that coordinate, and Over tells when.
func TestClockSizes(t *testing.T) {
	m := measureScript(t, `nodes 3
replicas N=3 R=2 W=2
mode siblings
1 client 1 put#1 k via n1
5 client 1 put#2 k via n2 context newest
9 client 1 put#3 k via n3 context newest
20 peace
`)
	var over []int
	for _, s := range m.Clocks.Over {
		if s.Writes > 0 {
			over = append(over, s.Max)
		}
	}
	if m.Clocks.Pairs.Max() != 3 || m.Clocks.Pairs.Mean() != 2 || fmt.Sprint(over) != "[1 2 3]" || m.Clocks.Over[9].Max != 3 {
		t.Errorf("%+v", m.Clocks)
	}
}

// Sums of measures do not depend on the order of runs, and count each run once.
func TestSumsOfRuns(t *testing.T) {
	var runs []*measure.Measures
	gets := 0
	for seed := uint64(1); seed <= 4; seed++ {
		m, err := Measure(plan.Options{Seed: seed, Ops: 60, Mode: settings.ModeLWW})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, m.Measures)
		gets += m.Outcomes[0] + m.Outcomes[1] + m.Outcomes[2]
	}
	var sum, reverse measure.Measures
	for i := range runs {
		sum.Add(runs[i])
		reverse.Add(runs[len(runs)-1-i])
	}
	a, _ := json.Marshal(&sum)
	b, _ := json.Marshal(&reverse)
	if string(a) != string(b) || sum.Runs != 4 || sum.Gets.Asked+sum.Puts.Asked+sum.Dels.Asked != gets {
		t.Errorf("%d operations\n%s\n%s", gets, a, b)
	}
}

// Probes tell how many puts a get is behind, where puts follow each other faster than they spread.
func TestProbesTellHowFarBehind(t *testing.T) {
	x := plan.Experiment{
		Legs:        plan.Legs{W: plan.Delay{Lambda: .01}}, // 100 ms
		Coordinator: plan.Remote, Probes: []time.Duration{0},
	}
	x.Off.ReadRepair = true
	o := calm(1, 1, 1, x)
	o.Keys, o.Ops, o.Length = 2, 1000, 20*time.Second
	p := mustMeasure(t, o).Probes[0]
	if p.Fresh == 0 || p.Behind[0] == 0 || p.Behind[1] == 0 || p.Behind[2] == 0 || p.Fresh+p.Behind[0]+p.Behind[1]+p.Behind[2] != p.Gets {
		t.Errorf("%+v", p)
	}
}

// With slow disks and large values, a node that is filled again delays clients, and more so if
// background work does not yield to them.
func TestAdmissionThatIsOff(t *testing.T) {
	var p99 [2]int64
	for i, off := range []bool{false, true} {
		x := plan.Experiment{DiskRate: 1 << 20, ValueBytes: 16 << 10}
		x.Off.Admission = off
		o := calm(1, 3, 3, x)
		o.Nodes, o.Keys, o.Ops, o.Clients, o.Length, o.AntiEntropy = 3, 300, 700, 20, 35*time.Second, time.Second
		p := plan.New(o)
		p.Faults = []plan.Injection{{At: 25 * time.Second, Kind: plan.Wipe, Nodes: []string{"n3"}, For: 100 * time.Millisecond}}
		yielded := 0
		m, _ := Player{Watch: func(e event.Event) {
			if e.Kind == event.Slice {
				yielded++
			}
		}}.Measure(p)
		p99[i] = m.Puts.Latency.Quantile(.99)
		if len(m.Violations) > 0 || m.Traffic[measure.Syncing].Bytes < 200<<14 || (yielded == 0) != off {
			t.Errorf("admission off %v: %v, %+v, the slice changed %d times", off, m.Violations, m.Traffic, yielded)
		}
	}
	if p99[1] <= p99[0] {
		t.Errorf("puts take %v µs at the 99th percentile, and %v without admission control", p99[0], p99[1])
	}
}

// The same history loses writes under the paper's plain clocks, shows false conflicts under
// truncated ones, and neither under dotted ones.
func TestClocksComeOutInTheMeasures(t *testing.T) {
	under := func(c plan.Clocks) (sum measure.Measures) {
		for seed := uint64(1); seed <= 6; seed++ {
			o := calm(seed, 2, 2, plan.Experiment{})
			o.Ops, o.Keys, o.Clients, o.Length, o.Clocks, o.Blind = 300, 3, 6, time.Minute, c, .2
			m, err := Measure(o)
			if err != nil {
				t.Fatal(err)
			}
			sum.Add(m.Measures)
		}
		return sum
	}
	dotted := under(plan.Clocks{Kind: settings.ClocksDotted, Truncate: -1})
	literal := under(plan.Clocks{Kind: settings.ClocksLiteral, Truncate: -1})
	truncated := under(plan.Clocks{Kind: settings.ClocksDotted, Truncate: 2})
	if dotted.Writes.TrueLosses+dotted.FalseConflicts != 0 || dotted.Writes.Kept == 0 {
		t.Errorf("dotted clocks: %+v, %d false conflicts", dotted.Writes, dotted.FalseConflicts)
	}
	if literal.Writes.Lost == 0 {
		t.Errorf("literal clocks: %+v", literal.Writes)
	}
	if truncated.FalseConflicts == 0 || truncated.Clocks.Pairs.Max() >= dotted.Clocks.Pairs.Max() {
		t.Errorf("truncated clocks: %d false conflicts, clocks %+v", truncated.FalseConflicts, truncated.Clocks)
	}
}
