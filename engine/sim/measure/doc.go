/*
Package measure counts what happened in a simulated run, for experiments: latencies, staleness,
availability, messages and bytes by mechanism, lost writes, sizes of clocks, and convergence.

# Main types

	Measures      what was counted, of one run or of several (Add)
	Distribution  a distribution of numbers: exact while there are few of them
	Exact         Measures whose JSON restores them, for the shards of a campaign
	Recorder      counts one run while it is played

A Recorder changes nothing in its run. Equal runs give equal Measures, and the sum of several
Measures does not depend on their order. All times are virtual.

Begin reading at Measures.
*/
package measure
