/*
Package oversize remembers merges that were refused because their result is too large (§4.7 of the
Dynamo paper).

Anti-entropy exchanges versions until replicas hold the same. Versions of a key pile up until a
client reconciles them (§4.4), but a replica holds at most what fits into one message. Two nodes
that together hold more versions than that cannot merge the key. The key is oversized.

Beyond the paper, a node remembers such a merge in a Set. It does not send the versions again as
long as both ends hold what they held. If the node does not know what the peer holds, it tries again
after growing waits. The node's State says why the key does not converge. The package does not know
the node.

Invariants:

  - A Set holds at most one Merge for a key and a peer, and at most maxMerges in all.
  - A Merge ends when the node's own versions of the key change.

A Set belongs to the goroutine that steps its node. It has no lock.
*/
package oversize
