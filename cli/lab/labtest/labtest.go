package labtest

import (
	"slices"
	"testing"

	"ringside/cli/lab"
)

// Run runs an experiment with some values and returns the report.
func Run(t *testing.T, e *lab.Experiment, given map[string]string, seeds int) *lab.Report {
	t.Helper()
	v, err := lab.NewValues(e.Params, given)
	if err != nil {
		t.Fatal(err)
	}
	job := lab.Job{Experiment: e, Values: v}
	if e.Seeds > 0 {
		job.Seeds = lab.SeedsFrom(lab.FirstSeed, seeds)
	}
	out, err := job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := out.Report()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Deny sets the mean of all rows of a series to a value that a claim of the experiment denies, and
// fails the test if each claim still holds. Thus the claim is shown to be one that can fail.
func Deny(t *testing.T, r *lab.Report, measure, series string, mean float64) {
	t.Helper()
	rows := slices.Clone(r.Rows)
	found := false
	for i := range rows {
		if rows[i].Measure == measure && rows[i].Series == series {
			rows[i].Mean, rows[i].Low, rows[i].High, found = mean, mean, mean, true
		}
	}
	if !found {
		t.Fatalf("the report lacks rows of %s, %s", measure, series)
	}
	for _, c := range r.Experiment.Claims {
		if holds, _, err := c.Holds(r.Chosen, rows); err == nil && !holds {
			return
		}
	}
	t.Errorf("%s %s is %g, and every claim holds", measure, series, mean)
}
