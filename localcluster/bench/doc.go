/*
Package bench measures a cluster of this machine: how many puts and gets a second, and how long they
take. It measures the floor in the same run (package floor), so that a figure can be a ratio.

	Options   what to measure
	Run       measures, and returns a Report
	system    what is measured: a cluster, or a floor
	worker    a client of a system, which sends one request at a time
	window    one measurement of a system under one load

The cluster is a real one, in this process, in a folder that Run deletes. Its clients reach it over
TCP, as the commands of ringside do: cluster.Do chooses the first node of the key's preference list,
as a load balancer would, and all clients share one connection to each node. With
Options.ClientDriven a partition-aware client chooses the node (§6.4).

# Rounds

Every system is measured under every load in each round, one system after the other. A slow moment
of the machine then hits all of them, and the ratio of one round compares neighbours in time. A
figure is the median of the rounds. Each system is measured with the GOMAXPROCS that a process with
this system alone has.

# Loads

In a closed loop each client sends its next request when it has the answer to the last one. In an
open loop requests are due at a fixed rate. The latency of a request counts from the time at which
the request was due, whether or not a client was free then. So a stall counts for all requests that
it delayed (no coordinated omission).

# Keys

All keys exist before the first window. Each client has keys of its own, and keeps the context of
its latest put to each of them. So a put replaces the value, as with a client that reads, changes
and writes, and no siblings pile up.
*/
package bench
