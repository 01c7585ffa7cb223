package wars

import (
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/sim/plan"
)

// A Model is a cluster of the model.
type Model struct {
	Legs    plan.Legs // W, A, R and S must be given; Other is not used
	N, R, W int
	// Local puts the coordinator of each put and of each get on a replica, which is drawn anew each
	// time. The legs to that replica take no time. Otherwise all legs are remote, as published.
	Local bool
}

// Consistent draws trials and counts those that are consistent, for each of the times ts. A trial
// is a put, and a get that begins so long after the put was acknowledged. The get is consistent if
// one of its first R answers has the put. All times are judged with the same trials. ts is in no
// particular order.
func (m Model) Consistent(r *rand.Rand, ts []time.Duration, trials int) []int {
	hits := make([]int, len(ts))
	t := newTrial(m.N)
	for range trials {
		since := t.draw(r, m)
		for i, at := range ts {
			if at >= since {
				hits[i]++
			}
		}
	}
	return hits
}

// A trial is a put and a get.
type trial struct {
	write   []time.Duration // W, by replica
	acked   []time.Duration // W+A, in ascending order
	answers []answer
}

// An answer is how a replica answers a get.
type answer struct {
	replica  int
	asked    time.Duration // R
	answered time.Duration // R+S
}

func newTrial(n int) *trial {
	return &trial{make([]time.Duration, n), make([]time.Duration, n), make([]answer, n)}
}

// draw draws a trial. It returns the least time from the acknowledgement of the put to the
// beginning of a consistent get; 0 or less if each get is consistent.
func (t *trial) draw(r *rand.Rand, m Model) time.Duration {
	for i := range m.N {
		w, a := m.Legs.W.Draw(r), m.Legs.A.Draw(r)
		q, s := m.Legs.R.Draw(r), m.Legs.S.Draw(r)
		t.write[i], t.acked[i], t.answers[i] = w, w+a, answer{i, q, q + s}
	}
	if m.Local {
		t.write[0], t.acked[0] = 0, 0
		i := r.IntN(m.N)
		t.answers[i] = answer{replica: i}
	}
	slices.Sort(t.acked)
	slices.SortFunc(t.answers, func(a, b answer) int { return int(a.answered - b.answered) })
	acknowledged := t.acked[m.W-1]
	least := time.Duration(1<<63 - 1)
	for _, a := range t.answers[:m.R] {
		least = min(least, t.write[a.replica]-acknowledged-a.asked)
	}
	return least
}

// Within returns the chance that a get returns one of the last k versions of a key, if each write
// reaches W random replicas of N and never any other, and each get asks R random ones: the closed
// form for k-staleness. n, r, w and k are at least 1, and r and w are at most n.
func Within(n, r, w, k int) float64 {
	missed := 1. // the chance that a get misses one write: C(n-w, r) / C(n, r)
	for i := range r {
		missed *= max(0, float64(n-w-i)) / float64(n-i)
	}
	stale := 1.
	for range k {
		stale *= missed
	}
	return 1 - stale
}
