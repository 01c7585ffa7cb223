// Package client has the clients of a cluster's nodes.
//
// A Client sends requests to nodes over TCP. It has one connection to each node, on which any
// number of requests are under way at once, each with a number. The Client belongs to the cluster,
// which also uses it for the requests of other processes.
//
// A Balancer and a PartitionAwareClient are the two ways by which a program reaches the cluster
// (§6.4). A Balancer hands each request to some node. A PartitionAwareClient knows the ring and
// sends each request to a home of its key.
//
// Client.mu guards the set of connections, and each connection has a mutex for its requests. A
// connection has two goroutines: one writes requests, and one reads replies.
// PartitionAwareClient.mu guards what the client knows of the membership; one goroutine polls, and
// at most one refreshes.
//
// Begin reading at Client.Do.
package client
