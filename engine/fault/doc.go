/*
Package fault is the vocabulary of faults that the real cluster and the simulator share: splits,
slow and lossy links, and what can be done to a node. A Fault is data. A Net keeps the state of the
network between nodes. Drivers act on both; this package does not.

The paper's partition is a range of keys, so a network cut is called a split here. In commands and
JSON a split keeps the name partition.

# Main types

	Fault      one fault, or the end of faults
	Net        the split, the delays and the losses between a set of nodes
	Link       one direction between two nodes
	Condition  the state of one Link

A Net belongs to one goroutine or lock of its owner. Begin reading in fault.go.
*/
package fault
