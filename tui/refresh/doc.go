// Package refresh keeps the state of the screens up to date.
//
// A Model takes events from the feed at most thirty times a second and applies them to the state. A
// busy cluster sends a sample of its events ten times a second (package eventlog).
// After events it asks the cluster for a snapshot, at most once a second: the events of a key are
// only a preview of its replicas, and counts are sums that can drift. While the user pauses the
// display, events wait in the feed.
//
// A Model belongs to the goroutine of Bubble Tea's Update. Its commands run in goroutines of their
// own and report with the messages of this package. Start reading with Model.Update.
package refresh
