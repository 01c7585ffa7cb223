package wire

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"ringside/engine/wire/wirepb"
)

// The reference codec goes through the code that protoc generates from wire.proto. The codec of the
// package must encode the same bytes. It must decode what the reference decodes, or refuse it for a
// reason that decode.go names.

// deterministic makes the encodings of equal values equal, whatever later versions of protobuf do.
var deterministic = proto.MarshalOptions{Deterministic: true}

func referenceEncode(p proto.Message) []byte {
	b, err := deterministic.Marshal(p)
	if err != nil {
		panic(err)
	}
	return b
}

func requestToPB(id uint64, r ClientRequest) *wirepb.ClientRequest {
	p := &wirepb.ClientRequest{Id: id}
	switch r := r.(type) {
	case GetRequest:
		p.Body = &wirepb.ClientRequest_Get{Get: getToPB(r)}
	case PutRequest:
		p.Body = &wirepb.ClientRequest_Put{Put: putToPB(r)}
	case MembershipRequest:
		p.Body = &wirepb.ClientRequest_Membership{Membership: &wirepb.MembershipRequest{Request: r.Request}}
	case ListRequest:
		p.Body = &wirepb.ClientRequest_List{List: &wirepb.ListRequest{Request: r.Request, Prefix: r.Prefix, After: r.After}}
	case ForgetRequest:
		p.Body = &wirepb.ClientRequest_Forget{Forget: &wirepb.ForgetRequest{Request: r.Request, Key: r.Key}}
	}
	return p
}

func replyToPB(id uint64, r ClientReply) *wirepb.ClientReply {
	p := &wirepb.ClientReply{Id: id}
	switch r := r.(type) {
	case GetReply:
		p.Body = &wirepb.ClientReply_Get{Get: getReplyToPB(r)}
	case PutReply:
		p.Body = &wirepb.ClientReply_Put{Put: putReplyToPB(r)}
	case MembershipReply:
		p.Body = &wirepb.ClientReply_Membership{Membership: &wirepb.MembershipReply{
			Request: r.Request, Err: uint32(r.Err), Message: text(r.Message), View: r.Digest,
			Changes: changesToPB(r.Changes),
		}}
	case ListReply:
		p.Body = &wirepb.ClientReply_List{List: &wirepb.ListReply{
			Request: r.Request, Err: uint32(r.Err), Message: text(r.Message), Missing: r.Missing,
			Keys: listedToPB(r.Keys), After: r.After, More: r.More,
		}}
	case ForgetReply:
		p.Body = &wirepb.ClientReply_Forget{Forget: &wirepb.ForgetReply{
			Request: r.Request, Err: uint32(r.Err), Message: text(r.Message), Forgotten: r.Forgotten, Live: r.Live,
		}}
	}
	return p
}

func contextToPB(c Context) *wirepb.Context {
	return &wirepb.Context{Clock: clockToPB(c.Clock), Time: uint64(c.Time), Fastest: c.Fastest}
}

func referenceParseMessage(b []byte) (Message, error) {
	var p wirepb.Message
	if err := unmarshal(b, messageShape, &p); err != nil {
		return Message{}, err
	}
	m, err := messageFromPB(&p)
	if err == nil {
		err = checkMessage(&m)
	}
	return m, err
}

// A numbered request or reply has the number that it has on its connection.
type numbered[T any] struct {
	id uint64
	r  T
}

func referenceParseRequest(b []byte) (r numbered[ClientRequest], err error) {
	var p wirepb.ClientRequest
	if err := unmarshal(b, clientRequestShape, &p); err != nil {
		return r, err
	}
	switch body := p.Body.(type) {
	case *wirepb.ClientRequest_Get:
		r.r = getFromPB(body.Get)
	case *wirepb.ClientRequest_Put:
		r.r = putFromPB(body.Put)
	case *wirepb.ClientRequest_Membership:
		r.r = MembershipRequest{Request: body.Membership.GetRequest()}
	case *wirepb.ClientRequest_List:
		r.r = ListRequest{
			Request: body.List.GetRequest(), Prefix: bytesFromPB(body.List.GetPrefix()), After: bytesFromPB(body.List.GetAfter()),
		}
	case *wirepb.ClientRequest_Forget:
		r.r = ForgetRequest{Request: body.Forget.GetRequest(), Key: bytesFromPB(body.Forget.GetKey())}
	default:
		return r, errors.New("no body")
	}
	r.id = p.Id
	return r, checkRequest(r.r)
}

func referenceParseReply(b []byte) (r numbered[ClientReply], err error) {
	var p wirepb.ClientReply
	if err := unmarshal(b, clientReplyShape, &p); err != nil {
		return r, err
	}
	switch body := p.Body.(type) {
	case *wirepb.ClientReply_Get:
		r.r, err = getReplyFromPB(body.Get)
	case *wirepb.ClientReply_Put:
		r.r, err = putReplyFromPB(body.Put)
	case *wirepb.ClientReply_Membership:
		r.r, err = membershipReplyFromPB(body.Membership)
	case *wirepb.ClientReply_List:
		r.r, err = listReplyFromPB(body.List)
	case *wirepb.ClientReply_Forget:
		r.r, err = forgetReplyFromPB(body.Forget)
	default:
		err = errors.New("no body")
	}
	r.id = p.Id
	return r, err
}

func referenceParseContext(b []byte) (Context, error) {
	if err := contextShape.scan(b); err != nil {
		return Context{}, err
	}
	var p wirepb.Context
	if err := proto.Unmarshal(b, &p); err != nil {
		return Context{}, err
	}
	c, err := clockFromPB(p.Clock)
	if err == nil {
		err = first(checkClock(c), checkOptionalName("fastest", p.Fastest))
	}
	return Context{Clock: c, Time: int64(p.Time), Fastest: p.Fastest}, err
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
