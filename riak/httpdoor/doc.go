/*
Package httpdoor is the HTTP listener of one node for clients of Riak. It answers as Riak KV 3.2.0
does: the same paths, headers, status codes and texts.

# From a request to an answer

	Server.ServeHTTP   refuses web pages and waits while the node is paused
	route              finds the resource for a path: object, keys, buckets, properties and so on
	decide             asks the resource one question after another, each of which may end the request
	exchange           one request and its answer

The order of the questions in decide is that of Webmachine, the HTTP library of Riak, because the
order decides which status a request gets that is wrong in more than one way. Riak's documentation
calls that order a flow chart of HTTP: method, form, permission, negotiation, existence, conditions,
action.

# Paths

	/types/T/buckets/B/keys/K    /buckets/B/keys/K    /riak/B/K    an object
	/types/T/buckets/B/keys      /buckets/B/keys      /riak/B      keys; POST makes an object
	/types/T/buckets/B/props     /buckets/B/props     /riak/B      properties of a bucket
	/types/T/buckets             /buckets             /riak        buckets
	/types/T/props                                                 properties of a type
	.../keys/K/preflist          the homes of a key
	.../keys/K/B,T,A/...         objects to which links lead
	/ping  /stats  /             whether the node is up, its numbers, the paths
	/mapred  .../index/F/...  .../datatypes/K  .../counters/K      not supported: status 501

A path is split at its slashes before its parts are decoded, so a slash in a key is %2F. A plus in a
part is a blank.

# Where this package differs from Riak

A status 500 that is a fault of Riak is 400 here: a request without Content-Type, a vclock that
cannot be read, an unknown property, a list of buckets without ?buckets=true. User metadata that a
client of protocol buffers stored under a name without X-Riak-Meta- is not shown as a header. A bad
percent code in a path is refused. A list that lacks nodes is 503, or an error in the stream.

Begin reading at Serve.
*/
package httpdoor
