package simulate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringside/cli/exit"
	"ringside/cli/golden"
	"ringside/cli/render"
	"ringside/engine/sim"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/plan"
)

// forkOf returns a fork of testdata/cart.script.
func forkOf(t *testing.T, at time.Duration, change string) *fork.Fork {
	t.Helper()
	in, err := os.Open("testdata/cart.script")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p, err := plan.ParseScript(in)
	if err != nil {
		t.Fatal(err)
	}
	c, err := fork.ParseChange(change)
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := fork.Play(sim.Player{}, p, at, c)
	if err != nil {
		t.Fatal(err)
	}
	return &f
}

// Both futures as text, side by side and one after the other, and as JSON.
func TestForkGoldens(t *testing.T) {
	for name, f := range map[string]*fork.Fork{
		"nosplit": forkOf(t, time.Second, "no partition"),
		"lww":     forkOf(t, 2500*time.Millisecond, "mode lww"),
		"drop":    forkOf(t, 2500*time.Millisecond, "drop #4 n3>n5"),
		"equal":   forkOf(t, 0, "R=2"),
	} {
		golden.Check(t, "fork-"+name, forkText(f, 0))
		golden.Check(t, "fork-"+name+"-60", forkText(f, 60))
		b, err := json.MarshalIndent(newForkReport(f), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "fork-"+name+"-json", string(b)+"\n")
	}
}

// Side by side, no line is wider than the terminal.
func TestForkFits(t *testing.T) {
	f := forkOf(t, time.Second, "no partition")
	for width := leastSides; width < 150; width += 7 {
		for line := range strings.Lines(courseOf(f, width)[strings.Index(courseOf(f, width), "as it is"):] + endOf(f, width)) {
			if n := render.Width(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, x := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one two three", 20, "one two three"},
		{"one two three", 8, "one two|  three"},
		{"one twothreefour", 8, "one|  twothr|  eefour"},
		{"éééééééé", 4, "éééé|  éé|  éé"},
		{"a b", 1, "a|  b"},
	} {
		if got := strings.Join(wrap(x.text, x.width), "|"); got != x.want {
			t.Errorf("%q in %d columns: %q, want %q", x.text, x.width, got, x.want)
		}
	}
}

func TestForkUsage(t *testing.T) {
	dir := t.TempDir()
	for line, want := range map[string]string{
		"sim --seed 1 --fork":                                     "--change",
		"sim --seed 1 --change R=1":                               "--fork",
		"sim --seed 1 --at 5":                                     "--fork",
		"sim --change R=1 --fork":                                 "give --seed SEED alone",
		"sim --seed 1 --seeds 5 --change R=1 --fork":              "give --seed SEED alone",
		"sim --seed 1 --change sing --fork":                       "no change",
		"sim --seed 1 --change 'mode siblings' --fork":            "stays so",
		"sim --seed 1 --ops 20 --change R=1 --at soon --fork":     "sim --at: time",
		"sim --seed 1 --ops 20 --change R=9 --fork":               `change "R=9": a key has`,
		"sim --seed 1 --ops 20 --at 9h --change 'R=1' --fork":     "no request",
		"sim --seed 1 --ops 20 --at 9h --change 'kill n1' --fork": "all faults end at",
		"sim --seed 1 --change R=1 --fork --tui":                  "leave out --tui",
		"sim --seed 1 --change R=1 --fork --check linearizable":   "leave out --fork",
	} {
		if r := ringside(t, dir, line); r.exit != exit.Usage || !strings.Contains(r.err, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}

// A fork whose script is written plays as the changed future did.
func TestForkScript(t *testing.T) {
	dir := t.TempDir()
	r := ringside(t, dir, "sim --seed 3 --ops 30 --at 5 --change 'kill n2' --fork --script changed.script --json")
	var f forkReport
	if err := json.Unmarshal([]byte(r.out), &f); err != nil || r.exit != exit.OK {
		t.Fatalf("%v: %+v", err, r)
	}
	again := ringside(t, dir, fmt.Sprintf("sim --replay %s --json", filepath.Join(dir, "changed.script")))
	var s report
	if err := json.Unmarshal([]byte(again.out), &s); err != nil || s.TraceHash != f.Changed.TraceHash || again.err != "" {
		t.Errorf("the script plays %s, the fork was %s; %+v", s.TraceHash, f.Changed.TraceHash, again)
	}
	if f.Equal || f.AsItIs.TraceHash == f.Changed.TraceHash || len(s.Left) == 0 {
		t.Errorf("%+v", f)
	}
}
