package sim

import (
	"fmt"
	"strings"
	"testing"
)

// A plan written and read is the same plan, and plays the same.
func TestScriptRoundTrip(t *testing.T) {
	for seed := uint64(1); seed <= 40; seed++ {
		p := NewPlan(Options{Seed: seed, Ops: 120})
		q, err := ParseScript(strings.NewReader(p.Script(nil)))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, p.Script(nil))
		}
		if a, b := p.Script(nil), q.Script(nil); a != b {
			t.Fatalf("seed %d: read back as\n%s\nwant\n%s", seed, b, a)
		}
		if seed <= 5 {
			if a, b := Play(p, nil), Play(q, nil); a.Hash != b.Hash {
				t.Errorf("seed %d: hash %x from its script, want %x", seed, b.Hash, a.Hash)
			}
		}
	}
}

func TestScriptErrors(t *testing.T) {
	good := NewPlan(Options{Seed: 1, Ops: 3, Nodes: 5, Faults: []string{}})
	text := good.Script(nil)
	for change, want := range map[[2]string]string{
		{scriptHead, "ringside sim script 9"}:  "first line",
		{"nodes 5", "nodes 5000"}:              "no number from 1 to",
		{"via n", "via m"}:                     "no node",
		{"put#", "pot#"}:                       "no operation",
		{"peace", "war"}:                       `no fault "war"`,
		{"peace", "peace core n1,n1 rest cut"}: "core",
		{"peace", "crash n9 for 1s\n99 peace"}: "no node",
		{"peace", "crash n1 for\n99 peace"}:    "crash: ",
		{"mode ", "mood "}:                     "no setting",
		{"loss=0", "loss=7"}:                   "a chance of 7",
		{"delay=300", "delay=-300"}:            "delay",
		{"mode ", "odd haste\nmode "}:          "no place",
		{"mode ", "timings probe=1s\nmode "}:   "patience",
	} {
		bad := strings.Replace(text, change[0], change[1], 1)
		if _, err := ParseScript(strings.NewReader(bad)); bad == text || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for %q: error %v, want %q", change[1], change[0], err, want)
		}
	}
}

func FuzzScript(f *testing.F) {
	for seed := uint64(1); seed <= 8; seed++ {
		p := NewPlan(Options{Seed: seed, Ops: 20})
		f.Add(p.Script(nil))
	}
	usual := NewPlan(Options{Seed: 1, Ops: 20})
	f.Add(strings.ReplaceAll(usual.Script(nil), "client ", "client 1777")) // a column fuller than usual
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseScript(strings.NewReader(text))
		if err != nil {
			return
		}
		again := p.Script(func(id uint64) string { return fmt.Sprint("remark # ", id) })
		q, err := ParseScript(strings.NewReader(again))
		if err != nil || q.Script(nil) != p.Script(nil) {
			t.Fatalf("%v: reads back as\n%s\nwant\n%s", err, q.Script(nil), p.Script(nil))
		}
		if len(p.Ops) <= 30 && len(p.Strikes) <= 30 && p.Nodes <= 5 && p.Peace <= maxFuzzTime {
			for _, v := range Play(p, nil).Violations { // whatever was let in can be played
				if v.Property == Panic {
					t.Fatalf("%s\n%s", v.Detail, p.Script(nil))
				}
			}
		}
	})
}

// maxFuzzTime keeps fuzzing quick: a played second costs as much as a read script.
const maxFuzzTime = 20e9
