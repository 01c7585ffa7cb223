package engine

// §6.4 Client-driven or Server-driven Coordination: "a client periodically picks a random Dynamo
// node and downloads its current view of Dynamo membership state. Using this information the client
// can determine which set of nodes form the preference list for any given key." The client belongs
// to the driver. Here a node answers such a client. A client that knows another membership history
// than the node learns of that with the answer to its request. So the client need not wait until it
// downloads the membership again.

import "ringside/engine/wire"

// membership answers a client that downloads the membership.
func (c *coordinator) membership(client uint64, req wire.MembershipRequest) {
	m := c.n.members
	c.n.reply(client, wire.MembershipReply{Request: req.Request, Digest: m.digest, Changes: m.history})
}

// newerDigest returns the digest of the node's membership history if it differs from the client's,
// and 0 otherwise. A client that does not know the membership has the digest 0.
func (c *coordinator) newerDigest(client uint64) uint64 {
	if client == 0 || client == c.n.members.digest {
		return 0
	}
	return c.n.members.digest
}
