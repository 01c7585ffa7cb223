package plan_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// Legs are read as they are written, and published fits have names.
func TestParseLegs(t *testing.T) {
	for text, want := range map[string]string{
		"SSD": "SSD", "DISK": "DISK", "YMMR": "YMMR",
		"W=exp(2)":                             "W=exp(2)",
		"R=pareto(1,.5,3);W=exp(.1)":           "W=exp(0.1);R=pareto(1,0.5,3)",
		"other=pareto(.25,1,2)exp(4);S=exp(1)": "S=exp(1);other=pareto(0.25,1,2)exp(4)",
	} {
		l, err := plan.ParseLegs(text)
		if err != nil || l.String() != want {
			t.Errorf("%s: %v, %v, want %s", text, l, err, want)
		}
		if again, err := plan.ParseLegs(l.String()); err != nil || again != l {
			t.Errorf("%s is read back as %v, %v", text, again, err)
		}
	}
	for text, want := range map[string]string{
		"": "invalid leg", "ssd": "invalid leg", "X=exp(1)": "invalid leg", "W=": "want pareto", "W=exp(0)": "more than 0",
		"W=exp(1);W=exp(1)": "twice", "W=pareto(.5,1,1)": "want pareto", "W=pareto(2,1,1)": "probability 2",
		"W=exp(1)exp(1)": "follows", "W=exp(NaN)": "more than 0", "W=exp(Inf)": "more than 0", "W=exp(1,2)": "want pareto",
	} {
		if l, err := plan.ParseLegs(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, error %v, want %q", text, l, err, want)
		}
	}
}

// The fits are those of the paper's Table 3.
func TestFits(t *testing.T) {
	ssd := "pareto(0.9122,0.235,10)exp(1.66)"
	ymmr := "pareto(0.982,1.5,3.8)exp(0.0217)"
	for i, want := range [][4]string{
		{ssd, ssd, ssd, ssd},
		{"pareto(0.38,1.05,1.51)exp(0.183)", ssd, ssd, ssd},
		{"pareto(0.939,3,3.35)exp(0.0028)", ymmr, ymmr, ymmr},
	} {
		l := plan.Fits[i].Legs
		if got := [4]string{l.W.String(), l.A.String(), l.R.String(), l.S.String()}; got != want || l.Other != (plan.Delay{}) {
			t.Errorf("%s: %v, want %v", plan.Fits[i].Name, l, want)
		}
	}
}

// Delays follow their distribution: the share of delays up to x is what the formula says.
func TestDelaysFollowTheirDistribution(t *testing.T) {
	const n = 40_000
	for _, f := range plan.Fits {
		d := f.Legs.W
		r := rng.New(1, "delays")
		drawn := make([]float64, n)
		for i := range drawn {
			drawn[i] = float64(d.Draw(r)) / float64(time.Millisecond)
		}
		slices.Sort(drawn)
		for _, at := range []int{n / 100, n / 10, n / 2, n * 9 / 10, n * 99 / 100, n * 999 / 1000} {
			x := drawn[at]
			want := (1 - d.P) * (1 - math.Exp(-d.Lambda*x))
			if x > d.Least {
				want += d.P * (1 - math.Pow(d.Least/x, d.Alpha))
			}
			if got := float64(at) / n; math.Abs(got-want) > .01 { // four standard errors
				t.Errorf("%s: %.4f of the delays are at most %v ms, want %.4f", f.Name, got, x, want)
			}
		}
	}
}
