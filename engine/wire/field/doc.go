/*
Package field writes and reads the fields of protobuf messages without generated code and without
allocating. Package wire and package record describe their messages with it; wire.proto defines the
format.

A Writer omits a singular field that has its zero value, as proto3 does, and writes each length with
the fewest bytes. So if a caller writes the fields of a message in the order of their numbers, the
bytes are those of protobuf's deterministic encoding.

A Reader hands out the fields of a message in the order in which they arrive. It refuses a singular
field that comes twice, and a field with another wire type than the caller expects. It accepts
varints that are longer than necessary, as protobuf does. Byte strings that a Reader hands out share
memory with the message.

Field numbers are 1 to MaxNumber. Both types belong to one goroutine. Begin reading at Writer and
Reader.
*/
package field
