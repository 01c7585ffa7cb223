package rpb

import "google.golang.org/protobuf/proto"

// A Code says which message a frame has.
type Code byte

// The codes of the messages that ringside knows.
const (
	CodeError             Code = 0
	CodePingReq           Code = 1
	CodePingResp          Code = 2
	CodeGetClientIDReq    Code = 3
	CodeGetClientIDResp   Code = 4
	CodeSetClientIDReq    Code = 5
	CodeSetClientIDResp   Code = 6
	CodeServerInfoReq     Code = 7
	CodeServerInfoResp    Code = 8
	CodeGetReq            Code = 9
	CodeGetResp           Code = 10
	CodePutReq            Code = 11
	CodePutResp           Code = 12
	CodeDelReq            Code = 13
	CodeDelResp           Code = 14
	CodeListBucketsReq    Code = 15
	CodeListBucketsResp   Code = 16
	CodeListKeysReq       Code = 17
	CodeListKeysResp      Code = 18
	CodeGetBucketReq      Code = 19
	CodeGetBucketResp     Code = 20 // also of CodeGetBucketTypeReq
	CodeSetBucketReq      Code = 21
	CodeSetBucketResp     Code = 22 // also of CodeSetBucketTypeReq
	CodeMapRedReq         Code = 23 // not supported
	CodeIndexReq          Code = 25 // not supported
	CodeResetBucketReq    Code = 29
	CodeResetBucketResp   Code = 30
	CodeGetBucketTypeReq  Code = 31
	CodeSetBucketTypeReq  Code = 32
	CodePreflistReq       Code = 33
	CodePreflistResp      Code = 34
	CodeCounterUpdateReq  Code = 50 // not supported
	CodeCounterGetReq     Code = 52 // not supported
	CodeDataTypeFetchReq  Code = 80 // not supported
	CodeDataTypeUpdateReq Code = 82 // not supported
)

// bodies has the type of the body by code. A code with a nil type has an empty body.
var bodies = map[Code]func() proto.Message{
	CodeError:            func() proto.Message { return new(Error) },
	CodePingReq:          nil,
	CodePingResp:         nil,
	CodeGetClientIDReq:   nil,
	CodeGetClientIDResp:  func() proto.Message { return new(ClientID) },
	CodeSetClientIDReq:   func() proto.Message { return new(ClientID) },
	CodeSetClientIDResp:  nil,
	CodeServerInfoReq:    nil,
	CodeServerInfoResp:   func() proto.Message { return new(ServerInfo) },
	CodeGetReq:           func() proto.Message { return new(GetReq) },
	CodeGetResp:          func() proto.Message { return new(GetResp) },
	CodePutReq:           func() proto.Message { return new(PutReq) },
	CodePutResp:          func() proto.Message { return new(PutResp) },
	CodeDelReq:           func() proto.Message { return new(DelReq) },
	CodeDelResp:          nil,
	CodeListBucketsReq:   func() proto.Message { return new(ListBucketsReq) },
	CodeListBucketsResp:  func() proto.Message { return new(ListBucketsResp) },
	CodeListKeysReq:      func() proto.Message { return new(ListKeysReq) },
	CodeListKeysResp:     func() proto.Message { return new(ListKeysResp) },
	CodeGetBucketReq:     func() proto.Message { return new(BucketReq) },
	CodeGetBucketResp:    func() proto.Message { return new(BucketResp) },
	CodeSetBucketReq:     func() proto.Message { return new(SetBucketReq) },
	CodeSetBucketResp:    nil,
	CodeResetBucketReq:   func() proto.Message { return new(BucketReq) },
	CodeResetBucketResp:  nil,
	CodeGetBucketTypeReq: func() proto.Message { return new(BucketTypeReq) },
	CodeSetBucketTypeReq: func() proto.Message { return new(SetBucketTypeReq) },
	CodePreflistReq:      func() proto.Message { return new(PreflistReq) },
	CodePreflistResp:     func() proto.Message { return new(PreflistResp) },
}

// NewBody returns an empty message of the type that a frame with the code has, nil if the code's
// body is empty. known is false for a code that ringside does not know.
func NewBody(c Code) (body proto.Message, known bool) {
	newBody, known := bodies[c]
	if newBody == nil {
		return nil, known
	}
	return newBody(), true
}

// DecodeBody decodes a body into m. It skips fields that m does not have.
func DecodeBody(body []byte, m proto.Message) error {
	return proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, m)
}
