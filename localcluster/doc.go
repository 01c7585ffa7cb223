// Package localcluster runs the nodes of a cluster in one process: a loop for
// each, TCP links between them on loopback, databases on disk, and faults at will.
//
// It is a driver of package engine and knows nothing of Dynamo. A node is an
// engine.Node with a life around it:
//
//	clients, peers ──► inbox ──► loop: step … step, apply one batch, publish, send, answer
//	                               │                                       │
//	                             store                        links ──► peers
//
// The loop takes all that waits in its inbox, steps it, applies every write
// of that turn with one flush to disk, and only then lets anything leave the
// node (persist before send). Events are published before messages are sent,
// so that their numbers follow cause and effect.
//
// With object buffers (§6.1) the loop does not stop for the disk. The writes of a turn go to a
// buffer, a writer brings that to disk, and only what the engine calls durable waits for it:
//
//	step … step, publish, send, answer ──► buffer ──► writer ──► store
//	                  what is durable ◄──────────────────┘
//
// Requests of clients pass a gate on their way to the inbox, so that a crowd that asks
// for large values takes turns. A message for which there is no room is not lost in
// silence: the node that sent it is told. There are as many queues as pairs of nodes, and all of
// them share one budget of memory (package budget).
//
// For each ordered pair of nodes there is one connection, made by the sender,
// that carries messages in that direction only; so a one-way split, a slow link and a lossy
// one are each a property of one connection. Faults act where a message enters its link
// and again where it leaves it: once a split is on, nothing crosses it any more.
//
// Locks are taken in this order: Cluster.faults (one fault at a time; lives
// begin and end), life.turnMu, Cluster.netMu (conditions of links), life.connMu or link.mu, inbox.mu.
//
// Clients come to a node of their choice, through a Balancer, or with a Library that knows
// the ring (§6.4).
//
// A node whose disk fails goes through a crash and is started again, a few times. A node whose disk
// is full is started once a probe finds room. A node that went down by itself has a reason, which
// snapshots tell.
//
// A cluster belongs to the process that started it, which holds its folders (lock.go). Others of
// the same user reach it through a control socket: see Connect.
package localcluster
