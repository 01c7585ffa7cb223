package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/transport"
)

// PollEvery is how often a partition-aware client asks for the membership: as often as the paper's
// clients. A client that learns that it is stale asks at once.
const PollEvery = 10 * time.Second

// A PartitionAwareClient knows the ring and sends requests to the homes of their keys
// (client-driven coordination, §6.4): "the client periodically picks a random Dynamo node and
// downloads its current view of Dynamo membership state". It learns the membership from the nodes
// alone, like a client on another machine. It is safe for concurrent use.
type PartitionAwareClient struct {
	net        network
	ringConfig ring.Config
	ctx        context.Context // ends with Close
	cancel     context.CancelFunc
	wg         sync.WaitGroup

	mu         sync.Mutex
	history    member.History
	view       uint64 // the digest of history
	ring       *ring.Ring
	refreshing bool // a refresh is under way
	polls      int  // downloads because PollEvery was over
	refreshes  int  // downloads because the client was stale
}

// NewPartitionAware returns a client that knows the ring as some node knows it now. It polls until
// it is closed. A hop takes that much longer than loopback. A request makes one hop each way. ctx
// bounds the first download.
func NewPartitionAware(ctx context.Context, c Cluster, hop time.Duration) (*PartitionAwareClient, error) {
	return newPartitionAware(ctx, c, hop, PollEvery)
}

func newPartitionAware(ctx context.Context, c Cluster, hop, every time.Duration) (*PartitionAwareClient, error) {
	p := &PartitionAwareClient{net: network{c, hop}, ringConfig: c.Settings().RingConfig()}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.download(ctx, c.Running()); err != nil {
		p.cancel()
		return nil, err
	}
	p.wg.Go(func() { p.poll(every) })
	return p, nil
}

// Close ends the polling and waits for its end.
func (p *PartitionAwareClient) Close() {
	p.mu.Lock() // no refresh begins from now on
	p.cancel()
	p.mu.Unlock()
	p.wg.Wait()
}

// poll downloads the membership from time to time.
func (p *PartitionAwareClient) poll(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-p.ctx.Done():
			return
		}
		p.mu.Lock()
		p.polls++
		p.mu.Unlock()
		_ = p.download(p.ctx, p.members()) // after a failure the next poll asks another node
	}
}

// members returns the names of the members that the client knows.
func (p *PartitionAwareClient) members() []string {
	_, r := p.state()
	var out []string
	for _, m := range r.Members() {
		out = append(out, m.Name)
	}
	return out
}

// download asks one of nodes, at random, for its view of the membership. If the node does not
// answer, download asks another one.
func (p *PartitionAwareClient) download(ctx context.Context, nodes []string) error {
	nodes = slices.Clone(nodes)
	rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	last := errors.New("no node is running")
	for _, n := range nodes {
		r, err := p.net.do(ctx, 1, n, wire.MembershipRequest{})
		m, ok := r.(wire.MembershipReply)
		switch {
		case err != nil:
			last = err
		case !ok || m.Err != wire.OK:
			last = fmt.Errorf("%s refused: %s", n, m.Message)
		default:
			p.learn(m.Changes)
			if _, r := p.state(); r != nil {
				return nil
			}
			last = fmt.Errorf("%s knows no ring yet", n)
		}
	}
	return fmt.Errorf("download the membership: %w", last)
}

// learn merges a node's history into the client's, because the node's may be older.
func (p *PartitionAwareClient) learn(h member.History) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.history.Merge(h)
	if r := all.Ring(p.ringConfig); len(r.Members()) > 0 { // a node that joins may know no ring yet
		p.history, p.view, p.ring = all, all.Digest(), r
	}
}

// state returns the ring that the client knows and its digest.
func (p *PartitionAwareClient) state() (view uint64, r *ring.Ring) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.view, p.ring
}

// Do sends the request to the first of the key's homes that takes it. If no home does, Do tries the
// rest of the preference list.
func (p *PartitionAwareClient) Do(ctx context.Context, req wire.ClientRequest) (reply wire.ClientReply, err error) {
	view, r := p.state()
	var key []byte
	switch q := req.(type) {
	case wire.GetRequest:
		q.Digest, key = view, q.Key
		req = q
	case wire.PutRequest:
		q.Digest, key = view, q.Key
		req = q
	default:
		return nil, usage.Errorf("invalid request: want a GetRequest or a PutRequest")
	}
	existing := p.net.cluster.Settings().Nodes
	for _, n := range r.Preference(key) {
		if !slices.Contains(existing, n) {
			continue // the node has left, and the client has not learnt of that yet
		}
		reply, err = p.net.do(ctx, 1, n, req)
		if err != nil {
			return nil, err
		}
		code, unknown, newer := outcome(reply)
		if newer != 0 {
			p.refresh(n)
		}
		if code != wire.NodeDown || unknown {
			return reply, nil
		}
	}
	if reply == nil {
		reply = transport.Failure(req, wire.NodeDown, false, "no node of the ring exists")
	}
	return reply, nil
}

// outcome returns the code of a reply, and whether the request may have been carried out all the
// same. newer is the node's view if the client's is stale, 0 otherwise.
func outcome(r wire.ClientReply) (code wire.Code, unknown bool, newer uint64) {
	switch r := r.(type) {
	case wire.GetReply:
		return r.Err, false, r.Digest
	case wire.PutReply:
		return r.Err, r.Unknown, r.Digest
	}
	return wire.OK, false, 0
}

// refresh downloads the membership from a node that knows a newer ring, unless a refresh is under
// way.
func (p *PartitionAwareClient) refresh(node string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refreshing || p.ctx.Err() != nil {
		return
	}
	p.refreshing = true
	p.refreshes++
	p.wg.Go(func() {
		_ = p.download(p.ctx, []string{node})
		p.mu.Lock()
		defer p.mu.Unlock()
		p.refreshing = false
	})
}
