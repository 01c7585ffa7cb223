package localcluster

import (
	"context"
	"fmt"
	"sync/atomic"

	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/control"
	"ringside/localcluster/transport"
)

// Do sends a client's request over TCP to the node called via. If via is "", Do chooses the first
// running node of the key's preference list, as a load balancer would, and that node finds a put's
// coordinator. A request that the cluster answers with a failure is not an error: see the reply's
// Err.
func (c *Cluster) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.ctx.Err() != nil {
		return nil, control.ErrStopped
	}
	asked := req
	req, key := c.number(asked)
	if req == nil {
		return nil, usage.Errorf("invalid request: clients send no %T", asked)
	}
	if via == "" {
		if via = c.registry.firstRunning(key); via == "" {
			return c.explain(transport.Failure(req, wire.NodeDown, false,
				c.registry.noneTakesRequests("", "node", "start one with restart NODE"))), nil
		}
		if put, ok := req.(wire.PutRequest); ok {
			put.Balanced = true
			req = put
		}
	}
	n := c.registry.node(via)
	if n == nil {
		return nil, c.registry.unknownNode(via)
	}
	if n.current.Load() == nil {
		return c.explain(transport.Failure(req, wire.NodeDown, false,
			fmt.Sprintf("%s is down; start it with restart %s, or ask another node", via, via))), nil
	}
	reply, err := c.client.Do(ctx, n.name, req)
	return c.explain(reply), err
}

// noneTakesRequests returns why no node of a kind takes requests, and what to do: restart, or the
// command that resumes a paused node. other is "" or "other ".
func (r *registry) noneTakesRequests(other, kind, restart string) string {
	for _, n := range r.nodes() {
		if i := n.current.Load(); i != nil && i.paused.Load() {
			return fmt.Sprintf("every %srunning %s is paused; let one go on with resume %s", other, kind, n.name)
		}
	}
	return fmt.Sprintf("no %s%s is running; %s", other, kind, restart)
}

// number gives the request its number if it has none, and returns its key. It returns nil for a
// request of another type.
func (c *Cluster) number(req wire.ClientRequest) (wire.ClientRequest, []byte) {
	switch r := req.(type) {
	case wire.GetRequest:
		numbered(&r.Request, &c.requests)
		return r, r.Key
	case wire.PutRequest:
		numbered(&r.Request, &c.requests)
		return r, r.Key
	case wire.ForgetRequest:
		numbered(&r.Request, &c.requests)
		return r, r.Key
	case wire.ListRequest:
		numbered(&r.Request, &c.requests)
		return r, nil
	case wire.MembershipRequest:
		return r, nil
	}
	return nil, nil
}

// Running returns the names of the nodes that take requests now.
func (c *Cluster) Running() []string {
	var out []string
	for _, n := range c.registry.nodes() {
		if n.working() != nil {
			out = append(out, n.name)
		}
	}
	return out
}

// Settings returns the cluster's settings. The caller must not change the slices in it.
func (c *Cluster) Settings() settings.Cluster { return c.registry.settings() }

// numbered gives a request the number after last if it has none.
func numbered(request *uint64, last *atomic.Uint64) {
	if *request == 0 {
		*request = last.Add(1)
	}
}
