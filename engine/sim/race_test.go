//go:build race

package sim

// Under the race detector a run takes ten times as long, and there is little to race.
const defaultSeeds = 20
