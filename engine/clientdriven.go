package engine

// §6.4 Client-driven or Server-driven Coordination: "a client periodically picks a random Dynamo
// node and downloads its current view of Dynamo membership state. Using this information the client
// can determine which set of nodes form the preference list for any given key." The client belongs
// to the driver. Here a node answers such a client. A client with another view than the node's
// learns of that with the answer to its request, so that it need not wait until it downloads the
// view again.

import "ringside/engine/wire"

// membership answers a client that downloads the membership.
func (c *coordinator) membership(client uint64, req wire.MembershipRequest) {
	m := c.n.members
	c.n.reply(client, wire.MembershipReply{Request: req.Request, Digest: m.digest, Changes: m.history})
}

// newerView returns the node's view if it differs from the view with which a client found the node,
// and 0 otherwise. A client that does not know the ring has the view 0.
func (c *coordinator) newerView(client uint64) uint64 {
	if client == 0 || client == c.n.members.digest {
		return 0
	}
	return c.n.members.digest
}
