// Package timers holds what a node has to do later. It reads no clock: the caller says what time it
// is.
//
// A node has many timers and few distinct delays. A Queue therefore keeps one list per delay, in
// which timers stand in the order in which they fall due.
//
// Invariant: timers run in the order of their times; timers of the same time run in the order in
// which they were added. A Queue and its Timers belong to one goroutine.
package timers
