package experiments

import (
	"maps"
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

func TestRepair(t *testing.T) {
	small := map[string]string{"keys": "12", "operations": "80", "quiet": "45", "faults": "crash,partition"}
	r := labtest.Run(t, Find("repair"), small, 2)
	if r.Verdict != lab.Agrees {
		t.Errorf("%s %+v", r.Text, r.Claims)
	}
	labtest.Deny(t, r, "divergent", forEver, 3)    // read repair and anti-entropy do nothing
	labtest.Deny(t, r, "divergent", forEver, 0)    // nothing is needed
	labtest.Deny(t, r, "divergent", afterQuiet, 0) // read repair needs no reads
	labtest.Deny(t, r, "divergent", afterQuiet, 3) // anti-entropy needs reads
	calm := maps.Clone(small)
	calm["faults"] = "none" // nothing makes replicas differ, so no mechanism can show anything
	if r := labtest.Run(t, Find("repair"), calm, 1); r.Verdict != lab.Differs {
		t.Errorf("without faults: %s", r.Text)
	}
}
