// Package rng is the simulator's source of randomness. Everything random follows from the seed of a
// run, so that equal plans give equal runs.
//
// Plans are drawn with New. A played run draws with Streams: each decision has a stream of its own,
// which the seed, the subject of the decision and the number of earlier decisions about that
// subject determine. A decision therefore keeps its outcome if an operation or a fault elsewhere is
// left out of the plan. Shrinking depends on that.
package rng
