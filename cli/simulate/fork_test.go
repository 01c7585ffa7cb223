package simulate

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/golden"
	"ringside/cli/recording"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
	"ringside/tui"
)

// at returns a time of a run, in milliseconds since its start, as events have it.
func at(ms int) time.Duration { return kernel.Origin + time.Duration(ms)*time.Millisecond }

// version returns a version that a node stamped for a write.
func version(node string, counter, write uint64) vclock.Version {
	return vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 1}, Counter: counter}, Request: write}
}

// madeUp returns a fork that no run made, so that changes of the engine do not change its text: a
// message of the put #4 is dropped at 2.5 s, and last write wins loses a write.
func madeUp() *fork.Fork {
	key := []byte("cart")
	v3, v1 := version("n3", 2, 4), version("n1", 1, 5)
	put := plan.Op{ID: 4, Kind: plan.Put, Key: "cart", Via: "n3", Client: 1}
	get := plan.Op{ID: 6, Kind: plan.Get, Key: "cart", Via: "n4", Client: 1}
	change, _ := fork.ParseChange("drop #4 n3>n5")
	f := &fork.Fork{
		At: 2500 * time.Millisecond, Change: change, Plan: plan.Plan{Seed: 7}, Same: 45,
		Before: []event.Event{
			{Seq: 44, Time: at(2000), Kind: event.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}},
			{Seq: 45, Time: at(3000), Node: "n3", Kind: event.Replicate, Request: 4, Key: key, Peer: "n5"},
		},
	}
	f.AsItIs.After = []event.Event{
		{Seq: 46, Time: at(3001), Node: "n5", Kind: event.Stored, Request: 4, Key: key, Peer: "n3", Op: "put",
			Versions: vclock.Siblings{v3}},
		{Seq: 47, Time: at(3002), Node: "n3", Kind: event.Ack, Request: 4, Key: key, Peer: "n5", Count: 2, Want: 2},
		{Seq: 48, Time: at(3003), Node: "n3", Kind: event.Replied, Request: 4, Key: key, Peer: "n3", Op: "put", Count: 2,
			Want: 2, Elapsed: time.Millisecond, Versions: vclock.Siblings{v3}},
		{Seq: 49, Time: at(4000), Node: "n1", Kind: event.Requested, Request: 5, Key: key, Op: "put"},
	}
	f.Changed.After = []event.Event{
		{Seq: 46, Time: at(3000), Node: "n3", Kind: event.Dropped, Request: 4, Peer: "n5",
			Message: "lost: the Write that the script drops"},
		{Seq: 47, Time: at(3501), Node: "n3", Kind: event.Suspect, Peer: "n5"},
		{Seq: 48, Time: at(4000), Node: "n1", Kind: event.Requested, Request: 5, Key: key, Op: "put"},
	}
	acked := client.Observation{Op: put, Began: 3 * time.Second, Ended: 3003 * time.Millisecond, Outcome: "ok",
		Acks: []string{"n3", "n5"}, Version: v3}
	found := client.Observation{Op: get, Began: 9 * time.Second, Ended: 9001 * time.Millisecond, Outcome: "ok",
		Read: []uint64{4, 5}}
	lacks := found
	lacks.Read = []uint64{5}
	f.Differences = fork.Differences{
		Operations: []fork.Operation{
			{AsItIs: acked, Changed: client.Observation{Op: put, Began: 3 * time.Second, Outcome: "unknown"}},
			{AsItIs: found, Changed: lacks},
		},
		Otherwise: 1,
		Keys:      []fork.Key{{Key: "cart", AsItIs: vclock.Siblings{v1, v3}, Changed: vclock.Siblings{v1}}},
		Lost:      []uint64{4},
	}
	f.AsItIs.Outcomes, f.Changed.Outcomes = [3]int{0, 5, 1}, [3]int{1, 4, 1}
	f.AsItIs.Told, f.Changed.Told, f.AsItIs.Gets, f.Changed.Stale = 60, 58, 2, 1
	f.Changed.Lost, f.Changed.LWWLost = []uint64{4}, 1
	f.Changed.Violations = []check.Violation{{Seed: 7, Property: "P1", Detail: "put #4 of cart is lost", At: 3.5}}
	return f
}

// Both futures as text, side by side and one after the other, and as JSON.
func TestForkGoldens(t *testing.T) {
	change, _ := fork.ParseChange("R=2")
	for name, f := range map[string]*fork.Fork{
		"differs": madeUp(), "equal": {Change: change, Plan: plan.Plan{Seed: 7}, Same: 60},
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
	f := madeUp()
	for width := leastSides; width < 150; width += 7 {
		titles := [2]string{"as it is", changedTitle(f)}
		course := courseOf(f, width, titles)
		for line := range strings.Lines(course[strings.Index(course, "as it is"):] + endOf(f, width, titles)) {
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
		"sim --seeds 3 --change R=1 --fork --tui":                 "give --seed alone",
		"sim --seed 1 --change R=1 --fork --check linearizable":   "leave out --fork",
	} {
		if r := ringside(t, dir, line); r.exit != exit.Usage || !strings.Contains(r.err, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}

// The screens get both futures, which move in step, and what differs between them.
func TestForkOnScreens(t *testing.T) {
	for line, run := range map[string]string{
		"--fork --tui --at 2 --change 'mode lww'":                        "the example run",
		"--fork --tui --seed 3 --ops 30 --at 5 --change 'kill n2'":       "seed 3",
		"--fork --tui --seed 3 --ops 30 --at 5 --change 'pause n2' -R 2": "seed 3",
	} {
		words, err := verbs.Split(line)
		if err != nil {
			t.Fatal(err)
		}
		call, err := verbs.Parse(Verb, words)
		if err != nil {
			t.Fatal(err)
		}
		shown := false
		err = Run(t.Context(), &console.Console{}, call, func(r *recording.Recording, o tui.Options) error {
			shown = true
			facts, end := o.Fork.Facts, r.Progress().Length
			if facts.Run != run || facts.Parted <= 0 || facts.Parted > end || len(facts.Ends) == 0 || o.Key == "" {
				t.Errorf("%s: the facts of the screens are %+v, their key is %q", line, facts, o.Key)
			}
			if at := r.Progress().At; at >= facts.Parted {
				t.Errorf("%s: the screens begin at %v, after the futures part at %v", line, at, facts.Parted)
			}
			o.Fork.Part()
			if a, b := r.Progress(), o.Fork.Changed.Progress(); a.At != facts.Parted || b.At != a.At || !b.Paused {
				t.Errorf("%s: at the first difference: %+v and %+v", line, a, b)
			}
			return nil
		})
		if err != nil || !shown {
			t.Errorf("%s: %v, shown: %v", line, err, shown)
		}
	}
}

// A change without an effect is told as text, because there is nothing to see.
func TestForkWithoutEffect(t *testing.T) {
	r := ringside(t, t.TempDir(), "sim --seed 3 --ops 30 --nodes 5 -N 3 -R 2 --change R=2 --odd 0 --fork --tui")
	if !strings.Contains(r.out, "the change has no effect") || r.exit != exit.OK {
		t.Errorf("%+v", r)
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

// The run that the screens show by themselves has the story that the help promises.
func TestWatchedStory(t *testing.T) {
	call, err := verbs.Parse(Verb, []string{"--tui"})
	if err != nil {
		t.Fatal(err)
	}
	result, events := record(plan.New(watched(call, plan.Options{Seed: 1})))
	seen := map[event.Kind]bool{}
	for _, e := range events {
		if e.Time-events[0].Time <= 10*time.Second {
			seen[e.Kind] = true
		}
	}
	for _, k := range []event.Kind{event.Split, event.Reconciled, event.HintStored, event.HintDelivered, event.ReadRepair} {
		if !seen[k] {
			t.Errorf("no event %s within ten seconds", k)
		}
	}
	if result.Virtual > time.Minute || len(result.Violations) > 0 {
		t.Errorf("the run takes %v; %v", result.Virtual, result.Violations)
	}
	for _, line := range []string{"--tui --seed 42", "--tui --keys 2"} { // the run that they draw
		call, err := verbs.Parse(Verb, strings.Fields(line))
		if o := (plan.Options{Seed: 42}); err != nil || watched(call, o).String() != o.String() {
			t.Errorf("%s: %s, %v", line, watched(call, o), err)
		}
	}
}
