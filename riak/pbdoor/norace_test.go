//go:build !race

package pbdoor

const raceEnabled = false
