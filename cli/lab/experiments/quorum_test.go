package experiments

import (
	"testing"
	"time"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
)

// smallQuorum makes tests short. Their results depend on the seeds alone.
var smallQuorum = quorumSize{ops: 250, length: 25 * time.Second}

func TestQuorum(t *testing.T) {
	r := labtest.Run(t, quorumOf(smallQuorum), map[string]string{"N": "2"}, 2)
	for _, c := range r.Claims {
		if c.Verdict != lab.Agrees {
			t.Errorf("%s: %s", c.Claim, c.Figures)
		}
	}
	labtest.Deny(t, r, "stale", "R=2 strict", 1)
	labtest.Deny(t, r, "refused", "R=2 sloppy", 90)
	labtest.Deny(t, r, "stale", "R=2 sloppy", 90)
	labtest.Deny(t, r, "refused", "R=1 strict", 99)
}

// Sloppy quorums in the place of strict ones are found out.
func TestQuorumRefuted(t *testing.T) {
	swap := map[string]string{
		"R=1 sloppy": "R=1 strict", "R=1 strict": "R=1 sloppy", "R=2 sloppy": "R=2 strict", "R=2 strict": "R=2 sloppy",
	}
	plant := func(s *lab.Sample) { s.Series = swap[s.Series] }
	refuted(t, quorumOf(smallQuorum), map[string]string{"N": "2"}, 2, 0, plant)
	refuted(t, quorumOf(smallQuorum), map[string]string{"N": "2"}, 1, 1, plant)
}

// Faults that lose data decide nothing about freshness, and impossible clusters are refused.
func TestQuorumFaults(t *testing.T) {
	r := labtest.Run(t, quorumOf(smallQuorum), map[string]string{"N": "1", "faults": "wipe"}, 1)
	if c := r.Claims[0]; c.Verdict != lab.NoClaim {
		t.Errorf("with lost disks: %s %s", c.Verdict, c.Figures)
	}
	v, err := lab.NewValues(quorum().Params, map[string]string{"N": "5", "nodes": "4"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := quorum().Units(v, []uint64{1}); err == nil {
		t.Error("N=5 on 4 nodes is taken")
	}
}
