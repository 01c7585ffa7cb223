package stock

import (
	"errors"
	"testing"
	"time"

	"ringside/engine/ring"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

// change returns a change of a small cluster.
func change(kind string, strategy ring.Strategy) Change {
	return Change{
		Keys: Keys{Seed: 1, Count: 500, Bytes: 2000}, Kind: kind, Nodes: 6, Strategy: strategy, N: 3, R: 2, W: 2,
		Quorum: plan.Sloppy, Rate: 100, Disk: 1 << 20,
	}
}

// §4.9, §6.2: a join and a leave move about a fair share, refuse nothing, and build trees anew only
// if they cut ranges.
func TestMove(t *testing.T) {
	for _, kind := range []string{plan.Join, plan.Leave} {
		for strategy := ring.TokensRandom; strategy <= ring.EqualPartitions; strategy++ {
			m, err := Move(always, change(kind, strategy))
			if err != nil {
				t.Fatal(err)
			}
			if r := float64(m.Bytes) / m.Ideal; r < .5 || r > 2 || m.Asked == 0 || m.Refused > 0 || m.Scanned < m.Replicas {
				t.Errorf("%s under strategy %d: %+v", kind, strategy, m)
			}
			if m.Ready <= 0 || m.Over < m.Ready || (m.Trees > 0) != (strategy == ring.TokensRandom) {
				t.Errorf("%s under strategy %d: %+v", kind, strategy, m)
			}
		}
	}
	if _, err := Move(func() bool { return false }, change(plan.Join, 3)); !errors.Is(err, ErrStopped) {
		t.Errorf("got %v", err)
	}
}

// A request counts if it began during the change, whenever it ended.
func TestMoveCounts(t *testing.T) {
	c := change(plan.Join, ring.EqualPartitions)
	r := c.plan().Ring()
	m := newMove(c, "joiner1", r, r)
	m.out.Over = time.Second
	for _, after := range []time.Duration{-1, 0, time.Second, time.Second + 1} {
		op := &client.Operation{Began: m.began + after, Ended: m.began + time.Minute, Outcome: client.Failed}
		m.Ended(op, nil)
	}
	if m.out.Asked != 2 || m.out.Refused != 2 {
		t.Errorf("%d requests, %d of them failed; want 2 and 2", m.out.Asked, m.out.Refused)
	}
}

// §6.2: a partition is one range, unless tokens cut the ring.
func TestArchive(t *testing.T) {
	for strategy := ring.TokensRandom; strategy <= ring.EqualPartitions; strategy++ {
		a := ArchiveOf(change(plan.Join, strategy))
		whole := a.Ranges == 1 && a.Scanned == a.Keys
		if a.Keys == 0 || whole != (strategy != ring.TokensRandom) {
			t.Errorf("strategy %d: %+v", strategy, a)
		}
	}
}
