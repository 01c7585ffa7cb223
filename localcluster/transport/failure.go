package transport

import (
	"fmt"

	"ringside/engine/wire"
)

// MaxRequest bounds a client's request in bytes. It is above a put of the largest value, key and
// context.
const MaxRequest = wire.MaxValue + wire.MaxKey + wire.MaxToken + 4<<10

// Failure returns the reply that req failed. unknown means that req may have been carried out all
// the same. Only a put can say so.
func Failure(req wire.ClientRequest, code wire.Code, unknown bool, message string) wire.ClientReply {
	switch r := req.(type) {
	case wire.GetRequest:
		return wire.GetReply{Request: r.Request, Err: code, Message: message}
	case wire.PutRequest:
		return wire.PutReply{Request: r.Request, Err: code, Message: message, Unknown: unknown}
	case wire.ListRequest:
		return wire.ListReply{Request: r.Request, Err: code, Message: message}
	case wire.ForgetRequest:
		return wire.ForgetReply{Request: r.Request, Err: code, Message: message}
	case wire.MembershipRequest:
		return wire.MembershipReply{Request: r.Request, Err: code, Message: message}
	}
	panic(fmt.Sprintf("transport: unknown request %T", req))
}
