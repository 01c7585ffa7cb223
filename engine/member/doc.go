/*
Package member has the membership of the ring (§4.8.1): "the node that serves the request writes the
membership change and its time of issue to persistent store. The membership changes form a history
because nodes can be removed and added back multiple times."

A History is a sorted, immutable set of Changes, and only grows. Two nodes reconcile their histories
by taking the changes of both, and the ring follows from the changes in the order of their times. So
gossip does not bring back a node that was removed: a node that remembers it as a member learns of
the removal.

Rings remembers the rings of a few histories, and is for one goroutine. All other values may be
shared. Begin reading at Change and History.
*/
package member
