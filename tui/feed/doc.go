// Package feed reads the events of a cluster for the screens.
//
// A Source is a cluster as the screens see it. A Feed follows a Source in a goroutine of its own
// (Run), and buffers events until the goroutine of the screens takes them (Take). Sending Bubble
// Tea a message for each event would draw a frame for each, and would make the nodes wait. The
// buffer is bounded: if it is full, the oldest events are dropped and counted.
//
// A mutex guards the buffer. Everything else belongs to Run's goroutine.
package feed
