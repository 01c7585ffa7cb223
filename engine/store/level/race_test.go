//go:build race

package level

// raceDetector is whether the tests run under the race detector. When a compaction fails while a
// write waits for another one, goleveldb closes a channel on which it may be sending, and recovers
// from the panic. The race detector reports that.
const raceDetector = true
