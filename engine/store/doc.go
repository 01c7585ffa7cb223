/*
Package store defines the local persistence of a node (§5: "a pluggable persistence engine"): the
small interface that the engine reads through and that drivers write through.

Store is the interface. Mem implements it in memory, and package level implements it on disk, with
the help of package recent.
Overlay and Buffer are readers that show writes which are not yet in the store below them: Overlay
those of one group commit, and Buffer those of the object buffer (§6.1).

Invariants: a batch is in the store whole or not at all, also after a crash. Batches are in the
store in the order of their Apply calls. No type of this package may be used by two goroutines at
once; the driver's loop of a node owns the node's store. Begin reading at Store.
*/
package store
