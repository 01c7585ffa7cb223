package experiments

import (
	"testing"
	"time"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

// smallSLA makes tests short: the hours are 2 and 14. Their results depend on the seeds alone.
var smallSLA = slaSize{first: 2, every: 12, sample: 2 * time.Second}

func TestSLA(t *testing.T) {
	r := labtest.Run(t, slaOf(smallSLA), nil, 2)
	for _, c := range r.Claims[:2] {
		if c.Verdict != lab.Agrees {
			t.Errorf("%s: %s", c.Claim, c.Figures)
		}
	}
	labtest.Deny(t, r, "ratio", "gets", 2)
	labtest.Deny(t, r, "latency", tailOf+"gets", 2)
}

// With a buffer the nodes keep the promise, and the claim about that can fail.
func TestSLAWithBuffer(t *testing.T) {
	r := labtest.Run(t, slaOf(smallSLA), map[string]string{"objects": "500"}, 1)
	if c := r.Claims[2]; c.Verdict != lab.Agrees {
		t.Errorf("%s: %s", c.Claim, c.Figures)
	}
	labtest.Deny(t, r, "within", requestsSeries, 99)
}

// Disks that are slow under a load that they cannot carry keep requests waiting: queues are real.
func TestSLAQueues(t *testing.T) {
	given := map[string]string{"nodes": "3", "peak": "4000", "night": "10"}
	r := labtest.Run(t, slaOf(slaSize{first: 2, every: 12, sample: 500 * time.Millisecond}), given, 1)
	quiet, err := r.Rows.At("latency", averageOf+"gets", 2)
	if err != nil {
		t.Fatal(err)
	}
	busy, err := r.Rows.At("latency", averageOf+"gets", 14)
	if err != nil || busy.Mean < 1.5*quiet.Mean {
		t.Errorf("an average get takes %.3g ms at 400 requests a second and %.3g ms at 4000: %v", quiet.Mean, busy.Mean, err)
	}
}
