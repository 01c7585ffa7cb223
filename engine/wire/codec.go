package wire

import (
	"fmt"

	"ringside/engine/wire/field"
)

// The types are encoded and decoded without generated code. wire.proto defines the format, and
// tests compare this codec with the code that protoc generates from it.
//
// Decoders are strict: they refuse what exceeds a limit, unknown fields, and clocks, names and
// codes that no node can have made. Their results share no memory with the encoded bytes, so a
// caller can reuse its read buffer. An empty byte string decodes as nil; a tombstone is marked by
// Deleted and not by a nil value.

// AppendMessage appends the encoding of m to dst. It returns an error for a message that
// ParseMessage would refuse. The error wraps ErrTooLarge if m is valid and too large.
func AppendMessage(dst []byte, m Message) ([]byte, error) {
	if err := checkMessage(&m); err != nil {
		return dst, fmt.Errorf("wire: encode message: %w", err)
	}
	w := field.Append(dst)
	putMessage(&w, &m)
	return appended(dst, w.Bytes(), "message")
}

// ParseMessage decodes what AppendMessage encoded. A Decoder that is kept decodes faster.
func ParseMessage(b []byte) (Message, error) {
	var d Decoder
	return d.Message(b)
}

// MessageSize returns the number of bytes that AppendMessage appends for m.
func MessageSize(m Message) int {
	w := field.Count()
	putMessage(&w, &m)
	return w.Size()
}

// AppendClientRequest appends the encoding of r to dst. The id is the number of the request on its
// connection. The reply carries the same id, so many requests can be in flight at once.
func AppendClientRequest(dst []byte, id uint64, r ClientRequest) ([]byte, error) {
	if err := checkRequest(r); err != nil {
		return dst, fmt.Errorf("wire: encode request: %w", err)
	}
	w := field.Append(dst)
	putRequest(&w, id, r)
	return appended(dst, w.Bytes(), "request")
}

// ParseClientRequest decodes what AppendClientRequest encoded. A Decoder that is kept decodes
// faster.
func ParseClientRequest(b []byte) (id uint64, r ClientRequest, err error) {
	var d Decoder
	return d.ClientRequest(b)
}

// AppendClientReply appends the encoding of r to dst. The id is that of the request.
func AppendClientReply(dst []byte, id uint64, r ClientReply) ([]byte, error) {
	if err := checkReply(r); err != nil {
		return dst, fmt.Errorf("wire: encode reply: %w", err)
	}
	w := field.Append(dst)
	putReply(&w, id, r)
	return appended(dst, w.Bytes(), "reply")
}

// ParseClientReply decodes what AppendClientReply encoded. A Decoder that is kept decodes faster.
func ParseClientReply(b []byte) (id uint64, r ClientReply, err error) {
	var d Decoder
	return d.ClientReply(b)
}

// appended returns out, which is dst with an encoding. It returns an error if the encoding exceeds
// MaxFrame.
func appended(dst, out []byte, what string) ([]byte, error) {
	if err := checkSize("encoding", len(out)-len(dst), MaxFrame); err != nil {
		return dst, fmt.Errorf("wire: encode %s: %w", what, err)
	}
	return out, nil
}
