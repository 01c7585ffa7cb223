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
