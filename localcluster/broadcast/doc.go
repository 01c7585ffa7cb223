// Package broadcast wakes all goroutines that wait for a change of a shared state.
//
// A Signal has no state of its own. The caller keeps the state, with its own lock or atomics, and
// follows two rules, so that no change is missed:
//
//   - a goroutine that waits calls Wait before it looks at the state;
//   - a goroutine that changes the state calls Broadcast afterwards.
//
// Package localcluster and its packages budget and eventlog use it.
package broadcast
