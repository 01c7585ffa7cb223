/*
Package fork plays a run twice: as it is, and with one thing changed from a time on. Everything
before that time is the same in both futures, and Play checks that. It finds the first two events
that differ, and what differs in the end. Compare finds the same for any two runs.

# Main types

	Change   what is changed: a message, a fault, a quorum, the mode
	Fork     both futures and what differs between them
	Future   one of them

A Change is an edit of a plan. The changed plan is a plan like any other, so it can be written as a
script and played again. A message that a change drops has its delay and its losses drawn
nevertheless, and each random decision of the simulator has a stream of its own (package rng).
Therefore a change has consequences, and does not otherwise reshuffle the rest of the run. Two
streams can shift: messages without a request that pass a link are counted, and a node draws its
own choices one after the other. One such message more or less gives the later ones on the link
other delays, and one choice more gives the node's later choices another outcome.

Begin reading in fork.go.
*/
package fork
