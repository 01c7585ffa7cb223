// Package control lets other processes of the same user reach a cluster, through a control socket
// in the cluster's folder.
//
// A Server answers for a cluster of this process. A Remote is a cluster of another process: it has
// the methods of the cluster itself, and sends each call through the socket.
//
// The protocol is lines of JSON (protocol.go). A request is one line. Its answer is one or more
// responses, of which the last is marked. A connection has one request at a time. If the client
// closes the connection, the server cancels the request that it is working on.
//
// Every request is checked before the cluster sees it (request.go). A request with an unknown
// method, an unknown field or a missing field is refused, so that a request of another program or
// of another version of this program changes nothing.
//
// The Server has one goroutine that accepts connections, and two for each connection: one reads
// lines, and one answers them. Server.mu guards the set of connections. A Remote has no goroutine
// of its own. Each call watches the cluster's process while the call is under way, and ends with a
// *datadir.SilentError if the process stops answering.
//
// Begin reading at Server.handle, which calls the cluster's methods.
package control
