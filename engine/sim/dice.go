package sim

import (
	"math/rand/v2"
	"ringside/engine/splitmix"
	"time"
)

// Every decision has dice of its own: what they are thrown for (a message of this
// request on this link, a flush of this disk) and how often they were thrown for it seeds
// them. So the rest of a run falls as it did when one operation or fault is left out of
// it, and a failing run can be made smaller item by item.

// What dice are thrown for.
const (
	forMessage uint64 = iota + 1
	forDisk
	forClient
	forCrash
	forReboot
	forFlip
	forAudit
	forOddity
)

// dice returns the source of chance for the next decision of this kind. It is good
// until the next call.
func (w *world) dice(parts ...uint64) *rand.Rand {
	h := w.plan.Seed
	for _, p := range parts {
		h = splitmix.Next(h ^ p)
	}
	n := w.thrown[h]
	w.thrown[h] = n + 1
	w.pcg.Seed(h, n)
	return w.rng
}

// hashString is FNV-1a.
func hashString[S ~string | ~[]byte](s S) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func chance(r *rand.Rand, p float64) bool { return p > 0 && r.Float64() < p }

// exp draws from an exponential distribution.
func exp(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
