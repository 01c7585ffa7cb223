/*
Package sim plays simulated runs: nodes of package engine in virtual time, clients at work, faults,
and a judge. A run is drawn from a seed, so it is a number. Its plan is data, so a failing run can
be made smaller, written down and played again.

# Packages

	sim      Player and Result: one run from its start to its verdict
	plan     what happens in a run, as data; options, drawing, scripts
	kernel   the world: virtual time, hosts, network, disks, faults
	client   the clients
	check    the judge: properties P1 to P14
	measure  what happened in a run, counted for experiments
	stock    clusters that hold many keys from the beginning, for experiments
	session  the events of a live cluster as a plan
	fork     one run in two futures, with one thing changed from a time on
	shrink   the search for the smallest plan that still fails
	linear   whether the history of a run is linearizable
	rng      random streams

The arrows between them: sim → measure → check → client → kernel → plan → rng. stock uses measure.
fork, shrink and linear use sim.

# A run

First, clients work under faults until plan.HealAt. Then the nodes of the core must come to rest
while the others stay broken, if the plan has a core. Then all nodes are whole and the cluster must
come to rest. settle.go has these last two phases.

The judge can fail: bug_test.go plants bugs outside of the engine, and mutants_test.go switches on
those of package mutant inside of it. Each must make a property fail. Every kind of fault is
counted, because a campaign in which a kind never happened proves nothing about it.

LEDGER.md lists long walks through seeds and what they found. Begin reading in run.go.
*/
package sim
