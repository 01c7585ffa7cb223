package ringsidetest

import (
	"context"
	"fmt"

	"ringside/engine/wire"
)

// A Quorum is what one request asks for (§4.5). A zero R or W stands for the cluster's.
type Quorum = wire.Quorum

// A Client sends requests to the cluster over TCP. It has no state: a context is passed on by its
// user, as the paper has it (§4.1). Get, Put and Del have no types of this package, so an
// application can describe a Client by an interface of its own.
type Client struct {
	c      *Cluster
	via    string
	quorum Quorum
}

// Client returns a client whose requests go to a running node that the cluster chooses, as a load
// balancer would.
func (c *Cluster) Client() *Client { return &Client{c: c} }

// Via returns a client whose requests go to one node. During a partition it is on that node's side.
func (k *Client) Via(node string) *Client {
	out := *k
	out.via = node
	return &out
}

// Quorum returns a client whose requests ask for q.
func (k *Client) Quorum(q Quorum) *Client {
	out := *k
	out.quorum = q
	return &out
}

// Get reads a key. values are its siblings in the order of their clocks: none if the key is absent,
// and several after concurrent writes. The context covers all of them, and belongs to the next Put
// or Del of the key. A request that fails returns a *RequestError.
func (k *Client) Get(ctx context.Context, key string) (values [][]byte, token []byte, err error) {
	return k.get(ctx, wire.GetRequest{Key: []byte(key), Quorum: k.quorum})
}

// Look reads a key as Get does, and repairs no stale replica.
func (k *Client) Look(ctx context.Context, key string) (values [][]byte, token []byte, err error) {
	return k.get(ctx, wire.GetRequest{Key: []byte(key), Quorum: k.quorum, NoRepair: true})
}

func (k *Client) get(ctx context.Context, req wire.GetRequest) ([][]byte, []byte, error) {
	reply, err := k.do(ctx, "get", string(req.Key), req)
	if err != nil {
		return nil, nil, err
	}
	r, ok := reply.(wire.GetReply)
	if !ok {
		return nil, nil, fmt.Errorf("get: the cluster answered with %T", reply)
	}
	k.c.note(r.Request)
	if r.Err != wire.OK {
		return nil, nil, &RequestError{Op: "get", Key: string(req.Key), Via: k.via, Code: r.Err, Message: r.Message,
			Missing: r.Missing, Request: r.Request}
	}
	return valuesOf(r), r.Context, nil
}

// valuesOf returns copies of the values of a reply. None of them is nil.
func valuesOf(r wire.GetReply) [][]byte {
	out := make([][]byte, len(r.Siblings))
	for i, v := range r.Siblings {
		out[i] = append([]byte{}, v.Value...)
	}
	return out
}

// Put writes a value with the context of an earlier request for the key. The new version descends
// from all versions that the context covers. Without a context the write is blind, and its version
// is a sibling of what is there. The returned context covers the new version also. After a
// *RequestError with Unknown the write may have happened.
func (k *Client) Put(ctx context.Context, key string, value, token []byte) ([]byte, error) {
	return k.put(ctx, "put", wire.PutRequest{Key: []byte(key), Value: value, Context: token, Quorum: k.quorum})
}

// Del deletes what the context covers. Concurrent values stay.
func (k *Client) Del(ctx context.Context, key string, token []byte) ([]byte, error) {
	return k.put(ctx, "del", wire.PutRequest{Key: []byte(key), Delete: true, Context: token, Quorum: k.quorum})
}

func (k *Client) put(ctx context.Context, op string, req wire.PutRequest) ([]byte, error) {
	reply, err := k.do(ctx, op, string(req.Key), req)
	if err != nil {
		return nil, err
	}
	r, ok := reply.(wire.PutReply)
	if !ok {
		return nil, fmt.Errorf("%s: the cluster answered with %T", op, reply)
	}
	k.c.note(r.Request)
	if r.Err != wire.OK {
		return nil, &RequestError{Op: op, Key: string(req.Key), Via: k.via, Code: r.Err, Message: r.Message,
			Unknown: r.Unknown, Missing: r.Missing, Request: r.Request}
	}
	return r.Context, nil
}

// do sends a request, and keeps the events that it caused, also if ctx ends after the answer: an
// answer is never withheld.
func (k *Client) do(ctx context.Context, op, key string, req wire.ClientRequest) (wire.ClientReply, error) {
	reply, err := k.c.cluster.Do(ctx, k.via, req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", op, shown(key), err)
	}
	return reply, k.c.catchUp(context.WithoutCancel(ctx))
}

// A RequestError is the answer of a request that failed.
type RequestError struct {
	Op      string    // get, put or del
	Key     string    // of the request
	Via     string    // the node that was asked; "" for one that the cluster chose
	Code    wire.Code // such as wire.QuorumNotReached
	Message string    // the cause, and what to do
	Unknown bool      // the write may have happened nevertheless
	Missing []string  // the nodes that were needed and did not answer
	Request uint64    // the number of the request in the events
}

// Error returns the operation, the cause and what to do.
func (e *RequestError) Error() string {
	via := ""
	if e.Via != "" {
		via = " via " + e.Via
	}
	maybe := ""
	if e.Unknown {
		maybe = "; the write may have happened nevertheless"
	}
	return fmt.Sprintf("%s %s%s: %v: %s%s", e.Op, shown(e.Key), via, e.Code, e.Message, maybe)
}
