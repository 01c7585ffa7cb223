package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

func TestChurn(t *testing.T) {
	given := map[string]string{"nodes": "5,10", "keys": "600", "value": "2000", "rate": "20"}
	r := labtest.Run(t, churn(), given, 3)
	if r.Verdict != lab.Agrees || len(r.Claims) != 3 {
		t.Errorf("%s: %+v", r.Text, r.Claims)
	}
	labtest.Deny(t, r, "excess", "join, strategy 2", 2)
	labtest.Deny(t, r, "moved", "leave, strategy 3", 1e8)
	labtest.Deny(t, r, "refused", "join, strategy 1", 1)
}
