//go:build !race

package sim

// A few seconds of runs; long walks are for make sim.
const defaultSeeds = 100
