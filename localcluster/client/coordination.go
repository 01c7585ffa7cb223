package client

import (
	"context"
	"math/rand/v2"
	"time"

	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster/transport"
)

// §6.4 Client-driven or Server-driven Coordination: the Balancer. The PartitionAwareClient is in
// partitionaware.go.

// A Cluster sends requests to named nodes.
type Cluster interface {
	// Do sends the request to the node called via.
	Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error)
	// Running returns the names of the nodes that take requests now.
	Running() []string
	// Settings returns the cluster's settings; Nodes are all nodes that exist now.
	Settings() settings.Cluster
}

// A network adds the time of hops to the requests of a cluster whose nodes are all on loopback.
type network struct {
	cluster Cluster
	hop     time.Duration // one way
}

// do is Cluster.Do over a number of hops each way.
func (n network) do(ctx context.Context, hops int, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	if err := n.pause(ctx, hops); err != nil {
		return nil, err
	}
	r, err := n.cluster.Do(ctx, via, req)
	if err != nil {
		return nil, err
	}
	return r, n.pause(ctx, hops)
}

// pause waits for the time of hops.
func (n network) pause(ctx context.Context, hops int) error {
	d := time.Duration(hops) * n.hop
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A Balancer is a load balancer in front of a cluster (server-driven coordination). Each request
// takes one more hop and goes to any node.
type Balancer struct{ net network }

// NewBalancer returns a load balancer. A hop takes that much longer than loopback. A request makes
// two hops each way.
func NewBalancer(c Cluster, hop time.Duration) *Balancer { return &Balancer{network{c, hop}} }

// Do hands the request to a running node, chosen at random.
func (b *Balancer) Do(ctx context.Context, req wire.ClientRequest) (wire.ClientReply, error) {
	nodes := b.net.cluster.Running()
	if len(nodes) == 0 {
		return transport.Failure(req, wire.NodeDown, false, "no node is running; start one with restart NODE"), nil
	}
	return b.net.do(ctx, 2, nodes[rand.IntN(len(nodes))], req)
}
