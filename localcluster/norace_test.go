//go:build !race

package localcluster

const raceDetector = false
