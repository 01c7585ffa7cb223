// Package localcluster runs the nodes of a cluster in one process: one loop for each node, TCP
// links between the nodes on loopback, databases on disk, and faults at will. It is a driver of
// package engine: it carries out what the engine asks for, and knows nothing of Dynamo's algorithm.
//
// # Types
//
//	Cluster      the cluster: Start, Close, faults, membership changes, requests
//	registry     the nodes of the cluster and its settings
//	node         the state of a node that survives a crash: name, port, disk
//	incarnation  one run of a node, from its start to its crash
//	loop         steps the engine of one incarnation
//	server       the port of one incarnation: it accepts peers and serves clients
//	flusher      writes the object buffer of one incarnation to disk (§6.1)
//
// The packages below have state of their own and do not know these types:
//
//	config     Options, and the settings of a cluster in one process
//	datadir    the files on disk, and the locks on folders
//	control    the control socket, by which other processes reach the cluster
//	client     clients of the nodes, among them the PartitionAwareClient (§6.4)
//	link       links between nodes, with faults
//	transport  frames on connections, within the budget of memory
//	inbox      the queue in front of a node's loop
//	gate       admits clients' requests to a node
//	budget     bounds the memory of all queues
//	eventlog   the cluster's stream of events
//	broadcast  wakes goroutines that wait for a change
//	buildinfo  the version of this program
//
// # The loop of a node
//
//	clients, peers ──► inbox ──► loop: step … step, apply one batch, publish, send, answer
//	                               │                                       │
//	                             store                        links ──► peers
//
// The loop takes all arrivals that wait in its inbox, steps the engine with them, and applies the
// writes of that turn with one flush to disk. Only then do the turn's effects leave the node
// (persist before send). Events are published before messages are sent, so that their numbers
// follow cause and effect. Because a goroutine in a flush keeps a processor of the Go runtime, a
// process whose nodes flush has more processors than cores (processors.go).
//
// With an object buffer (§6.1) the loop does not wait for the disk. The writes of a turn go to the
// buffer, a flusher writes the buffer to disk, and only the effects that the engine calls durable
// wait for the flusher:
//
//	step … step, publish, send, answer ──► buffer ──► flusher ──► store
//	                  durable effects ◄──────────────────┘
//
// # Goroutines
//
// A node's loop is the only goroutine that uses the engine, the driver and the store of its
// incarnation, except for two cases: a flusher applies batches, and a crash reads the engine's last
// state after the loop has ended. Each connection has a goroutine that reads and one that writes.
// The loop itself writes messages and replies as far as that needs no waiting (link.Endpoint.Send,
// transport.Sender.Flush), and leaves the rest to the writer. All goroutines of an incarnation end
// before its crash is over. The cluster's own goroutines watch its folders and give memory back.
//
// # Locks
//
// Locks are taken in this order:
//
//	Cluster.faults       one fault or membership change at a time; nodes start and crash
//	incarnation.turnMu   held by the loop during a turn, and by a pause until its end
//	link.Network         the conditions of links
//	server.mu, the locks of links and senders
//	Inbox
//
// registry, eventlog.Log and the accounts of the budget have locks under which no other lock is
// taken.
//
// # Failures
//
// A node whose disk fails goes through a crash and is started again, a few times. A node whose disk
// is full is started when there is room (recovery.go). A node that went down by itself has a
// reason, which snapshots and failed requests give. A cluster whose folder is deleted or replaced
// stops (guard.go).
//
// Begin reading at Start in cluster.go, node.open in incarnation.go and loop.run in loop.go.
package localcluster
