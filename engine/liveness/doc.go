// Package liveness holds what a failure detector believes of each peer (§4.8.3). It sends nothing:
// the node reports what it sees of a peer, and the state says whether the belief has changed.
//
// A peer is in one of two states. It is healthy, or it has failed: it is disconnected, or it is
// suspected because it did not answer. The two causes end separately. An answer ends the suspicion,
// a new connection ends both.
package liveness
