package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"ringside/engine/wire/wirepb"
)

// Decoders are strict: they refuse what is over a limit, unknown fields, and
// clocks, names and codes that no node can have made. What they return shares
// no memory with the bytes they read, so that a read buffer can be reused.
// An empty byte string decodes as nil; Deleted, not a nil value, marks a
// tombstone.

// AppendMessage appends m's encoding to dst. It refuses what ParseMessage
// would refuse; the error wraps ErrTooLarge if m is only too large.
func AppendMessage(dst []byte, m Message) ([]byte, error) {
	if err := checkMessage(m); err != nil {
		return dst, fmt.Errorf("wire: encode message: %w", err)
	}
	return marshal(dst, messageToPB(m), "message")
}

// ParseMessage reads what AppendMessage wrote.
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

// MessageSize is how many bytes AppendMessage would append.
func MessageSize(m Message) int { return deterministic.Size(messageToPB(m)) }

// AppendClientRequest appends r's encoding to dst. The id is the connection's
// own number for the request: its reply carries the same, so that many can be
// in flight at once.
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

// ParseClientRequest reads what AppendClientRequest wrote.
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

// AppendClientReply appends r's encoding to dst; id is its request's.
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
			Request: r.Request, Err: uint32(r.Err), Message: text(r.Message), View: r.Digest, Changes: changesToPB(r.Changes)}}
	default:
		err = fmt.Errorf("no client reply %T", r)
	}
	if err != nil {
		return dst, fmt.Errorf("wire: encode reply: %w", err)
	}
	return marshal(dst, p, "reply")
}

// ParseClientReply reads what AppendClientReply wrote.
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

// deterministic keeps equal records equal on disk, whatever protobuf does later.
var deterministic = proto.MarshalOptions{Deterministic: true}

// marshal appends p to dst, within MaxFrame.
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

// unmarshal reads b into p after its size, shape and counts are known to be sound.
func unmarshal(b []byte, s *shape, p proto.Message) error {
	if err := checkSize("encoding", len(b), MaxFrame); err != nil {
		return err
	}
	if err := s.scan(b); err != nil {
		return err
	}
	return proto.Unmarshal(b, p)
}
