// Package eventlog has a cluster's one stream of events. Any number of goroutines publish into a
// Log and never wait for a reader. Each reader goes through the Log by sequence number, at its own
// pace. A reader that falls behind by more than MaxEvents receives a Gap event and goes on.
//
// Begin reading at Log.Read. The Log's mutex guards its ring buffer and is not held while a reader
// works on a batch.
package eventlog
