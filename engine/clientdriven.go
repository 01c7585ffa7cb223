package engine

// §6.4 Client-driven or Server-driven Coordination: "a client periodically picks a random
// Dynamo node and downloads its current view of Dynamo membership state. Using this information the
// client can determine which set of nodes form the preference list for any given key." The client
// itself is not a node's business; here a node tells what it knows, and whoever comes
// with another view hears of it with the answer, so that a client whose membership table is stale
// need not wait until it asks again.

import "ringside/engine/wire"

// tellMembership answers a client that downloads the membership.
func (n *Node) tellMembership(client uint64, req wire.MembershipRequest) {
	n.reply(client, wire.MembershipReply{Request: req.Request, View: n.members.digest, Changes: n.members.history})
}

// staleView is the node's view if a client found it by another one, 0 otherwise.
func (n *Node) staleView(client uint64) uint64 {
	if client == 0 || client == n.members.digest {
		return 0
	}
	return n.members.digest
}
