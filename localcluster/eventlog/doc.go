// Package eventlog has a cluster's one stream of events. Any number of goroutines publish into a
// Log and never wait for a reader. Each reader goes through the Log by sequence number, at its own
// pace. A reader that falls behind by more than MaxEvents receives a Gap event and goes on.
//
// A reader's query selects events (event.Filter), and the Log leaves out the others before they are
// copied. A follower receives all events that it selects, up to a rate. Above the rate it receives
// gaps. The stream of a screen is a sample: above ScreenRate, a sampler leaves out events of
// frequent kinds, and Summary events count them by kind and node. A reducer of the stream
// (engine/view) then has the state of the whole stream, except for the log, requests and keys.
//
// Begin reading at Log.Read. The Log's mutex guards its ring buffer and is not held while a reader
// works on a batch.
package eventlog
