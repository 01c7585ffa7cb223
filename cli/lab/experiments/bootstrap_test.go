package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

func TestBootstrap(t *testing.T) {
	r := labtest.Run(t, bootstrap(), map[string]string{"nodes": "6", "keys": "500", "value": "2000"}, 3)
	if r.Verdict != lab.Agrees || len(r.Claims) != 3 {
		t.Errorf("%s: %+v", r.Text, r.Claims)
	}
	labtest.Deny(t, r, "trees", "strategy 1", 0)
	labtest.Deny(t, r, "keys", "strategy 3", 100)
	labtest.Deny(t, r, "scans", "strategy 2", 2)
}
