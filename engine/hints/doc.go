/*
Package hints is the index of the hints that a node keeps (§4.6 of the Dynamo paper).

A hint is a replica that a fallback keeps for a home which could not be reached. The replicas are in
the node's hint store. The Index says for which homes and keys there are hints, in which order they
are to be delivered, how many are in flight, and whether there is room for more. The package does
not know the node and reads no store.

Index.Add, Index.Remove and Index.Waiting are the place to begin reading.

Invariants:

  - Len is the number of pairs of a home and a key for which there is a hint.
  - A home has a queue exactly if there is a hint for the home.
  - Waiting yields a hint only if it is not in flight.

An Index belongs to the goroutine that steps its node. It has no lock.
*/
package hints
