package experiments

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/lab"
	"ringside/engine"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// §4.6, §4.7 and §5: what hints, read repair and anti-entropy do for replicas that faults have made
// differ.

// A repairSetting is a choice of mechanisms.
type repairSetting struct{ hints, reads, sync bool }

var repairSettings = []repairSetting{
	{}, {hints: true}, {reads: true}, {sync: true},
	{hints: true, reads: true}, {hints: true, sync: true}, {reads: true, sync: true}, {true, true, true},
}

// repairNone and the others are places of settings on the x axis.
const repairNone, repairHints, repairReads, repairSync, repairAll = 0, 1, 2, 3, 7

func (s repairSetting) String() string {
	var out []string
	for _, m := range []struct {
		name string
		on   bool
	}{{"hints", s.hints}, {"read repair", s.reads}, {"anti-entropy", s.sync}} {
		if m.on {
			out = append(out, m.name)
		}
	}
	switch len(out) {
	case 0:
		return "none"
	case 3:
		return "all three"
	}
	return strings.Join(out, " + ")
}

// Series of the measure divergent.
const (
	asFaultsEnd = "as faults end"
	afterQuiet  = "after quiet"
	afterReads  = "once each is read"
	forEver     = "for ever"
)

// readEvery is the time between two reads after the quiet time, in which a read is repaired.
const readEvery = 250 * time.Millisecond

func repair() *lab.Experiment {
	var names []string
	for _, s := range repairSettings {
		names = append(names, s.String())
	}
	return &lab.Experiment{
		Name: "repair", Section: "§4.6, §4.7, §5",
		Title: "what hinted handoff, read repair and anti-entropy repair, and at what cost",
		Question: "Faults make the replicas of a key differ. Which mechanisms make them agree again, how soon, and " +
			"what do they send?",
		Method: "Clients put, get and delete keys while faults come and go. Then all faults end. No client asks " +
			"for anything in the quiet time. Then one client reads each key once, in random order. In the end a " +
			"checker reads each key three times from all its homes; a key whose homes differ even then differs for " +
			"ever. Each seed has the same requests and the same faults with all settings. Without hints, fallbacks " +
			"take writes in and never hand them over. Hints alone do not help where a side of a partition has " +
			"fewer than N nodes, since no fallback is left for each home. The bytes are those up to the end of the " +
			"reads; those of hints are of their delivery alone. The time and the reads are of the runs in which " +
			"all homes agreed before the reads, or through them.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "mechanisms", Names: names},
		Measures: []lab.Measure{
			{Name: "divergent", Label: "keys whose homes differ", Unit: "%", Share: true},
			{Name: "time", Label: "time until all homes agree, without reads", Unit: "s"},
			{Name: "reads", Label: "reads until all homes agree"},
			{Name: "sent", Label: "sent by mechanism", Unit: "KiB", Log: true},
		},
		Params: append(quorumParams("6", "3", "2", "2"),
			whole("keys", "40", "keys", 1000),
			whole("operations", "240", "requests of clients during the faults", maxOperations),
			faultsParam("crash,partition,loss", plan.Crash, plan.Split, plan.OneWay, plan.Loss, plan.Pause, plan.Wipe),
			whole("quiet", "60", "seconds without requests after the faults", 3600),
			whole("sync", "10", "seconds between two rounds of anti-entropy", 120)),
		Seeds: 10,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			return unitsOf([]int{0, 1, 2, 3, 4, 5, 6, 7}, seeds, func(i int, seed uint64) (*scene, sampler, error) {
				return repairRun(v, i, seed)
			})
		},
		Claims: []lab.Claim{
			{Text: "without any mechanism, keys differ for ever", Holds: neverAgree},
			{Text: "hints alone leave fewer keys divergent than no mechanism", Holds: fewerWithHints},
			{Text: "read repair alone leaves keys divergent that no client reads, and repairs those that are read",
				Holds: falls(repairReads, afterQuiet, forEver)},
			{Text: "anti-entropy alone makes all homes agree without reads", Holds: falls(repairSync, asFaultsEnd, afterQuiet)},
			{Text: "all three make all homes agree without reads", Holds: falls(repairAll, asFaultsEnd, afterQuiet)},
		},
	}
}

func neverAgree(_ lab.Values, rows lab.Rows) (bool, string, error) {
	r, err := rows.At("divergent", forEver, repairNone)
	return r.Mean > 0, fmt.Sprintf("%.3g %% for ever", r.Mean), err
}

func fewerWithHints(_ lab.Values, rows lab.Rows) (bool, string, error) {
	none, err := rows.At("divergent", forEver, repairNone)
	if err != nil {
		return false, "", err
	}
	hints, err := rows.At("divergent", forEver, repairHints)
	return hints.Mean < none.Mean, fmt.Sprintf("%.3g %% with hints, %.3g %% without", hints.Mean, none.Mean), err
}

// falls says that the share of divergent keys falls from more than 0 to 0 between two times.
func falls(x float64, from, to string) func(lab.Values, lab.Rows) (bool, string, error) {
	return func(_ lab.Values, rows lab.Rows) (bool, string, error) {
		a, err := rows.At("divergent", from, x)
		if err != nil {
			return false, "", err
		}
		b, err := rows.At("divergent", to, x)
		return a.Mean > 0 && b.Mean == 0, fmt.Sprintf("%.3g %% %s, %.3g %% %s", a.Mean, from, b.Mean, to), err
	}
}

// repairRun returns the run of one setting, and what to say of it.
func repairRun(v lab.Values, setting int, seed uint64) (*scene, sampler, error) {
	on := repairSettings[setting]
	o := plain(seed)
	o.Clients = 4
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	o.Keys, o.Ops, o.Blind = v.Whole("keys"), v.Whole("operations"), .2
	o.Faults, o.FaultEvery = faultsOf(v), 4*time.Second
	o.Length = time.Minute
	o.Experiment.Off = engine.Off{ReadRepair: !on.reads, Handoff: !on.hints}
	if on.sync {
		o.AntiEntropy = time.Duration(v.Whole("sync")) * time.Second
	}
	s, err := newScene(o)
	if err != nil {
		return nil, nil, err
	}
	end := s.HealAt // of the faults
	s.looks = append(s.looks, end+time.Millisecond)
	reads := end + time.Duration(v.Whole("quiet"))*time.Second
	for at := end + readEvery; at < reads; at += readEvery {
		s.looks = append(s.looks, at)
	}
	r := rng.New(seed, "lab reads")
	keys := s.Keys()
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for i, key := range keys {
		at := reads + time.Duration(i)*readEvery
		s.looks = append(s.looks, at-time.Microsecond)
		via := rng.Pick(r, s.Names())
		s.add(plan.Op{At: at, Client: o.Clients + 1, Kind: plan.Get, Key: key, Via: via, Context: plan.Blind})
	}
	s.looks = append(s.looks, s.HealAt)
	s.Faults = append(s.Faults, plan.Injection{At: end, Kind: plan.Lull, For: plan.MaxTime})
	return s, func(m sim.Measured) []lab.Sample { return repairSamples(float64(setting), m, len(keys), end, reads) }, nil
}

// repairSamples says what one run showed.
func repairSamples(x float64, m sim.Measured, keys int, end, reads time.Duration) []lab.Sample {
	quiet := slices.IndexFunc(m.Looks, func(l sim.Look) bool { return l.At >= reads-time.Microsecond })
	last := m.Looks[len(m.Looks)-1]
	out := []lab.Sample{
		lab.Share("divergent", asFaultsEnd, x, m.Looks[0].Diverged, keys),
		lab.Share("divergent", afterQuiet, x, m.Looks[quiet].Diverged, keys),
		lab.Share("divergent", afterReads, x, last.Diverged, keys),
		lab.Share("divergent", forEver, x, m.Convergence.Diverged, keys),
	}
	if agreed := slices.IndexFunc(m.Looks, func(l sim.Look) bool { return l.Diverged == 0 }); agreed >= 0 {
		if agreed <= quiet {
			out = append(out, lab.Point("time", "all keys", x, (m.Looks[agreed].At-end).Seconds()))
		}
		out = append(out, lab.Point("reads", "all keys", x, float64(max(0, agreed-quiet))))
	}
	sent := func(series string, what measure.Mechanism) lab.Sample {
		return lab.Point("sent", series, x, float64(last.Traffic[what].Bytes)/1024)
	}
	return append(out, sent("hints", measure.Handoff), sent("read repair", measure.Repairing),
		sent("anti-entropy", measure.Syncing), sent("puts", measure.Writing))
}
