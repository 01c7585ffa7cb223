package rng

import (
	"math/rand/v2"
	"time"

	"ringside/engine/splitmix"
)

// New returns a stream for one purpose of a seed. Streams with different purposes are independent.
// A purpose has at most 8 bytes.
func New(seed uint64, purpose string) *rand.Rand { return NewAt(seed, purpose, 0) }

// NewAt is New for one of several streams with the same purpose, which key tells apart.
func NewAt(seed uint64, purpose string, key uint64) *rand.Rand {
	label := uint64(0)
	for _, c := range []byte(purpose) {
		label = label<<8 | uint64(c)
	}
	return rand.New(rand.NewPCG(seed, label^key))
}

// Streams hands out the streams of the decisions of one run.
type Streams struct {
	seed uint64
	pcg  *rand.PCG
	rand *rand.Rand        // over pcg
	used map[uint64]uint64 // subject → number of streams handed out
}

// NewStreams returns the streams of a run.
func NewStreams(seed uint64) *Streams {
	pcg := rand.NewPCG(seed, 0)
	return &Streams{seed: seed, pcg: pcg, rand: rand.New(pcg), used: map[uint64]uint64{}}
}

// Next returns the stream of the next decision about a subject. The stream is valid until the next
// call.
func (s *Streams) Next(subject ...uint64) *rand.Rand {
	h := s.seed
	for _, part := range subject {
		h = splitmix.Next(h ^ part)
	}
	n := s.used[h]
	s.used[h] = n + 1
	s.pcg.Seed(h, n)
	return s.rand
}

// Hash returns the FNV-1a hash of s.
func Hash[S ~string | ~[]byte](s S) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// Chance returns true with probability p. It draws nothing if p is 0.
func Chance(r *rand.Rand, p float64) bool { return p > 0 && r.Float64() < p }

// Exp draws from an exponential distribution.
func Exp(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(r.ExpFloat64() * float64(mean))
}

// Pick draws one element of a list that is not empty.
func Pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
