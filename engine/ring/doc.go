/*
Package ring has consistent hashing (§4.2), preference lists (§4.3) and the partitioning strategies
(§6.2): which nodes are the homes of a key, and which nodes replace a home that cannot be reached.

Ring is an immutable value, so any goroutine may use one. It is a pure function of a Config and of
the Steps by which members came and went: all nodes that know the same steps compute the same ring.
The positions of tokens come from the names of nodes, so a ring does not depend on ports or
addresses. Shift says how homes change from one ring to the next (§4.9).

Begin reading at Ring and Replay.
*/
package ring
