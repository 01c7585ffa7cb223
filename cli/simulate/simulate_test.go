package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/check"
	"ringside/engine/sim/plan"
)

// A result is what a command printed, and how it ended.
type result struct {
	out, err string
	exit     int
}

// ringside runs a command line "sim ..." in a folder.
func ringside(t *testing.T, dir, line string) result {
	t.Helper()
	words, err := verbs.Split(line)
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr strings.Builder
	call, err := verbs.Parse(Verb, words[1:])
	if err == nil {
		con := &console.Console{Stdout: &out, Stderr: &stderr, Dir: dir, JSON: call.Bool("json")}
		err = Run(t.Context(), con, call, nil)
	}
	if e := exit.As(err); e != nil && !e.Reported {
		stderr.WriteString(e.Message)
	}
	return result{out.String(), stderr.String(), exitOf(err)}
}

func exitOf(err error) int {
	if e := exit.As(err); e != nil {
		return e.Exit
	}
	return exit.OK
}

func newRunner(t *testing.T, ctx context.Context, con *console.Console) *runner {
	t.Helper()
	call, err := verbs.Parse(Verb, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &runner{Console: con, ctx: ctx, call: call}
}

// The same seeds give the same report, except for the time.
func TestSimJSON(t *testing.T) {
	var reports [2]report
	for i := range reports {
		r := ringside(t, t.TempDir(), "sim --seed 7 --seeds 6 --ops 60 --nodes 5 --json")
		if err := json.Unmarshal([]byte(r.out), &reports[i]); err != nil || r.exit != 0 || r.err != "" {
			t.Fatalf("%v: %+v", err, r)
		}
		for _, field := range []string{"seeds", "events", "virtual_s", "wall_s", "faults", "violations", "trace_hash"} {
			if !strings.Contains(r.out, `"`+field+`":`) {
				t.Errorf("no %s in %s", field, r.out)
			}
		}
		reports[i].WallS = 0
	}
	a, _ := json.Marshal(reports[0])
	b, _ := json.Marshal(reports[1])
	if string(a) != string(b) || reports[0].Seeds != 6 || reports[0].Events == 0 || len(reports[0].Faults) == 0 ||
		reports[0].Violations == nil {
		t.Errorf("%s, then %s", a, b)
	}
}

// The JSON of a campaign has the sum of what its runs measured, and experiments have flags.
func TestSimMeasures(t *testing.T) {
	const line = "sim --legs DISK --coordinator remote --probes 0,10ms --read-repair off --handoff on --faults none -n 4 " +
		"-N 3 -R 1 -W 1 --ops 200 --keys 5 --length 2m --odd 0 --blind 0 --json"
	var r report
	one := ringside(t, t.TempDir(), line+" --seed 1")
	if err := json.Unmarshal([]byte(one.out), &r); err != nil || one.exit != 0 {
		t.Fatalf("%v: %+v", err, one)
	}
	if !strings.HasSuffix(r.Options, " --legs 'DISK' --read-repair off --coordinator remote --probes 0s,10ms") {
		t.Errorf("options %s", r.Options)
	}
	again := ringside(t, t.TempDir(), "sim "+r.Options+" --json")
	var a, b struct {
		TraceHash string          `json:"trace_hash"`
		Measures  json.RawMessage `json:"measures"`
	}
	if json.Unmarshal([]byte(one.out), &a) != nil || json.Unmarshal([]byte(again.out), &b) != nil ||
		a.TraceHash != b.TraceHash || string(a.Measures) != string(b.Measures) {
		t.Errorf("the options that it prints play another run: %s", again.out)
	}
	var sums [2]string
	for i := range sums {
		all := ringside(t, t.TempDir(), line+" --seed 1 --seeds 4")
		if err := json.Unmarshal([]byte(all.out), &b); err != nil {
			t.Fatal(err)
		}
		sums[i] = string(b.Measures)
	}
	var m struct {
		Runs   int `json:"runs"`
		Probes []struct {
			AfterMS     float64 `json:"after_ms"`
			Gets, Fresh int
		} `json:"probes"`
	}
	if err := json.Unmarshal([]byte(sums[0]), &m); err != nil || sums[0] != sums[1] || m.Runs != 4 || len(m.Probes) != 2 ||
		m.Probes[0].Fresh >= m.Probes[1].Fresh || m.Probes[1].AfterMS != 10 || m.Probes[1].Gets != 4*65 {
		t.Errorf("%v: %s, then %s", err, sums[0], sums[1])
	}
	told := ringside(t, t.TempDir(), strings.TrimSuffix(line, "--json")+"--seed 1")
	if !strings.Contains(told.out, "\n10 ms after a put was acknowledged, ") || !strings.Contains(told.out, "% of 65 gets found it\n") {
		t.Errorf("the text is %s", told.out)
	}
	if text := ringside(t, t.TempDir(), "sim --seed 1 --ops 20"); strings.Contains(text.out, "measures") {
		t.Errorf("the text has measures: %s", text.out)
	}
}

func TestSimText(t *testing.T) {
	r := ringside(t, t.TempDir(), "sim --seed 3 --ops 40 --faults crash,loss")
	if r.exit != 0 || r.err != "" || !strings.Contains(r.out, "every property held") ||
		!strings.Contains(r.out, "loss ") || strings.Contains(r.out, "wipe") {
		t.Errorf("%+v", r)
	}
	if r := ringside(t, t.TempDir(), "sim --for 300ms --ops 30 --faults none"); r.exit != 0 ||
		!strings.Contains(r.out, "faults:  none") {
		t.Errorf("%+v", r)
	}
}

func TestSimUsage(t *testing.T) {
	for line, want := range map[string]string{
		"sim --seed x":                                        "is not a number",
		"sim --legs WARP":                                     "invalid leg",
		"sim --read-repair maybe":                             "read-repair",
		"sim --coordinator remote -n 3 -N 3":                  "add a node",
		"sim --probes soon":                                   "is not a time",
		"sim --replay x --handoff off":                        "leave out --handoff",
		"sim --faults fire":                                   "no fault",
		"sim --nodes 3 -R 4 -N 3":                             "R=4",
		"sim --mode chaos":                                    "chaos",
		"sim --check serializable":                            "only linearizable",
		"sim --html x.html":                                   "--check",
		"sim --replay nothing.script":                         "nothing.script",
		"sim --replay a --seed 1":                             "no seeds",
		"sim --seeds 3 --tui":                                 "one run",
		"sim --blind 2":                                       "is not a chance",
		"sim --nodes 5000":                                    "at most 1024",
		"sim --quorum loose --seed 1":                         "loose",
		"sim --faults none,crash --json":                      "no fault",
		"sim --for 0":                                         "makes no sense",
		"sim --length 100h":                                   "at most 24h",
		"sim --replay x --nodes 5":                            "leave out --nodes",
		"sim --replay x --script y":                           "leave out --script",
		"sim --seed 1 --script /nowhere/x":                    "nothing was played",
		"sim --seeds 3 --script /":                            "is a directory",
		"sim --seed 1 --check linearizable --html /nowhere/x": "nothing was played",
		"sim --check linearizable -R 3":                       "leave out -R",
		"sim --check linearizable --seed 3 --seeds 5":         "leave out --seeds",
		"sim --check linearizable --seed 3 --script x":        "no script",
		"sim --check linearizable --seed 3 --tui":             "leave out --tui",
	} {
		r := ringside(t, t.TempDir(), line)
		if r.exit != exit.Usage || !strings.Contains(r.err+r.out, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}

// The script of a run plays the run again.
func TestSimScript(t *testing.T) {
	dir := t.TempDir()
	first := ringside(t, dir, "sim --seed 11 --ops 50 --script run.script --json")
	again := ringside(t, dir, "sim --replay run.script --json")
	var a, b report
	if err := json.Unmarshal([]byte(first.out), &a); err != nil {
		t.Fatalf("%+v", first)
	}
	if err := json.Unmarshal([]byte(again.out), &b); err != nil || a.TraceHash != b.TraceHash ||
		a.Events != b.Events || again.err != "" {
		t.Errorf("%+v, replayed %+v", first, again)
	}
}

// A campaign that fails reports that as text and as JSON, finds a smaller run, and exits 8.
func TestSimViolation(t *testing.T) {
	dir := t.TempDir()
	// A run that fails, by the account of its result: the engine has no such seed to offer.
	// It is short, since shrinking tries in vain to leave out each part of it.
	r := sim.Run(plan.Options{Seed: 2, Ops: 4, Nodes: 3, N: 3, Keys: 1, Clients: 1, Faults: []string{}, OwnQuorums: -1})
	r.Violations = []check.Violation{{Seed: 2, Property: "P1", Detail: "put #3 of key0 is lost"}}
	for _, asJSON := range []bool{false, true} {
		c := &campaign{opt: plan.Options{Seed: 2}, began: time.Now(), sum: totals{Faults: map[string]int{}}}
		c.add(r)
		var out strings.Builder
		s := newRunner(t, t.Context(), &console.Console{Stdout: &out, Stderr: &out, Dir: dir, JSON: asJSON})
		code := exitOf(s.finish(c, nil, plan.Options{Ops: 20, Faults: []string{}}))
		if code != exit.Expectation || !strings.Contains(out.String(), "put #3 of key0 is lost") ||
			!strings.Contains(out.String(), "--seed 2 --nodes") {
			t.Errorf("exit %d: %s", code, out.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "sim-2.script")); err != nil {
		t.Error(err)
	}
}

// A campaign that is large enough for every kind of fault fails if one never fired.
func TestCoverage(t *testing.T) {
	all := map[string]int{}
	for _, k := range plan.FaultNames() {
		all[k] = 1
	}
	delete(all, "wipe")
	c := &campaign{opt: plan.Options{Seed: 1}, sum: totals{Done: coverageSeeds, Faults: all}}
	if c.cover(); len(c.violations) != 1 || c.violations[0].Property != coverage ||
		!strings.Contains(c.violations[0].Detail, "wipe") {
		t.Errorf("%+v", c.violations)
	}
	small := &campaign{opt: c.opt, sum: totals{Done: coverageSeeds - 1, Faults: all}}
	if small.cover(); len(small.violations) != 0 {
		t.Errorf("%+v of a small campaign", small.violations)
	}
	// Options may leave no room for it: then it is said, and no more.
	chosen := &campaign{opt: plan.Options{Seed: 1, Faults: []string{"crash", "wipe"}},
		sum: totals{Done: 3, Faults: all}}
	if chosen.cover(); len(chosen.violations) != 0 || len(chosen.missing) != 1 ||
		!strings.Contains(chosen.text(), "never fired: wipe") {
		t.Errorf("%+v %v", chosen.violations, chosen.missing)
	}
}

// A campaign that is interrupted during a run reports the runs before it.
func TestSimInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	began := time.Now()
	c := &campaign{opt: plan.Options{Seed: 1, Nodes: 30, Ops: 1 << 17, Length: 24 * time.Hour}, seeds: 1000}
	if c.run(ctx); !c.interrupted || c.sum.Done > 0 || time.Since(began) > 30*time.Second {
		t.Errorf("%d seeds in %v", c.sum.Done, time.Since(began))
	}
	var out strings.Builder
	s := newRunner(t, ctx, &console.Console{Stdout: &out, Stderr: &out})
	if code := exitOf(s.finish(c, nil, c.opt)); code != exit.Interrupted ||
		!strings.Contains(out.String(), "interrupted") || strings.Contains(out.String(), "held") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}

// A failure is reported even if the search for a smaller run is interrupted or the script cannot be
// written.
func TestSimViolationIsTold(t *testing.T) {
	r := sim.Run(plan.Options{Seed: 2, Ops: 20, Faults: []string{}})
	r.Violations = []check.Violation{{Seed: 2, Property: "P1", Detail: "put #3 of key0 is lost"}}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nowhere")} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := &campaign{opt: plan.Options{Seed: 2}, began: time.Now(), sum: totals{Faults: map[string]int{}},
			interrupted: true}
		c.add(r)
		var out, told strings.Builder
		s := newRunner(t, ctx, &console.Console{Stdout: &out, Stderr: &told, Dir: dir})
		code := exitOf(s.finish(c, nil, plan.Options{Ops: 20, Faults: []string{}}))
		if code != exit.Expectation || !strings.Contains(out.String(), "FAIL  seed 2") ||
			!strings.Contains(out.String(), "P1 says: no acknowledged") || !strings.Contains(out.String(), "#4 key") {
			t.Errorf("exit %d: %s", code, out.String())
		}
		if _, err := os.Stat(dir); (err == nil) == strings.Contains(told.String(), "nowhere") {
			t.Errorf("%s: told %q", dir, told.String())
		}
	}
}

func TestSimLinearizable(t *testing.T) {
	dir := t.TempDir()
	r := ringside(t, dir, "sim --check linearizable")
	if r.exit != 0 || strings.Count(r.out, "NOT linearizable") != 3 ||
		!strings.Contains(r.out, "serial         linearizable") {
		t.Fatalf("%+v", r)
	}
	// The command that it prints for a scenario shows the same.
	shown := 0
	for line := range strings.Lines(r.out) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "ringside ")
		if !ok || !strings.Contains(command, "--mode") {
			continue
		}
		shown++
		one := ringside(t, dir, command+" --html picture.html")
		if serial := strings.Contains(command, "--clients 1"); serial != (one.exit == 0) || !serial &&
			one.exit != exit.Expectation {
			t.Errorf("%s: %+v", command, one)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "picture.html")); err != nil || len(b) < 1000 {
			t.Errorf("picture of %d bytes: %v", len(b), err)
		}
	}
	if shown != 4 {
		t.Errorf("%d of 4 scenarios print a command", shown)
	}
}

// The recording of a run that fails shows the failure when it happens, and at the end.
func TestPlaybackOfAFailure(t *testing.T) {
	var result sim.Result
	var events []event.Event
	for seed := uint64(1); len(result.Violations) == 0; seed++ {
		if seed > 20 {
			t.Fatal("no run fails with literal clocks")
		}
		result, events = record(plan.New(plan.Options{Seed: seed, Faults: []string{}, Mode: settings.ModeSiblings,
			Clocks: plan.Clocks{Kind: settings.ClocksLiteral}}))
	}
	b, err := recording.New(events, "the recording")
	if err != nil {
		t.Fatal(err)
	}
	if p := b.Progress(); p.Over != "" {
		t.Errorf("it begins with %+v", p)
	}
	b.Skip(time.Hour)
	if p := b.Progress(); p.Over != result.Violations[0].Property+" does not hold" || !p.Failed {
		t.Errorf("it ends with %+v", p)
	}
	told := slices.ContainsFunc(events, func(e event.Event) bool {
		return e.Kind == event.Violated && strings.Contains(e.Message, result.Violations[0].Detail) &&
			e.Time < events[len(events)-1].Time
	})
	if !told {
		t.Error("no event tells of the violation when it happens")
	}
}

// The files of a run take the place of others, which are not written in place: another name of an
// old file still leads to the old content.
func TestFilesAreReplaced(t *testing.T) {
	dir := t.TempDir()
	for line, name := range map[string]string{
		"sim --seed 1 --ops 10 --check linearizable --html x.html": "x.html",
		"sim --seed 1 --ops 10 --faults none --script x.script":    "x.script",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(file, []byte("old"), 0o644), os.Link(file, file+".old")); err != nil {
			t.Skip(err)
		}
		r := ringside(t, dir, line)
		old, _ := os.ReadFile(file + ".old")
		if b, err := os.ReadFile(file); err != nil || len(b) < 100 || string(old) != "old" {
			t.Errorf("%s: %+v; %d bytes, the old file holds %q: %v", line, r, len(b), old, err)
		}
	}
}
