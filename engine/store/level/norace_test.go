//go:build !race

package level

const raceDetector = false
