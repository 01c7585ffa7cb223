// Package gate admits clients' requests to a node, so that a crowd of large requests takes turns
// instead of filling every queue at once.
//
// A Gate counts the bytes of the requests that the node works on, and of their replies as far as
// these can be foreseen. The bytes are also taken from the budget of the process. A connection
// waits with one request at the gate, and does not read the requests behind it.
//
// A Gate is safe for concurrent use. Enter is called by the goroutine that reads a connection,
// Leave by the node's loop.
package gate
