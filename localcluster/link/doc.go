// Package link has the TCP links between the nodes of a cluster, with faults at will.
//
// For each ordered pair of nodes there is one connection, which the sender makes. It carries
// messages in that direction only. So a one-way split, a slow link and a lossy link are each a
// property of one connection.
//
// A Network has the condition of every link: whether it is cut, how slow and how lossy it is. An
// Endpoint is the network end of one incarnation of a node: a link to each other node, and the
// connections by which the others send. Faults act where a message enters its link and again where
// it leaves the link. Once a split is on, nothing crosses it.
//
// Goroutines: a link has one goroutine that makes its connection and writes to it, and one that
// waits for the end of the connection. The node's loop calls Endpoint.Send. Readers of connections
// call Inbound.Deliver.
//
// Locks are taken in this order: Network.mu, then Endpoint.mu or link.mu. Network.mu is held for
// reading while messages enter a link or are delivered, and for writing while conditions change, so
// that a change is one instant for all links. The callbacks of an Endpoint are called with locks
// held and must not block.
//
// Begin reading at Network.Apply and link.run.
package link
