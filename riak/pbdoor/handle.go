package pbdoor

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// What Riak says where its code crashes. It closes the connection then.
const (
	crashedOnCall = "Error processing incoming message: error:function_clause"
	crashedOnBody = "Error processing incoming message: error:{gpb_error,undecodable}"
)

// unsupported has Riak's errors for requests that ringside does not support, as a Riak without the
// feature says them.
var unsupported = map[rpb.Code]string{
	rpb.CodeMapRedReq:         "{unknown_content_type,not_supported}",
	rpb.CodeIndexReq:          "{error,{indexes_not_supported,riak_kv_bitcask_backend}}",
	rpb.CodeCounterUpdateReq:  `"Counters require bucket property 'allow_mult=true'"`,
	rpb.CodeCounterGetReq:     `"Counters require bucket property 'allow_mult=true'"`,
	rpb.CodeDataTypeFetchReq:  "`undefined` is not a supported type",
	rpb.CodeDataTypeUpdateReq: "Bucket datatype `undefined` is not a supported type",
}

// handlers has the function that serves a request by its code.
var handlers = map[rpb.Code]func(c *connection, m proto.Message) error{
	rpb.CodePingReq:          func(c *connection, _ proto.Message) error { return c.send(rpb.CodePingResp, nil) },
	rpb.CodeGetClientIDReq:   (*connection).getClientID,
	rpb.CodeSetClientIDReq:   (*connection).setClientID,
	rpb.CodeServerInfoReq:    (*connection).serverInfo,
	rpb.CodeGetReq:           (*connection).get,
	rpb.CodePutReq:           (*connection).put,
	rpb.CodeDelReq:           (*connection).del,
	rpb.CodeListBucketsReq:   (*connection).listBuckets,
	rpb.CodeListKeysReq:      (*connection).listKeys,
	rpb.CodeGetBucketReq:     (*connection).getProps,
	rpb.CodeSetBucketReq:     (*connection).setProps,
	rpb.CodeResetBucketReq:   (*connection).resetProps,
	rpb.CodeGetBucketTypeReq: (*connection).getTypeProps,
	rpb.CodeSetBucketTypeReq: (*connection).setTypeProps,
	rpb.CodePreflistReq:      (*connection).preflist,
}

// otherReplies are the codes of replies of services that are not supported.
var otherReplies = []rpb.Code{24, 26, 41, 51, 53, 81, 83}

// handle serves one request.
func (c *connection) handle(code rpb.Code, body []byte) error {
	handler := handlers[code]
	if handler == nil {
		if text := unsupported[code]; text != "" {
			return c.sendError(text)
		}
		if _, known := rpb.NewBody(code); known && code != rpb.CodeError || slices.Contains(otherReplies, code) {
			return c.fatal(crashedOnCall) // a reply, sent as a request
		}
		return c.sendError(fmt.Sprintf("Unknown message code: %d", code))
	}
	m, _ := rpb.NewBody(code)
	if m != nil && rpb.DecodeBody(body, m) != nil {
		return c.fatal(crashedOnBody)
	}
	return handler(c, m)
}

func (c *connection) getClientID(proto.Message) error {
	return c.send(rpb.CodeGetClientIDResp, &rpb.ClientID{ClientId: c.clientID})
}

func (c *connection) setClientID(m proto.Message) error {
	c.clientID = m.(*rpb.ClientID).ClientId
	return c.send(rpb.CodeSetClientIDResp, nil)
}

func (c *connection) serverInfo(proto.Message) error {
	return c.send(rpb.CodeServerInfoResp,
		&rpb.ServerInfo{Node: []byte(c.s.o.Node), ServerVersion: []byte(kv.ServerVersion)})
}

func (c *connection) get(m proto.Message) error {
	req := m.(*rpb.GetReq)
	o := kv.GetOptions{R: req.R, PR: req.Pr, BasicQuorum: req.BasicQuorum, NotFoundOK: req.NotfoundOk,
		IfModified: req.IfModified, Head: req.GetHead(),
		Common: common(req.NVal, req.NodeConfirms, req.SloppyQuorum, req.Timeout)}
	found, err := c.s.o.Store.Get(c.s.ctx, nameOf(req.Type, req.Bucket, req.Key), o)
	if err != nil {
		return c.fail(err)
	}
	reply := &rpb.GetResp{}
	switch {
	case found.Unchanged:
		reply.Unchanged = proto.Bool(true)
	case found.Deleted && req.GetDeletedvclock():
		reply.Vclock = found.VClock
	case !found.Deleted:
		reply.Content, reply.Vclock = contents(found), found.VClock
	}
	return c.send(rpb.CodeGetResp, reply)
}

func (c *connection) put(m proto.Message) error {
	req := m.(*rpb.PutReq)
	o := kv.PutOptions{VClock: req.Vclock, W: req.W, DW: req.Dw, PW: req.Pw, IfNotModified: req.GetIfNotModified(),
		IfNoneMatch: req.GetIfNoneMatch(), ReturnBody: req.GetReturnBody(), ReturnHead: req.GetReturnHead(),
		Common: common(req.NVal, req.NodeConfirms, req.SloppyQuorum, req.Timeout)}
	reply := &rpb.PutResp{}
	name := nameOf(req.Type, req.Bucket, req.Key)
	if req.Key == nil {
		name.Key = kv.NewKey()
		reply.Key = []byte(name.Key)
	}
	written, err := c.s.o.Store.Put(c.s.ctx, name, contentOf(req.Content), o)
	if err != nil {
		return c.fail(err)
	}
	reply.Content, reply.Vclock = contents(written), written.VClock
	return c.send(rpb.CodePutResp, reply)
}

func (c *connection) del(m proto.Message) error {
	req := m.(*rpb.DelReq)
	o := kv.DeleteOptions{VClock: req.Vclock, RW: req.Rw, R: req.R, PR: req.Pr, W: req.W, DW: req.Dw, PW: req.Pw,
		Common: common(req.NVal, nil, req.SloppyQuorum, req.Timeout)}
	if err := c.s.o.Store.Delete(c.s.ctx, nameOf(req.Type, req.Bucket, req.Key), o); err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeDelResp, nil)
}
