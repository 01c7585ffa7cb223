/*
Package rpb has the frames and messages of Riak's protocol-buffers interface. The server of package
pbdoor and the client of package target both use it.

A frame is the number of its remaining bytes as a 32-bit big-endian number, a code, and a proto2
message, which may be empty:

	length code body
	  4     1   length-1

The messages are generated from rpb.proto. Requests and replies that have no fields have no message
type, and several codes share a type where the protocol has the same fields: ClientID, BucketReq,
BucketResp. NewBody says which type the body of a code has.

A field that is absent is nil, and a field of bytes that is present and empty is not nil.

Begin reading at ReadFrame, AppendFrame and Code.
*/
package rpb
