// Package splitmix has the mixing functions of the generator splitmix64 (Steele, Lea and Flood
// 2014). They are bijections of 64-bit numbers, and good hashes of them. They are not for secrets.
//
// Trace hashes and the hashes of Merkle trees depend on these functions, so their values never
// change.
package splitmix

// Gamma is the step of the generator: 2^64 divided by the golden ratio.
const Gamma = 0x9e3779b97f4a7c15

// Mix returns x with its bits mixed: the finalizer of splitmix64. Mix(0) is 0.
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Next returns the number that the generator draws in state x.
func Next(x uint64) uint64 { return Mix(x + Gamma) }
