package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

// smallDivergence makes tests short. Their results depend on the seeds alone.
var smallDivergence = divergenceSize{edits: 250}

func TestDivergence(t *testing.T) {
	given := map[string]string{"writers": "1,2,8"}
	r := labtest.Run(t, divergenceOf(smallDivergence), given, 2)
	for _, c := range r.Claims {
		if c.Verdict != lab.Agrees {
			t.Errorf("%s: %s", c.Claim, c.Figures)
		}
	}
	labtest.Deny(t, r, "diverged", overall, 3)
	labtest.Deny(t, r, "versions", "3 versions", 90)

	// The opposite: many writers agree, and a single one does not.
	refuted(t, divergenceOf(smallDivergence), given, 2, 1, func(s *lab.Sample) { s.X = 9 - s.X })
	refuted(t, divergenceOf(smallDivergence), given, 2, 0, func(s *lab.Sample) { s.X = 9 - s.X })
}

// Faults let a single writer diverge, and that claim then decides nothing.
func TestDivergenceUnderFaults(t *testing.T) {
	r := labtest.Run(t, divergenceOf(smallDivergence), map[string]string{"writers": "1", "faults": "partition"}, 1)
	if c := r.Claims[0]; c.Verdict != lab.NoClaim {
		t.Errorf("under faults: %s %s", c.Verdict, c.Figures)
	}
}
