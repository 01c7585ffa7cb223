// Package pending keeps the ranges that a node waits for after a change of the ring (§4.9). A new
// home takes writes at once, but it does not count toward R before its predecessors have given it
// what they hold.
//
// The package only keeps books: the node asks, receives and compares, and reports the outcome here.
// Ranges belong to one goroutine.
package pending
