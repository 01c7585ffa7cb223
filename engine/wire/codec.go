package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"ringside/engine/wire/wirepb"
)

// Decoders are strict: they refuse what exceeds a limit, unknown fields, and clocks, names and
// codes that no node can have made. Their results share no memory with the encoded bytes, so a
// caller can reuse its read buffer. An empty byte string decodes as nil; a tombstone is marked by
// Deleted and not by a nil value.

// AppendMessage appends the encoding of m to dst. It returns an error for a message that
// ParseMessage would refuse. The error wraps ErrTooLarge if m is valid and too large.
func AppendMessage(dst []byte, m Message) ([]byte, error) {
	if err := checkMessage(m); err != nil {
		return dst, fmt.Errorf("wire: encode message: %w", err)
	}
	return marshal(dst, messageToPB(m), "message")
}

// ParseMessage decodes what AppendMessage encoded.
func ParseMessage(b []byte) (Message, error) {
	var p wirepb.Message
	if err := unmarshal(b, messageShape, &p); err != nil {
		return Message{}, fmt.Errorf("wire: decode message: %w", err)
	}
	m, err := messageFromPB(&p)
	if err == nil {
		err = checkMessage(m)
	}
	if err != nil {
		return Message{}, fmt.Errorf("wire: decode message: %w", err)
	}
	return m, nil
}

// MessageSize returns the number of bytes that AppendMessage appends for m.
func MessageSize(m Message) int { return deterministic.Size(messageToPB(m)) }

// AppendClientRequest appends the encoding of r to dst. The id is the number of the request on its
// connection. The reply carries the same id, so many requests can be in flight at once.
func AppendClientRequest(dst []byte, id uint64, r ClientRequest) ([]byte, error) {
	p := &wirepb.ClientRequest{Id: id}
	var err error
	switch r := r.(type) {
	case GetRequest:
		err = checkGet(r)
		p.Body = &wirepb.ClientRequest_Get{Get: getToPB(r)}
	case PutRequest:
		err = checkPut(r)
		p.Body = &wirepb.ClientRequest_Put{Put: putToPB(r)}
	case MembershipRequest:
		p.Body = &wirepb.ClientRequest_Membership{Membership: &wirepb.MembershipRequest{Request: r.Request}}
	default:
		err = fmt.Errorf("no client request %T", r)
	}
	if err != nil {
		return dst, fmt.Errorf("wire: encode request: %w", err)
	}
	return marshal(dst, p, "request")
}

// ParseClientRequest decodes what AppendClientRequest encoded.
func ParseClientRequest(b []byte) (id uint64, r ClientRequest, err error) {
	var p wirepb.ClientRequest
	if err := unmarshal(b, clientRequestShape, &p); err != nil {
		return 0, nil, fmt.Errorf("wire: decode request: %w", err)
	}
	switch body := p.Body.(type) {
	case *wirepb.ClientRequest_Get:
		get := getFromPB(body.Get)
		r, err = get, checkGet(get)
	case *wirepb.ClientRequest_Put:
		put := putFromPB(body.Put)
		r, err = put, checkPut(put)
	case *wirepb.ClientRequest_Membership:
		r = MembershipRequest{Request: body.Membership.GetRequest()}
	default:
		err = fmt.Errorf("no body")
	}
	if err != nil {
		return 0, nil, fmt.Errorf("wire: decode request: %w", err)
	}
	return p.Id, r, nil
}

// AppendClientReply appends the encoding of r to dst. The id is that of the request.
func AppendClientReply(dst []byte, id uint64, r ClientReply) ([]byte, error) {
	p := &wirepb.ClientReply{Id: id}
	var err error
	switch r := r.(type) {
	case GetReply:
		err = checkGetReply(r)
		p.Body = &wirepb.ClientReply_Get{Get: getReplyToPB(r)}
	case PutReply:
		err = checkPutReply(r)
		p.Body = &wirepb.ClientReply_Put{Put: putReplyToPB(r)}
	case MembershipReply:
		err = checkMembershipReply(r)
		p.Body = &wirepb.ClientReply_Membership{Membership: &wirepb.MembershipReply{
			Request: r.Request, Err: uint32(r.Err), Message: text(r.Message), View: r.Digest,
			Changes: changesToPB(r.Changes),
		}}
	default:
		err = fmt.Errorf("no client reply %T", r)
	}
	if err != nil {
		return dst, fmt.Errorf("wire: encode reply: %w", err)
	}
	return marshal(dst, p, "reply")
}

// ParseClientReply decodes what AppendClientReply encoded.
func ParseClientReply(b []byte) (id uint64, r ClientReply, err error) {
	var p wirepb.ClientReply
	if err := unmarshal(b, clientReplyShape, &p); err != nil {
		return 0, nil, fmt.Errorf("wire: decode reply: %w", err)
	}
	switch body := p.Body.(type) {
	case *wirepb.ClientReply_Get:
		r, err = getReplyFromPB(body.Get)
	case *wirepb.ClientReply_Put:
		r, err = putReplyFromPB(body.Put)
	case *wirepb.ClientReply_Membership:
		r, err = membershipReplyFromPB(body.Membership)
	default:
		err = fmt.Errorf("no body")
	}
	if err != nil {
		return 0, nil, fmt.Errorf("wire: decode reply: %w", err)
	}
	return p.Id, r, nil
}

// deterministic makes the encodings of equal values equal, whatever later versions of protobuf do.
var deterministic = proto.MarshalOptions{Deterministic: true}

// marshal appends the encoding of p to dst. It returns an error if that exceeds MaxFrame.
func marshal(dst []byte, p proto.Message, what string) ([]byte, error) {
	out, err := deterministic.MarshalAppend(dst, p)
	if err == nil {
		err = checkSize("encoding", len(out)-len(dst), MaxFrame)
	}
	if err != nil {
		return dst, fmt.Errorf("wire: encode %s: %w", what, err)
	}
	return out, nil
}

// unmarshal decodes b into p. It checks the size and the shape of b first.
func unmarshal(b []byte, s *shape, p proto.Message) error {
	if err := checkSize("encoding", len(b), MaxFrame); err != nil {
		return err
	}
	if err := s.scan(b); err != nil {
		return err
	}
	return proto.Unmarshal(b, p)
}
