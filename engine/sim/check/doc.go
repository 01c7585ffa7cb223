/*
Package check judges a simulated cluster. The Judge is told what clients do, what nodes report and
what faults destroy, and fails a property of Properties that does not hold.

# Evidence

The Judge has a causal graph of its own: the parents of a write are the writes that its client had
read when it took the context of the write. The clocks of the nodes do not count as evidence. The
Judge also looks into the disks of all hosts, and knows what faults destroyed. A loss that
destruction explains is excused, and nothing else is.

# Files

	judge.go        Judge: receives everything and passes it to the properties
	evidence.go     what all properties ask: who holds which write
	graph.go        operations and the causal graph
	losses.go       destroyed data, and the losses that it excuses
	durability.go   P1, and P3, P4 and P14 for acknowledged writes of which nothing is left
	siblings.go     P2
	deletes.go      P3 and P5 for tombstones
	convergence.go  P5
	contexts.go     P6
	reads.go        P7 and P8; overlap.go and absence.go have two more parts of P7
	hints.go        P9
	transfers.go    P11 for the node that gives a range away; ready.go for the new home
	membership.go   P12
	bounds.go       P13; P10 is a method of the node (engine.Node.Audit), which Judge.Audit calls

# Invariants

The Judge does not change the World, so that a run is the same with or without it. It reads a World
through the interface of this package. All of it belongs to the goroutine of the World.

Begin reading in judge.go.
*/
package check
