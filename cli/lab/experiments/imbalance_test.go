package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
	"ringside/engine/ring"
)

func TestImbalance(t *testing.T) {
	r := labtest.Run(t, imbalance(), map[string]string{"load": "12.5,100", "requests": "500"}, 6)
	if r.Verdict != lab.Agrees || len(r.Published) != 2 || r.Published[0].Ours == nil {
		t.Errorf("%s: %+v", r.Text, r.Claims)
	}
	labtest.Deny(t, r, "imbalance", "uniform", 90)
	labtest.Deny(t, r, "imbalance", "zipf 0.7", 5)
	// A single popular key puts nodes out of balance at each load.
	r = labtest.Run(t, imbalance(), map[string]string{"load": "12.5,100", "requests": "100", "zipf": "3"}, 2)
	if r.Verdict != lab.Differs {
		t.Errorf("zipf 3: %s", r.Text)
	}
}

// A node is out of balance if it is more than 15 % off the mean, on either side.
func TestUnbalanced(t *testing.T) {
	r, err := ring.New(ring.Config{Strategy: ring.EqualPartitions, N: 1, Q: 4}, []ring.Member{
		{Name: "a", Weight: 1}, {Name: "b", Weight: 1}, {Name: "c", Weight: 1}, {Name: "d", Weight: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := unbalanced(r, map[string]int{"a": 100, "b": 115, "c": 116, "d": 69}); n != 2 {
		t.Errorf("%d nodes are out of balance, want c and d", n)
	}
}
