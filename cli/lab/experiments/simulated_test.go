package experiments

import (
	"reflect"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
	"ringside/engine/settings"
	"ringside/engine/sim/plan"
)

// agree runs an experiment and fails the test if a claim does not hold.
func agree(t *testing.T, name string, values map[string]string, seeds int) *lab.Report {
	t.Helper()
	r := labtest.Run(t, Find(name), values, seeds)
	for _, c := range r.Claims {
		if c.Verdict != lab.Agrees {
			t.Errorf("%s: %s: %s", c.Claim, c.Verdict, c.Figures)
		}
	}
	return r
}

func TestLWW(t *testing.T) {
	r := agree(t, "lww", map[string]string{"skew": "1,1000", "writers": "1,4", "keys": "2"}, 2)
	labtest.Deny(t, r, "lost", "4 writers, siblings", 1)
	labtest.Deny(t, r, "lost", "4 writers", 0)
	labtest.Deny(t, r, "outdated", "4 writers", 1)
	r = labtest.Run(t, Find("lww"), map[string]string{"skew": "1", "writers": "1,2", "keys": "1", "every": "60000",
		"faults": "none"}, 1)
	if c := r.Claims[2]; c.Verdict != lab.Differs { // writers that never meet
		t.Errorf("without contention: %+v", c)
	}
}

func TestClocks(t *testing.T) {
	few := map[string]string{"rounds": "30", "writers": "4"}
	r := agree(t, "clocks", few, 2)
	labtest.Deny(t, r, "lost", "all", 0)
	labtest.Deny(t, r, "lost", "all", 1)
	labtest.Deny(t, r, "conflicts", "all", 0)
	labtest.Deny(t, r, "longest", "all", 3)
	few["truncate"] = "100" // truncation that does nothing
	if r = labtest.Run(t, Find("clocks"), few, 1); r.Claims[1].Verdict != lab.Differs {
		t.Errorf("without truncation: %+v", r.Claims[1])
	}
}

// The history is one under all ways.
func TestClocksPlayOneHistory(t *testing.T) {
	v, err := lab.NewValues(clocks().Params, nil)
	if err != nil {
		t.Fatal(err)
	}
	var first *scene
	for way := range clockNames {
		s, _, err := clocksRun(v, way, 3)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = s
		}
		if !reflect.DeepEqual(s.Ops, first.Ops) || !reflect.DeepEqual(s.Faults, first.Faults) || len(s.Faults) == 0 {
			t.Errorf("%s has another history", clockNames[way])
		}
	}
}

func TestAvailability(t *testing.T) {
	r := agree(t, "availability", map[string]string{"operations": "120"}, 1)
	labtest.Deny(t, r, "puts", sloppyQuorum, 50)
	labtest.Deny(t, r, "puts", strictQuorum, 100)
	labtest.Deny(t, r, "refused", sloppyOne, 1)
	labtest.Deny(t, r, "gets", sloppyQuorum, 99)
}

func TestPatterns(t *testing.T) {
	few := map[string]string{"rounds": "20", "keys": "3"}
	r := agree(t, "patterns", few, 2)
	labtest.Deny(t, r, "lost", "updates", 0)
	labtest.Deny(t, r, "lost", "updates", 1)
	labtest.Deny(t, r, "mean", "gets", 1)
	labtest.Deny(t, r, "mean", "puts", 1)
	few["faults"], few["writers"] = "none", "1"
	if r = labtest.Run(t, Find("patterns"), few, 1); r.Claims[1].Verdict != lab.Differs {
		t.Errorf("with one writer and no fault: %+v", r.Claims[1])
	}
}

func TestDetection(t *testing.T) {
	few := map[string]string{"rate": "1,10", "patience": "50,800", "silent": "15"}
	r := agree(t, "detection", few, 2)
	labtest.Deny(t, r, "first", "patience 800 ms", 1)
	labtest.Deny(t, r, "wrong", "patience 50 ms", 0)
	labtest.Deny(t, r, "slowest", "patience 50 ms", 1e6)
	few["late"], few["patience"] = "0", "800,900" // no message is that late, so no patience errs
	if r = labtest.Run(t, Find("detection"), few, 1); r.Claims[1].Verdict != lab.Differs {
		t.Errorf("without late messages: %+v", r.Claims[1])
	}
}

// With a single value on an axis there is nothing to compare, and the claims about that axis decide
// nothing.
func TestNothingToCompare(t *testing.T) {
	one := func(name string, values map[string]string, claims ...int) {
		r := labtest.Run(t, Find(name), values, 1)
		for _, i := range claims {
			if c := r.Claims[i]; c.Verdict != lab.NoClaim {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
	one("lww", map[string]string{"skew": "10", "writers": "2", "keys": "1"}, 1, 2)
	one("detection", map[string]string{"rate": "3", "patience": "200", "silent": "5"}, 0, 1, 2)
}

// A client that merges loses nothing, also if it does so through other clients' values.
func TestLostUpdates(t *testing.T) {
	o := plain(1)
	o.Nodes, o.N, o.R, o.W = 3, 3, 2, 2
	for mode, loses := range map[string]bool{settings.ModeSiblings: false, settings.ModeLWW: true} {
		o.Mode = mode
		s, err := newScene(o)
		if err != nil {
			t.Fatal(err)
		}
		// Two clients get nothing and put at the same time; a third one merges what is left.
		s.Ops = nil
		for c := 1; c <= 2; c++ {
			s.add(plan.Op{At: 0, Client: c, Kind: plan.Put, Key: "k", Via: s.Names()[c-1], Context: plan.Blind})
		}
		for _, kind := range []string{plan.Get, plan.Put} {
			s.add(plan.Op{At: 1e9, Client: 3, Kind: kind, Key: "k", Via: "n3", Context: len(kind) - len(plan.Put)})
		}
		m, err := s.play(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lost, of := lostUpdates(&m)
		if of != 3 || (lost == 1) != loses {
			t.Errorf("%s: %d of %d lost", mode, lost, of)
		}
	}
}
