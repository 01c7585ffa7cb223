// Package inbox has the bounded queue in front of a node's loop. The readers of connections, the
// node's links and the cluster put arrivals in. The loop alone takes them out, all at once.
//
// Peers may fill the whole inbox, clients a part of it. An arrival carries the account that holds
// its memory, so that the loop can give the memory back after the turn.
package inbox
