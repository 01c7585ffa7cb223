//go:build race

package pbdoor

const raceEnabled = true
