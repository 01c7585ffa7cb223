/*
Package kv has what both of Riak's interfaces have in common: the names of objects, bucket types,
buckets and their properties, objects with their siblings, requests, and Riak's errors. It has no
network code: a door decodes a request, calls a Store, and encodes what the Store returns.

# What a Store gives

A Store serves the requests that arrive at one node. It sends them to that node only, so a client
of a node on one side of a split reaches that side only.

	Get                     an object with all siblings, or a tombstone, or nothing
	Put, Delete             a write; Put returns the object if it is asked to
	ListKeys, ListBuckets   pages of names, in any order, each name once
	Props, SetProps, ResetProps           properties of a bucket: complete, some, none
	TypeProps, SetTypeProps, CreateType   properties of a type
	Preflist                the homes of a key
	Stats                   the numbers of /stats, by name
	NewKey                  a key for a put without one

An Object has the siblings as Contents, and one VClock for all of them. An absent object has
neither. An object of which a tombstone is all that is left has Deleted set, no Contents and a
VClock; the door of HTTP shows that as X-Riak-Deleted, the other door only with deletedvclock. A
tombstone beside live siblings is a Content with Deleted set.

Options of a request are pointers, and nil stands for the bucket's property. A quorum is a number
or one of the words One, QuorumWord, All and Default.

# Errors

Error texts are the terms that Riak prints over protocol buffers. A door of HTTP has other texts,
and finds the case with errors.As and errors.Is:

	*NValViolation       {n_val_violation,N}
	*Unsatisfied         {r_val_unsatisfied,R,Got}, and so pr, w, dw, pw
	*Insufficient        {insufficient_vnodes,Have,need,Need} and {insufficient_nodes,...}
	*ZeroLength          Bucket, Key or Type cannot be zero-length
	InvalidProps         Invalid bucket properties: [{n_val,not_integer}]
	*UnknownType         No bucket-type named 'T' (lists, properties of buckets)
	*InvalidType         Invalid bucket type: <<"T">> (properties of types)
	ErrNoType            no_type (get, put, delete)
	ErrTimeout, ErrOverload, ErrMatchFound, ErrModified, ErrNotFound
	ErrDamagedVClock     the door prints an error and closes the connection
	ErrNodeDown          the node went down: the door closes the connection

# VClocks

A vclock that a client gets is a format byte, a CRC32 of the rest, a hash of the key and the
engine's context token. A vclock with a wrong CRC is damaged. A vclock for another key covers
nothing of this key, so a put with it is a blind put.

# Properties

Names and values are as in Riak's JSON (see Props). They are stored as objects of the cluster
itself, so they replicate, reach joiners and survive restarts. A Store keeps them for propsAge and
then reads them again in the background.

A Store is safe for concurrent use. Begin reading at Store.
*/
package kv
