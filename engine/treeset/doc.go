// Package treeset keeps the Merkle trees of a node, one for each key range of its ring (§4.7):
// "each node maintains a separate Merkle tree for each key range".
//
// The trees are in memory. Every write of a record updates its tree in the same step, and a node
// that starts fills the trees in its first scan of the store. So no crash separates the trees from
// the records.
//
// Invariant: a tree in a Set equals the tree that a scan of the store builds. A range without a
// tree gets one from the store when the tree is asked for. A Set belongs to one goroutine.
package treeset
