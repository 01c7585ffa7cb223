/*
Package check judges a simulated cluster. The Judge is told what clients do, what nodes report and
what faults destroy, and fails a property of Properties that does not hold.

# Evidence

The Judge has a causal graph of its own: the parents of a write are the writes that its client had
read when it took the context of the write. The clocks of the nodes do not count as evidence. The
Judge also looks into the disks of all hosts, and knows what faults destroyed. A loss that
destruction explains is excused, and nothing else is.

# Names

A method that may fail a property begins with check or fail. Other methods note what happened, or answer
whether something holds.

# Files

	judge.go        Judge: receives everything and passes it to the properties
	properties.go   names and descriptions of the properties
	world.go        World: what the Judge reads of a simulated cluster
	evidence.go     predicates that the properties share: which host holds which write
	graph.go        operations and the causal graph
	losses.go       destroyed data, and the losses that it excuses
	durability.go   P1: no acknowledged write is lost; also P3, P4 and P14 for writes that are missing
	siblings.go     P2
	deletes.go      P3 and P5 for tombstones
	convergence.go  P5: the verdict over a cluster at rest
	phases.go       what package sim asks while it brings the cluster to rest
	contexts.go     P6
	reads.go        P7 and P8, and the number of nodes that acknowledged a put (P1) or answered a get;
	                overlap.go and absence.go have two more parts of P7
	hints.go        P9
	transfers.go    P11 for the node that gives a range away; ready.go for the new home
	membership.go   P12
	audit.go        P10, which the node checks itself (engine.Node.Audit)
	bounds.go       P13

# Invariants

The Judge does not change the World, so that a run is the same with or without it. It reads a World
through the interface of this package. All of it belongs to the goroutine of the World.

Begin reading in judge.go.
*/
package check
