package target

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// A Cluster is a cluster of Riak as the commands see it. Its methods that Riak has no interface for
// return a *usage.Error. It is safe for concurrent use.
type Cluster struct {
	client   *Client
	requests atomic.Uint64
}

// Open returns the cluster at an address. It connects with the first request.
func Open(a Address) *Cluster { return &Cluster{client: New(a)} }

// Address returns the address of the cluster.
func (c *Cluster) Address() Address { return c.client.address }

// Close closes the connections.
func (c *Cluster) Close() { c.client.Close() }

// Do sends a GetRequest or a PutRequest to the host or node called via, or to any host. A request
// that Riak refuses is not an error; the reply has the code. NoRepair is ignored: each get of Riak
// repairs stale replicas.
func (c *Cluster) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	switch r := req.(type) {
	case wire.GetRequest:
		return c.get(ctx, via, r)
	case wire.PutRequest:
		return c.write(ctx, via, r)
	}
	return nil, unsupported("this request")
}

func (c *Cluster) get(ctx context.Context, via string, r wire.GetRequest) (wire.ClientReply, error) {
	name, err := c.Address().object(r.Key)
	if err != nil {
		return nil, err
	}
	reply := wire.GetReply{Request: c.requests.Add(1)}
	resp := &rpb.GetResp{}
	reply.Coordinator, err = c.client.do(ctx, via, exchange{code: rpb.CodeGetReq, reply: rpb.CodeGetResp, again: true,
		body: c.getReq(name, r.Quorum), take: into(resp)})
	if err != nil {
		reply.Err, reply.Message, _, err = failure(err, false, false)
		return reply, err
	}
	if reply.Siblings, reply.Tombstones, err = versions(resp.Content); err != nil {
		return nil, err
	}
	reply.Context = resp.Vclock
	if len(resp.Content) == 0 && len(resp.Vclock) > 0 { // a tombstone is all there is
		_, reply.Tombstones, err = versions([]*rpb.Content{{Deleted: proto.Bool(true)}})
	}
	return reply, err
}

func (c *Cluster) getReq(n kv.Name, q wire.Quorum) *rpb.GetReq {
	return &rpb.GetReq{Bucket: []byte(n.Bucket), Key: []byte(n.Key), Type: typeField(n.Type), R: number(q.R),
		Pr: number(q.PR), NVal: number(q.N), SloppyQuorum: unlessStrict(q), Deletedvclock: proto.Bool(true),
		Timeout: c.client.limit()}
}

func (c *Cluster) write(ctx context.Context, via string, r wire.PutRequest) (wire.ClientReply, error) {
	name, err := c.Address().object(r.Key)
	if err != nil {
		return nil, err
	}
	reply := wire.PutReply{Request: c.requests.Add(1)}
	switch {
	case r.Overwrite:
		return nil, unsupported("a put that replaces what its context does not cover: set last_write_wins of the bucket")
	case r.Delete && len(r.Context) == 0: // Riak would read first, and delete what no client has seen
		reply.Err, reply.Message = wire.BadRequest, "the context of the delete covers nothing; get the key again"
		return reply, nil
	}
	resp := &rpb.PutResp{}
	x := exchange{code: rpb.CodePutReq, reply: rpb.CodePutResp, take: into(resp)}
	if r.Delete {
		x = exchange{code: rpb.CodeDelReq, reply: rpb.CodeDelResp, body: c.delReq(name, r)}
	} else if x.body, err = c.putReq(name, r); err != nil {
		return nil, err
	}
	reply.Coordinator, err = c.client.do(ctx, via, x)
	if err != nil {
		reply.Err, reply.Message, reply.Unknown, err = failure(err, true, len(r.Context) > 0)
		return reply, err
	}
	if r.Delete {
		return c.afterDelete(ctx, reply, r), nil
	}
	live, deleted, err := versions(resp.Content)
	if err != nil {
		return nil, err
	}
	reply.Context, reply.Siblings, reply.Deletes = resp.Vclock, len(live), len(deleted)
	if len(live) == 1 && len(deleted) == 0 {
		reply.Version = live[0]
		reply.Version.Value = nil
	}
	return reply, nil
}

func (c *Cluster) putReq(n kv.Name, r wire.PutRequest) (*rpb.PutReq, error) {
	body, err := content(r.Value, r.Meta)
	if err != nil {
		return nil, usage.Errorf("put: %w", err)
	}
	return &rpb.PutReq{Bucket: []byte(n.Bucket), Key: []byte(n.Key), Type: typeField(n.Type), Vclock: r.Context,
		Content: body, W: number(r.Quorum.W), Dw: number(r.Quorum.W), Pw: number(r.Quorum.PW), NVal: number(r.Quorum.N),
		SloppyQuorum: unlessStrict(r.Quorum), ReturnHead: proto.Bool(true), Timeout: c.client.limit()}, nil
}

func (c *Cluster) delReq(n kv.Name, r wire.PutRequest) *rpb.DelReq {
	return &rpb.DelReq{Bucket: []byte(n.Bucket), Key: []byte(n.Key), Type: typeField(n.Type), Vclock: r.Context,
		W: number(r.Quorum.W), Dw: number(r.Quorum.W), Pw: number(r.Quorum.PW), NVal: number(r.Quorum.N),
		SloppyQuorum: unlessStrict(r.Quorum), Timeout: c.client.limit()}
}

// afterDelete adds what is left of the key to the reply to a delete that succeeded, unless it
// cannot be read.
func (c *Cluster) afterDelete(ctx context.Context, reply wire.PutReply, r wire.PutRequest) wire.PutReply {
	reply.Context, reply.Deletes = r.Context, 1
	left, err := c.get(ctx, "", wire.GetRequest{Key: r.Key})
	g, ok := left.(wire.GetReply)
	if err != nil || !ok || g.Err != wire.OK {
		return reply
	}
	reply.Siblings, reply.Deletes = len(g.Siblings), len(g.Tombstones)
	if len(g.Context) > 0 {
		reply.Context = g.Context
	}
	return reply
}

// failure returns the code and the message of a reply for an error of the client. Errors that are
// no answer to the request stay errors.
func failure(err error, write, context bool) (code wire.Code, message string, unknown bool, _ error) {
	var refusal *Refusal
	var silent *Silence
	switch {
	case errors.As(err, &refusal):
		v := judge(refusal.Text, write, context)
		if !v.known {
			return 0, "", false, fmt.Errorf("riak: %w", err)
		}
		return v.code, refusal.Host + ": " + v.message, v.unknown, nil
	case errors.As(err, &silent):
		return wire.QuorumNotReached, silent.Error(), write, nil
	}
	return 0, "", false, err
}

// number returns a field of a request, nil for the bucket's own number.
func number(n int) *uint32 {
	if n == 0 {
		return nil
	}
	return proto.Uint32(uint32(n))
}

func unlessStrict(q wire.Quorum) *bool {
	if !q.Strict {
		return nil
	}
	return proto.Bool(false)
}

// typeField returns the field type of a request. Requests without it mean the default type.
func typeField(typ string) []byte {
	if typ == kv.DefaultType {
		return nil
	}
	return []byte(typ)
}

func unsupported(what string) error {
	return usage.Errorf("the interface of Riak has nothing for %s", what)
}

func shown(s string) string { return escape.TerminalShort([]byte(s), maxShown) }

// Fault implements verbs.Cluster.
func (c *Cluster) Fault(context.Context, fault.Fault) error { return unsupported("faults") }

// Member implements verbs.Cluster.
func (c *Cluster) Member(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, unsupported("changes of the members")
}

// CheckMember implements verbs.Cluster.
func (c *Cluster) CheckMember(context.Context, member.Request) (member.Change, error) {
	return member.Change{}, unsupported("changes of the members")
}

// Compare implements verbs.Cluster.
func (c *Cluster) Compare(context.Context, bool, ...event.Span) ([]event.Event, error) {
	return nil, unsupported("the comparison of replicas")
}

// Snapshot implements verbs.Cluster.
func (c *Cluster) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	return nil, unsupported("the state of nodes and replicas")
}

// Events implements verbs.Cluster.
func (c *Cluster) Events(context.Context, event.Query, func([]event.Event) error) error {
	return unsupported("events")
}

// Down implements verbs.Cluster.
func (c *Cluster) Down(context.Context) error { return unsupported("taking the cluster down") }
