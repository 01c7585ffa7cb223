package plan_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
)

// A plan that is written and read is the same plan, and plays the same run.
func TestScriptRoundTrip(t *testing.T) {
	for seed := uint64(1); seed <= 40; seed++ {
		p := plan.New(plan.Options{Seed: seed, Ops: 120})
		q, err := plan.ParseScript(strings.NewReader(p.Script(nil)))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, p.Script(nil))
		}
		if a, b := p.Script(nil), q.Script(nil); a != b {
			t.Fatalf("seed %d: read back as\n%s\nwant\n%s", seed, b, a)
		}
		if seed <= 5 {
			if a, b := sim.Play(p), sim.Play(q); a.Hash != b.Hash {
				t.Errorf("seed %d: hash %x from its script, want %x", seed, b.Hash, a.Hash)
			}
		}
	}
}

// The script of an experiment has its legs, what is off, and the operations that wait for others.
func TestScriptOfAnExperiment(t *testing.T) {
	o := plan.Options{Seed: 3, Nodes: 5, N: 3, Ops: 60, Keys: 2, Experiment: plan.Experiment{
		Legs: plan.Fits[1].Legs, Coordinator: plan.Remote, Probes: []time.Duration{0, 5 * time.Millisecond},
		Off: engine.Off{ReadRepair: true, Handoff: true, Admission: true}, DiskRate: 9999, ValueBytes: 777,
	}}
	p := plan.New(o)
	text := p.Script(nil)
	q, err := plan.ParseScript(strings.NewReader(text))
	if err != nil || q.Script(nil) != text || !reflect.DeepEqual(p.Ops, q.Ops) || q.Legs != p.Legs || q.Off != p.Off {
		t.Fatalf("read back as %+v, %v\n%s", q, err, text)
	}
	for _, want := range []string{"legs DISK\n", "off read-repair handoff forwarding admission\n",
		"disk-rate 9999\nvalue-bytes 777\n", "after #3 pause 5ms\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for bad, want := range map[string]string{"legs WARP": "invalid leg", "off gossip": "cannot be off", "off": ""} {
		_, err := plan.ParseScript(strings.NewReader(strings.Replace(text, "legs DISK", bad, 1)))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestScriptErrors(t *testing.T) {
	good := plan.New(plan.Options{Seed: 1, Ops: 3, Nodes: 5, Faults: []string{}})
	text := good.Script(nil)
	for change, want := range map[[2]string]string{
		{plan.ScriptHead, "ringside sim script 9"}: "first line",
		{"nodes 5", "nodes 5000"}:                  `invalid number "5000": want 1 to`,
		{"via n", "via m"}:                         "no node",
		{"put#", "pot#"}:                           "no operation",
		{"peace", "war"}:                           `no fault "war"`,
		{"peace", "peace core n1,n1 rest cut"}:     "core",
		{"peace", "crash n9 for 1s\n99 peace"}:     "no node",
		{"peace", "crash n1 for\n99 peace"}:        "crash: ",
		{"mode ", "mood "}:                         "no setting",
		{"loss=0", "loss=7"}:                       "probability 7",
		{"delay=300", "delay=-300"}:                "delay",
		{"mode ", "odd haste\nmode "}:              "no buggify point",
		{"mode ", "timings probe=1s\nmode "}:       "patience",
	} {
		bad := strings.Replace(text, change[0], change[1], 1)
		_, err := plan.ParseScript(strings.NewReader(bad))
		if bad == text || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for %q: error %v, want %q", change[1], change[0], err, want)
		}
	}
}

func FuzzScript(f *testing.F) {
	for seed := uint64(1); seed <= 8; seed++ {
		p := plan.New(plan.Options{Seed: seed, Ops: 20})
		f.Add(p.Script(nil))
	}
	usual := plan.New(plan.Options{Seed: 1, Ops: 20})
	f.Add(strings.ReplaceAll(usual.Script(nil), "client ", "client 1777")) // wider than its column
	f.Fuzz(func(t *testing.T, text string) {
		p, err := plan.ParseScript(strings.NewReader(text))
		if err != nil {
			return
		}
		again := p.Script(func(id uint64) string { return fmt.Sprint("remark # ", id) })
		q, err := plan.ParseScript(strings.NewReader(again))
		if err != nil || q.Script(nil) != p.Script(nil) {
			t.Fatalf("%v: reads back as\n%s\nwant\n%s", err, q.Script(nil), p.Script(nil))
		}
		if len(p.Ops) <= 30 && len(p.Faults) <= 30 && p.Nodes <= 5 && p.HealAt <= maxFuzzTime {
			for _, v := range sim.Play(p).Violations { // a plan without error can be played
				if v.Property == sim.Panic {
					t.Fatalf("%s\n%s", v.Detail, p.Script(nil))
				}
			}
		}
	})
}

// maxFuzzTime keeps fuzzing quick, because playing a virtual second takes as long as reading a
// script.
const maxFuzzTime = 20e9

// Draw leaves a completed Options alone, so the options that a failing seed prints draw the same
// run.
func TestOptionsAreWhole(t *testing.T) {
	for s := uint64(1); s <= 200; s++ {
		o := plan.Options{Seed: s}.Draw()
		if again := o.Draw(); again.String() != o.String() {
			t.Errorf("seed %d draws %s, then %s", s, o, again)
		}
		if err := o.Check(); err != nil {
			t.Errorf("seed %d: %v", s, err)
		}
	}
}

// A completed Options may add buggify points to a plan, but draws no other fault.
func TestOptionsDecideFaults(t *testing.T) {
	for s := uint64(1); s <= 200; s++ {
		o := plan.Options{Seed: s}.Draw()
		for _, f := range plan.New(o).Faults {
			if !slices.Contains(o.Faults, f.Kind) {
				t.Errorf("seed %d has %s, and its options have %v", s, f.Kind, o.Faults)
			}
		}
	}
}
