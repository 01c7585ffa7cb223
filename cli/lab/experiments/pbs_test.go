package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

// smallPBS makes tests short. Their results depend on the seeds alone.
var smallPBS = pbsSize{trials: 20_000, ops: 1_200, gets: 1, puts: 300}

func TestPBS(t *testing.T) {
	r := labtest.Run(t, pbsOf(smallPBS), map[string]string{"t": "0,10"}, 3)
	if r.Verdict != lab.Agrees || len(r.Published) != 5 {
		t.Errorf("%s: %+v", r.Text, r.Published)
	}
	for _, c := range r.Claims {
		if c.Verdict != lab.Agrees {
			t.Errorf("%s: %s", c.Claim, c.Figures)
		}
	}
	labtest.Deny(t, r, "consistent", measured, 70)
	labtest.Deny(t, r, "consistent", measuredLocal, 70)
	labtest.Deny(t, r, "within", byEngine, 50)
}

// Coordinators that keep replicas do not do what is published for those that keep none, and the
// verdict says so. A cluster that forgets puts in time is found as well.
func TestPBSRefuted(t *testing.T) {
	swap := map[string]string{measured: measuredLocal, measuredLocal: measured}
	refuted(t, pbsOf(smallPBS), map[string]string{"t": "0"}, 2, 0, func(s *lab.Sample) {
		if other := swap[s.Series]; other != "" {
			s.Series = other
		}
	})
	refuted(t, pbsOf(smallPBS), map[string]string{"t": "0,10"}, 2, 2, func(s *lab.Sample) {
		if s.Measure == "consistent" {
			s.X = 10 - s.X
		}
	})
}

// A single time says nothing about later gets.
func TestPBSAtOneTime(t *testing.T) {
	tiny := pbsSize{trials: 100, ops: 300, gets: 1, puts: 30}
	if c := labtest.Run(t, pbsOf(tiny), map[string]string{"t": "0"}, 1).Claims[2]; c.Verdict != lab.NoClaim {
		t.Errorf("%+v", c)
	}
}

func TestPBSOptions(t *testing.T) {
	for name, texts := range map[string][]string{
		"fit": {"ssd", "W=exp(1)", "W=exp(1);A=exp(1);R=exp(1);S=exp(1);other=exp(1)", ""}, "R": {"0", "10"}, "t": {"-1"},
	} {
		for _, text := range texts {
			if _, err := lab.NewValues(Find("pbs").Params, map[string]string{name: text}); err == nil {
				t.Errorf("%s=%q is taken", name, text)
			}
		}
	}
	v, err := lab.NewValues(Find("pbs").Params, map[string]string{"R": "4"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Find("pbs").Units(v, nil); err == nil {
		t.Error("R=4 with N=3 is taken")
	}
}
