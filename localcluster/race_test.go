//go:build race

package localcluster

const raceDetector = true
