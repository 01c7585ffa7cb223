/*
Package merkle has the Merkle trees of §4.7. A node keeps one Tree for each key range. Two nodes
find the keys in which they differ by exchanging hashes; the less they differ, the fewer hashes they
exchange.

"Each branch of the tree can be checked independently without requiring nodes to download the entire
tree": an inner node hashes its two children. This package deviates from the paper in the leaves. A
leaf is a bucket of neighbouring keys, and its hash is the exclusive or of the hashes of their
States. So a tree needs no memory for a key, a write updates the tree without the other keys of the
bucket, and the hashes do not depend on the order of the writes.

Invariant: a tree that got each change through Update equals the tree of the keys that are left. A
Tree is for one goroutine. Begin reading at Tree; span.go says which keys belong to a bucket.
*/
package merkle
