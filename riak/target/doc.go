/*
Package target is a client of a cluster of Riak KV over protocol buffers, and the cluster that the
commands of ringside use with --target riak://HOST:PORT.

	Parse     reads a target: the hosts, the bucket of keys without one, the time-out
	Cluster   does what the commands ask for: gets, puts and deletes as requests of package wire
	Client    sends one request, to the next host if one is down
	Clock     decodes a vclock of Riak

# What a request means

A key riak:TYPE/BUCKET/KEY is the object of that name, as for the doors of ringside. Any other key is
in the bucket of the target. R, W, PR and PW of a request are r, w with dw, pr and pw of Riak, and
Strict is sloppy_quorum=false. A context is Riak's vclock, which is never changed.

Riak tells one vclock for all siblings of an object, so a sibling has no clock of its own. The Dot
of a version has its vtag as the node and 0 as the counter, which is no event of a clock. The Meta of
a version has the content type, links and other metadata in the form of rpb.Metadata, so that a put
with the Meta of a version keeps them.

# Failures

Each request has a time limit, which its frames carry also. A host to which no connection can be made
is passed over. A get that got no answer is sent to the next host. A put is not, because it may have
happened: the reply says so. Riak's errors become codes of package wire.

Begin reading at Cluster.Do.
*/
package target
