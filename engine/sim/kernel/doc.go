/*
Package kernel runs nodes in virtual time: a clock that jumps from event to event, a network that
splits, and that delays, loses and repeats messages, disks that lose data when a fault says so, and
crashes at any moment. It plays the faults of a plan.Plan. It does not judge the nodes; a Judge is
told what happens.

# Main types

	World      one simulated cluster: virtual time, hosts, network, membership, trace hash
	Host       one node with its driver, disk, inbox and clock
	Members    all changes of the membership that any node wrote down, and the ring that they make
	Judge      what a checker is told (package check implements it)
	Bug        a deliberate bug of the surroundings of a node, which a test plants

# Fault injection

inject.go has the table of faults by kind, the faults of the network, and crashes and pauses.
injectdisk.go has the faults of disks. injectmembers.go has joins, leaves and removals. heal.go ends
the faults of the core or of all nodes, and has lulls.

# Invariants

Equal plans give equal runs: all randomness comes from package rng, and no map is iterated where its
order matters. World.Note and World.CountFault fold what happens into the trace hash. Watching a run
changes nothing in it.

A Host runs a node through package driver, as package localcluster does. It steps the node with its
own clock, which may be wrong. A function that waits for time checks the incarnation of the host
when it continues, since the node may have crashed meanwhile.

All of a World belongs to one goroutine. Begin reading in world.go.
*/
package kernel
