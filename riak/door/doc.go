/*
Package door runs the listeners of all nodes of a cluster by which clients of Riak use it: it gives
each node its ports, and closes and opens them as nodes go down, come back, join and leave.

Each node has a port of its own for each service, counted from the service's base port in the order
of the nodes. A request of a client goes to the node of the port, so a client on one side of a split
reaches that side only. If a node goes down, its ports close, and its connections break. If it comes
back, it has the same ports. While it is paused, its connections stand still.

A node that joins later has the next port. If another program has that port, the node takes a free
one, and the event of the service says so.

Begin reading at Open.
*/
package door
