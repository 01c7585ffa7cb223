package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

func TestAdmission(t *testing.T) {
	given := map[string]string{"work": "wipe", "keys": "8000", "length": "2"}
	r := labtest.Run(t, admission(), given, 1)
	if r.Verdict != lab.Agrees || len(r.Claims) != 3 {
		t.Errorf("%s: %+v", r.Text, r.Claims)
	}
	labtest.Deny(t, r, "p99", yielding, 150)
	labtest.Deny(t, r, "p99", unlimited, 1)
	labtest.Deny(t, r, "background", yielding, 0)
}
