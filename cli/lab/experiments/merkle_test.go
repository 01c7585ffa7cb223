package experiments

import (
	"strings"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

// Keys that do not fit into memory are refused, and no unit begins.
func TestStock(t *testing.T) {
	for _, name := range []string{"merkle", "churn", "bootstrap", "admission"} {
		e := Find(name)
		v, err := lab.NewValues(e.Params, map[string]string{"keys": "100000", "value": "65536"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Units(v, []uint64{1}); err == nil || !strings.Contains(err.Error(), "lower --keys") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMerkle(t *testing.T) {
	r := labtest.Run(t, merkle(), map[string]string{"keys": "500,5000", "differences": "1,10,100"}, 2)
	if r.Verdict != lab.Agrees || len(r.Claims) != 3 {
		t.Errorf("%s: %+v", r.Text, r.Claims)
	}
	labtest.Deny(t, r, "bytes", keysName(5000), 1e6)
	labtest.Deny(t, r, "bytes", copyName(5000), 1)
	// Trees gain nothing if all keys differ.
	all := labtest.Run(t, merkle(), map[string]string{"keys": "500", "differences": "500"}, 2)
	if all.Verdict != lab.Differs {
		t.Errorf("all keys differ: %s", all.Text)
	}
}
