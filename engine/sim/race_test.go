//go:build race

package sim

// defaultSeeds is small under the race detector, which makes a run take ten times as long.
const defaultSeeds = 20
