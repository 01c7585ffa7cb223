/*
Package wire has the messages between nodes and the requests of clients, with their encoding:
protobuf messages (codec.go), frames on a stream (frame.go), the opening of a connection
(handshake.go) and the opaque context of §4.1 (context.go).

wire.proto defines the encoding. The put functions and the methods of Decoder write and read it
without generated code (encode.go, decode.go and the files beside them). To go through generated
code took a third of the time of a put. Package wirepb has that code, which only tests use now: they
compare the two.

The types are plain values. A decoded value shares no memory with the bytes that were decoded.
Encoders and decoders refuse a message that exceeds a limit or that no node can have made, so a node
may trust a decoded message to be well formed. The opening of a connection proves that the other
side knows the secret of the cluster.

All functions are pure, except that Dial, Accept and FrameReader use the stream that the caller
owns. A Decoder, an Encoder and a Sealer belong to one goroutine each. Begin reading at Message and ClientRequest.
*/
package wire
