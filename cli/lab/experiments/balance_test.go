package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

func TestBalance(t *testing.T) {
	r := labtest.Run(t, Find("balance"), map[string]string{"metadata": "60,480"}, 60)
	if r.Verdict != lab.Agrees {
		t.Errorf("%s", r.Text)
	}
	labtest.Deny(t, r, "efficiency", "strategy 3", .1) // the opposite: strategy 3 is the worst
}
