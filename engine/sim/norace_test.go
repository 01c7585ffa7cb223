//go:build !race

package sim

// defaultSeeds makes TestSeeds take a few seconds. make sim walks further.
const defaultSeeds = 100
