package simulate

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/cli/verbs"
	"ringside/tui"
)

// opens runs a command line of open or diff.
func opens(t *testing.T, dir, line string) result {
	t.Helper()
	words := strings.Fields(line)
	verb, run := DiffVerb, Diff
	if words[0] == OpenVerb.Name {
		verb, run = OpenVerb, func(ctx context.Context, con *console.Console, call *verbs.Call) error {
			return Open(ctx, con, call, nil)
		}
	}
	var out, stderr strings.Builder
	call, err := verbs.Parse(verb, words[1:])
	if err == nil {
		err = run(t.Context(), &console.Console{Stdout: &out, Stderr: &stderr, Dir: dir, JSON: call.Bool("json")}, call)
	}
	if e := exit.As(err); e != nil && !e.Reported {
		stderr.WriteString(e.Message)
	}
	return result{out.String(), stderr.String(), exitOf(err)}
}

// A capsule opens to what sim prints of the run, whether the run holds or fails.
func TestCapsuleOpens(t *testing.T) {
	for _, line := range []string{
		"sim --seed 3 --ops 40 --faults crash",
		"sim --seed 1 --clocks literal --ops 60 --nodes 3 --N 3 --keys 1 --truncate off",
		"sim --seed 3 --ops 30 --legs DISK --probes 0,10ms",
	} {
		dir := t.TempDir()
		if r := ringside(t, dir, line+" --capsule a.capsule"); r.err != "" {
			t.Fatalf("%+v", r)
		}
		want, got := ringside(t, dir, line+" --json"), opens(t, dir, "open a.capsule --json")
		var both [2]map[string]any
		for i, r := range []result{want, got} {
			if err := json.Unmarshal([]byte(r.out), &both[i]); err != nil {
				t.Fatalf("%v: %+v", err, r)
			}
			delete(both[i], "script") // the smallest run that fails is a file beside the capsule
			delete(both[i], "wall_s")
		}
		a, _ := json.Marshal(both[0])
		b, _ := json.Marshal(both[1])
		if string(a) != string(b) || want.exit != got.exit || got.err != "" {
			t.Errorf("%s, exit %d: %s\nopen, exit %d: %s%s", line, want.exit, a, got.exit, b, got.err)
		}
		plain := func(r result) string { // a blank line is there if sim prints the smallest run that fails as well
			return strings.ReplaceAll(realTimes.ReplaceAllString(r.out, ""), "\n\n", "\n")
		}
		text, printed := plain(opens(t, dir, "open a.capsule")), plain(ringside(t, dir, line))
		if len(text) < 200 || !strings.HasPrefix(printed, text) {
			t.Errorf("sim prints:\n%s\nopen prints:\n%s", printed, text)
		}
	}
}

// A campaign leaves the capsule of the lowest seed that fails, and none if no run fails.
func TestCampaignLeavesCapsule(t *testing.T) {
	dir := t.TempDir()
	const line = "sim --ops 60 --nodes 3 --N 3 --keys 1 --truncate off --seeds 6 --capsule a.capsule --clocks "
	if r := ringside(t, dir, line+"dotted"); r.exit != 0 || !strings.Contains(r.err, "no capsule was written") {
		t.Errorf("%+v", r)
	}
	var failed, opened report
	r := ringside(t, dir, line+"literal --json")
	if err := json.Unmarshal([]byte(r.out), &failed); err != nil || r.exit != exit.Expectation {
		t.Fatalf("%v: %+v", err, r)
	}
	r = opens(t, dir, "open a.capsule --json")
	if err := json.Unmarshal([]byte(r.out), &opened); err != nil || r.exit != exit.Expectation ||
		opened.First != failed.Violations[0].Seed || opened.Violations[0] != failed.Violations[0] {
		t.Errorf("%v: %+v", err, r)
	}
}

// A capsule whose result is not that of its run, and a file that is no capsule, are refused.
func TestCapsuleRefuses(t *testing.T) {
	dir := t.TempDir()
	if r := ringside(t, dir, "sim --seed 3 --ops 20 --capsule a.capsule --script a.script"); r.exit != 0 {
		t.Fatalf("%+v", r)
	}
	text, err := os.ReadFile(filepath.Join(dir, "a.capsule"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		was, is, why string
		exit         int
	}{
		{`"events":`, `"events":1`, "comes to another result", exit.Expectation},
		{`"trace_hash":"`, `"trace_hash":"0`, "comes to another result", exit.Expectation},
		{`"capsule":1`, `"capsule":2`, "not a capsule of format 1", exit.Usage},
		{`"script":"`, `"script":"x`, "the first line is not", exit.Usage},
	} {
		broken := strings.Replace(string(text), bad.was, bad.is, 1)
		if broken == string(text) {
			t.Fatalf("the capsule has no %s", bad.was)
		}
		if err := os.WriteFile(filepath.Join(dir, "bad.capsule"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := opens(t, dir, "open bad.capsule"); r.exit != bad.exit || !strings.Contains(r.err, bad.why) {
			t.Errorf("want %q: %+v", bad.why, r)
		}
	}
	for line, why := range map[string]string{
		"open a.script": "is a script", "open nowhere": "nowhere", "diff a.capsule nowhere": "nowhere",
	} {
		if r := opens(t, dir, line); r.exit != exit.Usage || !strings.Contains(r.err, why) {
			t.Errorf("%s: want %q: %+v", line, why, r)
		}
	}
	for words, why := range map[string]string{
		"--seed 3 --fork --change R=1 --capsule a":    "leave out --check, --tui and --fork",
		"--seeds 3 --shard 1/2 --out o --capsule a":   "leave out --capsule",
		"--seed 3 --ops 20 --capsule nowhere/capsule": "cannot be written",
	} {
		if r := ringside(t, dir, "sim "+words); r.exit != exit.Usage || !strings.Contains(r.err, why) {
			t.Errorf("sim %s: want %q: %+v", words, why, r)
		}
	}
}

// The screens show the run of the capsule.
func TestCapsuleOnScreens(t *testing.T) {
	dir := t.TempDir()
	if r := ringside(t, dir, "sim --seed 3 --ops 20 --faults none --capsule a.capsule"); r.exit != 0 {
		t.Fatalf("%+v", r)
	}
	call, err := verbs.Parse(OpenVerb, []string{"a.capsule"})
	if err != nil {
		t.Fatal(err)
	}
	var shown *recording.Recording
	r := &runner{
		Console: &console.Console{Stdout: os.Stdout, Dir: dir}, ctx: t.Context(), call: call, toScreens: true,
		screens: func(rec *recording.Recording, o tui.Options) error {
			shown = rec
			return nil
		},
	}
	if err := r.open(); err != nil || shown == nil {
		t.Errorf("%v, shown %v", err, shown)
	}
}

// Diff tells the first event that differs, of capsules and of scripts.
func TestDiff(t *testing.T) {
	dir := t.TempDir()
	const line = "sim --ops 30 --nodes 4 --faults none --seed "
	for _, words := range []string{
		line + "3 --capsule a.capsule --script a.script", line + "4 --capsule b.capsule",
		line + "3 --fork --at 4 --change R=1 --script r1.script",
	} {
		if r := ringside(t, dir, words); r.exit != 0 {
			t.Fatalf("%+v", r)
		}
	}
	if r := opens(t, dir, "diff a.capsule a.script"); r.exit != 0 || !strings.Contains(r.out, "the runs are the same: ") {
		t.Errorf("%+v", r)
	}
	if r := opens(t, dir, "diff a.capsule b.capsule"); r.exit != 0 || !strings.Contains(r.out, "differs") {
		t.Errorf("%+v", r)
	}
	var f forkReport
	var d diffReport
	r := ringside(t, dir, line+"3 --fork --at 4 --change R=1 --json")
	if err := json.Unmarshal([]byte(r.out), &f); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	r = opens(t, dir, "diff a.capsule r1.script --json")
	if err := json.Unmarshal([]byte(r.out), &d); err != nil || d.Equal || d.Same != f.Same || d.Same == 0 ||
		d.A.TraceHash != f.AsItIs.TraceHash || d.B.TraceHash != f.Changed.TraceHash || d.First.B == nil {
		t.Errorf("%v: %+v\nfork: %d events, hashes %s and %s", err, r, f.Same, f.AsItIs.TraceHash, f.Changed.TraceHash)
	}
}
