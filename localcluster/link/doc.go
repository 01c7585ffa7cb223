// Package link has the TCP links between the nodes of a cluster, with faults at will.
//
// A link is one direction from a running node to another. It has a queue of messages, and its own
// faults: it may be cut, slow or lossy. A Network has the condition of every link. An Endpoint is
// the network end of one incarnation of a node.
//
// # Connections
//
// Two nodes share one TCP connection, on which messages travel both ways. The first message makes
// the connection. An end that sees no message for idleTime closes the connection in order: the end
// says farewell, and reads on until the other end has said farewell also. So no message is lost,
// and messages that come later make a new connection. At the start no node dials another, and at
// rest a node has few connections, however many nodes there are. Under load a node has at most
// about as many as Options.MaxEnds returns, and closes one that it has not used lately to make
// another.
//
// If two nodes dial each other at the same time, both connections work at first. Then the
// connection that the node with the lower name has made carries all messages. The node with the
// higher name says farewell on the other connection, and then the other end does so also. A node
// whose reader waits for room in the inbox may get a new connection before it reads the farewell on
// the old one. Then the node uses the old one until it reads the farewell. A message may overtake
// another one only in such a change of the connection, and while a connection is closed.
//
// # What a node learns of a link
//
// A node without a connection to a peer takes the peer for reachable. It learns the contrary
// (EndpointOptions.PeerChanged) if the peer refuses a connection, if a connection ends without a
// farewell, or if the link is cut. All nodes run in one process, so the Network also tells a node
// that has no connection: a node that crashed refuses connections, and a node that was started
// accepts them. A paused node keeps its connections, and its peers notice only its silence.
//
// If a peer runs and cannot be reached all the same, the link dials again, after a pause that
// grows.
//
// # Faults
//
// Loss and delay act where a message enters its link. A cut acts there, and again where the message
// leaves the link. So once a split is on, nothing crosses it. If both directions are cut, the
// connection ends. If one is cut, the connection stays, because the other direction must not
// suffer. Messages that were under way are then discarded at their end, also after the split: each
// link counts its cuts, the sender tells the receiver the count before the first message that
// follows a cut, and the receiver delivers only messages of the present count.
//
// # Goroutines and locks
//
// Each end of a connection has one goroutine that reads and one that writes. The reader of a
// connection that this end has made also dials. A link without a connection has no goroutine. The
// node's loop calls Endpoint.Send, which writes to connections itself while that needs no waiting.
// The writer of a connection writes the rest.
//
// Locks are taken in this order: Network.mu, then link.mu. Network.mu is held for reading while
// messages enter a link, while the loop writes them, and while messages are delivered. It is held
// for writing while conditions change, so that a change is one instant for all links. The callbacks
// of an Endpoint are called with locks held and must not block.
//
// Begin reading at Endpoint.Send, link.carry and Network.Apply.
package link
