/*
Package floor is the bare message pattern of a put and a get: what a cluster of this machine would
cost if its nodes did nothing. A measured cluster is compared with it, so that a figure does not
depend on the machine.

	client ──► coordinator ──► N-1 replicas ──► coordinator ──► client

The nodes of a Floor run in this process and talk over loopback TCP. The messages have the sizes of
the measured cluster's messages, and no contents. There is no ring, no clock, no storage and no
failure. The replicas follow the coordinator at changing distances. The coordinator answers a put
after W-1 acknowledgements and a get after R-1 answers. The other answers still arrive.

There are two kinds of clients. A client of New has a connection of its own, writes a request and
reads its answer. Clients of NewShared have one connection to each node together: requests have
numbers, waiting requests leave with one system call, and one goroutine hands out the answers.

# Goroutines and locks

Each connection has a goroutine that reads. A connection with several writers also has a goroutine
that writes all frames that wait. node.mu guards the operations of a node that are under way, and
outbox.mu guards the frames that wait.

Begin reading at Start and node.serve.
*/
package floor
