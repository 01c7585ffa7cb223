package stock

import (
	"testing"
	"time"

	"ringside/engine/sim/plan"
)

// contend plays a contest of a small cluster.
func contend(t *testing.T, kind string, keys int, greedy bool) (Contended, error) {
	t.Helper()
	c := Contest{Change: change(kind, 3), Length: 2 * time.Second, Greedy: greedy}
	c.Keys = Keys{Seed: 1, Count: keys, Bytes: 8 << 10}
	c.Nodes, c.R, c.W, c.Rate, c.Disk = 3, 3, 3, 66, 3<<20
	return Contend(always, c)
}

// §6.5: background work that yields goes on, slowly, and clients wait less than when it does not
// yield.
func TestContend(t *testing.T) {
	const keys = 8000
	p99 := map[bool]int64{}
	replicas := map[bool]int{}
	for _, greedy := range []bool{false, true} {
		m, err := contend(t, plan.Wipe, keys, greedy)
		if err != nil {
			t.Fatal(err)
		}
		p99[greedy], replicas[greedy] = m.Latency.Quantile(.99), m.Replicas
	}
	if p99[true] < 3*p99[false] || replicas[false] == 0 || replicas[true] < 2*replicas[false] {
		t.Errorf("if background work does not yield: 99th percentiles %v, replicas %v", p99, replicas)
	}
	if m, err := contend(t, "", 10, false); err != nil || m.Latency.Quantile(.99) > 20_000 || m.Replicas > 0 {
		t.Errorf("no background work: %+v, %v", m, err)
	}
	if m, err := contend(t, plan.Wipe, 10, false); err == nil {
		t.Errorf("the work was over, and %+v was measured", m)
	}
}
