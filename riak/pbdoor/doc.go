/*
Package pbdoor is the protocol-buffers listener of one node, by which clients of Riak use the
cluster. It decodes requests, has a kv.Store serve them, and encodes the replies.

A connection has one request at a time, and replies are in the order of the requests. A client may
send further requests without waiting, except during the reply to a list, which is a stream: a
request that arrives then ends the connection, as in Riak.

An error of a request is an Error message, and the connection goes on. The connection ends after a
frame that cannot be decoded, a damaged vclock, and what makes Riak itself crash. A request that
ringside does not support has an Error as its reply.

Each bound of memory and time is a named constant in limits.go. Begin reading at Serve.
*/
package pbdoor
