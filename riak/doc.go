/*
Package riak is the map of the packages by which clients of Riak KV use a cluster, and by which the
commands of ringside use a cluster of Riak KV. Riak KV is another implementation of the paper, and
its clients exist for many languages. The engine knows nothing of Riak.

	client of Riak ──► pbdoor or httpdoor of a node ──► kv ──► the same node of the cluster
	ringside --target riak://... ──► target ──► a cluster of Riak

# Packages

	rpb       frames and messages of the protocol-buffers interface
	kv        what both interfaces have in common: types, buckets, properties, objects, errors
	pbdoor    the protocol-buffers listener of one node
	httpdoor  the HTTP listener of one node
	door      the listeners of all nodes: ports, and what happens when a node goes down or comes back
	target    a client of a foreign cluster, for the commands

# Terms

	door         the listeners by which a node serves clients of Riak
	bucket type  a named set of properties; each bucket has one
	bucket       a namespace of keys, with properties that override those of its type
	property     n_val, allow_mult and the like
	vclock       the context of §4.4, which clients return as they got it
	vtag         the name of one sibling
	primary      a home of a key (§4.3)

# Names

The object of Riak with a type, a bucket and a key is the object of ringside with the key
riak:TYPE/BUCKET/KEY. In TYPE and BUCKET a percent sign is %25 and a slash is %2F. KEY is not
changed. The properties of types and buckets are objects also: riak-props:TYPE and
riak-props:TYPE/BUCKET.

Begin reading at kv.Store.
*/
package riak
