package experiments

import (
	"context"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

// refuted runs an experiment whose samples are changed, and fails the test if the verdict does not
// say that a claim fails.
func refuted(t *testing.T, e *lab.Experiment, given map[string]string, seeds int, claim int, plant func(*lab.Sample)) {
	t.Helper()
	units := e.Units
	e.Units = func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
		all, err := units(v, seeds)
		for i, u := range all {
			all[i].Run = func(ctx context.Context) ([]lab.Sample, error) {
				samples, err := u.Run(ctx)
				for j := range samples {
					plant(&samples[j])
				}
				return samples, err
			}
		}
		return all, err
	}
	r := labtest.Run(t, e, given, seeds)
	if r.Verdict != lab.Differs || r.Claims[claim].Verdict != lab.Differs {
		t.Errorf("%q: %s; %s", r.Claims[claim].Claim, r.Claims[claim].Figures, r.Text)
	}
}
