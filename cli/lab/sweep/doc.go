/*
Package sweep reads experiments of the user's own from files. A file fixes options of simulated runs,
gives values for the x axis, perhaps alternatives as series, and names what is measured:

	title = "stale gets by R"
	seeds = 20

	[fixed]                # options as sim has them, without dashes
	nodes = 5
	faults = "partition"
	odd = 0

	[x]
	option = "R"
	values = [1, 2, 3]

	[[series]]             # may be left out
	name = "sloppy"
	quorum = "sloppy"

	[[series]]
	name = "strict"
	quorum = "strict"

	[[measure]]            # a number in the measures of sim --json
	value = "gets.latency_ms.p99"
	unit = "ms"

	[[measure]]            # a share, in percent
	label = "stale gets"
	value = "stale.gets"
	of = "gets.ok"

Each setting, which is a series at a value of the x axis, is played once for each seed. The options of
a series take the place of fixed ones. Begin reading at Parse.
*/
package sweep
