// Package transport has the parts that all TCP connections of a cluster share: links between nodes,
// the clients of nodes, and the nodes' ends of both.
//
// Dial makes a connection and proves to the other end that both know the cluster's secret. A Reader
// reads frames and accounts for their memory, from the first byte of a frame until a node has
// worked on it. An Outbox collects the frames that wait to be written to one connection. A Sender
// is an Outbox with its own lock and its own writer, for connections on which no frame is delayed.
//
// All memory comes from the budget of the process (package budget), so that its bound does not grow
// with the square of the nodes. If a link has no memory for a message, the sender learns
// that (engine.Unsent). If a node has none for a client's request, the request is refused
// (wire.Overloaded). If a connection gets none for a frame, the connection waits, until its other
// end has no room either.
//
// A Reader belongs to the goroutine that reads. An Outbox is guarded by its owner's lock. A Sender
// is safe for concurrent use, except that one goroutine calls Run.
package transport
