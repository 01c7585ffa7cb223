package linear

import (
	"flag"
	"strings"
	"testing"
	"time"

	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

var search = flag.Uint64("search", 0, "look for seeds of the scenarios up to this one")

// Porcupine judges each scenario as its Legal field says, for the reason that the scenario gives.
func TestScenarios(t *testing.T) {
	for _, s := range Scenarios {
		r := sim.Run(s.Options)
		a := Check(r.History)
		if len(r.Violations) > 0 || !a.Decided || a.Linearizable != s.Legal || !s.Shows(r.History) {
			t.Errorf("%s: seed %d: %v, linearizable %v (decided %v), shows its reason %v; if the engine changed, "+
				"find another seed: go test ./engine/sim/linear -run TestSearch -search 1000 -v",
				s.Name, s.Options.Seed, r.Violations, a.Linearizable, a.Decided, s.Shows(r.History))
		}
		var html strings.Builder
		err := a.HTML(&html)
		isHTML := strings.Contains(html.String(), "<html") || strings.Contains(html.String(), "<!DOCTYPE html>")
		if err != nil || !isHTML {
			t.Errorf("%s: picture: %v, %d bytes", s.Name, err, html.Len())
		}
	}
}

// A change of the engine may change what the committed seeds show. -search finds others.
func TestSearch(t *testing.T) {
	if *search == 0 {
		t.Skip("only on demand")
	}
	for _, s := range Scenarios {
		for seed := uint64(1); seed <= *search; seed++ {
			s.Options.Seed = seed
			r := sim.Run(s.Options)
			a := Check(r.History)
			if len(r.Violations) == 0 && a.Decided && a.Linearizable == s.Legal && s.Shows(r.History) {
				t.Logf("%s: seed %d", s.Name, seed)
				break
			}
		}
	}
}

func TestRegister(t *testing.T) {
	put := func(id uint64, began, ended time.Duration, outcome string) client.Observation {
		op := plan.Op{Kind: plan.Put, Key: "k", ID: id, Client: 1}
		return client.Observation{Op: op, Began: began, Ended: ended, Outcome: outcome}
	}
	get := func(began, ended time.Duration, read ...uint64) client.Observation {
		op := plan.Op{Kind: plan.Get, Key: "k", ID: 100 + uint64(began), Client: 2}
		return client.Observation{Op: op, Began: began, Ended: ended, Outcome: "ok", Read: read}
	}
	type history = []client.Observation
	for name, c := range map[string]struct {
		history history
		legal   bool
	}{
		"fresh":                {history{put(1, 1, 2, "ok"), get(3, 4, 1)}, true},
		"stale":                {history{put(1, 1, 2, "ok"), put(2, 3, 4, "ok"), get(5, 6, 1)}, false},
		"siblings":             {history{put(1, 1, 2, "ok"), put(2, 3, 4, "ok"), get(5, 6, 1, 2)}, true},
		"unknown seen":         {history{put(1, 1, 2, "ok"), put(2, 3, 0, "unknown"), get(5, 6, 1), get(7, 8, 2)}, true},
		"seen, then unseen":    {history{put(1, 1, 2, "ok"), put(2, 3, 0, "unknown"), get(5, 6, 2), get(7, 8, 1)}, false},
		"refused says nothing": {history{put(1, 1, 2, "ok"), put(2, 3, 4, "failed"), get(5, 6, 1)}, true},
	} {
		if a := Check(c.history); a.Linearizable != c.legal || !a.Decided || (len(a.Keys) == 0) != c.legal {
			t.Errorf("%s: %+v", name, a)
		}
	}
}
