package localcluster

import (
	"context"
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

// §6.4 Client-driven or Server-driven Coordination. A client reaches the cluster through
// a Balancer, which hands each request to some node, or with a Library, which knows the
// ring and goes to one of the key's homes itself: "the client periodically picks a random Dynamo
// node and downloads its current view of Dynamo membership state".

// PollEvery is how often a library asks for the membership, as often as the paper's clients do; one that
// finds itself stale asks at once.
const PollEvery = 10 * time.Second

// hopPause waits for what a hop of the network takes.
func hopPause(ctx context.Context, d time.Duration) error {
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

// doOver is Cluster.Do over a number of hops, each way, beside what loopback takes.
func (c *Cluster) doOver(ctx context.Context, hops int, hop time.Duration, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	if err := hopPause(ctx, time.Duration(hops)*hop); err != nil {
		return nil, err
	}
	r, err := c.Do(ctx, via, req)
	if err != nil {
		return nil, err
	}
	return r, hopPause(ctx, time.Duration(hops)*hop)
}

// A Balancer is a load balancer in front of a cluster: one more hop for every request, and
// then whichever node (server-driven coordination).
type Balancer struct {
	c   *Cluster
	hop time.Duration
}

// Balancer returns a load balancer. A hop of the network, of which a request makes two each way
// to a node, takes that much longer than loopback.
func (c *Cluster) Balancer(hop time.Duration) *Balancer { return &Balancer{c, hop} }

// Do hands the request to a running node, chosen at random.
func (b *Balancer) Do(ctx context.Context, req wire.ClientRequest) (wire.ClientReply, error) {
	nodes := b.c.running()
	if len(nodes) == 0 {
		return transport.Failure(req, wire.NodeDown, false, "no node is running; start one with restart NODE"), nil
	}
	return b.c.doOver(ctx, 2, b.hop, nodes[rand.IntN(len(nodes))], req)
}

// running are the nodes that run now.
func (c *Cluster) running() []string {
	var out []string
	for _, n := range c.roll.nodes() {
		if n.working() != nil {
			out = append(out, n.name)
		}
	}
	return out
}

// A Library is a partition-aware client (client-driven coordination). It learns the membership
// from the nodes alone, as a client on another machine would.
type Library struct {
	c     *Cluster
	hop   time.Duration
	ringC ring.Config

	mu      sync.Mutex
	history member.History
	view    uint64 // its digest
	ring    *ring.Ring
	asking  bool // a refresh at once is under way
	polls   int  // how often it asked because it was time
	updates int  // how often it asked because it was stale
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

// Library returns a client that knows the ring, as some node knows it now, and polls until
// it is closed. A hop of the network, of which a request makes one each way, takes that much longer than loopback.
func (c *Cluster) Library(ctx context.Context, hop time.Duration) (*Library, error) {
	return c.newLibrary(ctx, hop, PollEvery)
}

func (c *Cluster) newLibrary(ctx context.Context, hop, every time.Duration) (*Library, error) {
	b := &Library{c: c, hop: hop, ringC: c.roll.settings().RingConfig()}
	b.ctx, b.cancel = context.WithCancel(c.ctx)
	if err := b.download(ctx, c.running()); err != nil {
		b.cancel()
		return nil, err
	}
	b.wg.Go(func() { b.poll(every) })
	return b, nil
}

// Close ends the polling.
func (b *Library) Close() {
	b.mu.Lock() // no refresh begins any more
	b.cancel()
	b.mu.Unlock()
	b.wg.Wait()
}

// poll keeps what the library knows from growing old.
func (b *Library) poll(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-b.ctx.Done():
			return
		}
		b.mu.Lock()
		b.polls++
		b.mu.Unlock()
		_ = b.download(b.ctx, b.known()) // whoever does not answer: the next time another one
	}
}

// known are the members as the library knows them.
func (b *Library) known() []string {
	_, r := b.state()
	var out []string
	for _, m := range r.Members() {
		out = append(out, m.Name)
	}
	return out
}

// download asks one of nodes, at random, for its view of the membership, and another one if that fails.
func (b *Library) download(ctx context.Context, nodes []string) error {
	nodes = slices.Clone(nodes)
	rand.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	last := fmt.Errorf("no node is running")
	for _, n := range nodes {
		r, err := b.c.doOver(ctx, 1, b.hop, n, wire.MembershipRequest{})
		m, ok := r.(wire.MembershipReply)
		switch {
		case err != nil:
			last = err
		case !ok || m.Err != wire.OK:
			last = fmt.Errorf("%s does not tell: %s", n, m.Message)
		default:
			b.learn(m.Changes)
			if _, r := b.state(); r != nil {
				return nil
			}
			last = fmt.Errorf("%s knows no ring yet", n)
		}
	}
	return fmt.Errorf("download the membership: %w", last)
}

// learn adds what a node knows to what the library does: it may be the node that is behind.
func (b *Library) learn(h member.History) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.history.Merge(h)
	if r := all.Ring(b.ringC); len(r.Members()) > 0 { // or the node joins, and knows no ring yet
		b.history, b.view, b.ring = all, all.Digest(), r
	}
}

func (b *Library) state() (view uint64, r *ring.Ring) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.view, b.ring
}

// Do sends the request straight to the first of the key's homes that takes it, and to
// the others of the preference list if none does.
func (b *Library) Do(ctx context.Context, req wire.ClientRequest) (reply wire.ClientReply, err error) {
	view, r := b.state()
	var key []byte
	switch q := req.(type) {
	case wire.GetRequest:
		q.View, key = view, q.Key
		req = q
	case wire.PutRequest:
		q.View, key = view, q.Key
		req = q
	default:
		return nil, usage.Errorf("a request is a GetRequest or a PutRequest")
	}
	for _, n := range r.Preference(key) {
		if b.c.node(n) == nil {
			continue // it left for good, and the library knows it still
		}
		reply, err = b.c.doOver(ctx, 1, b.hop, n, req)
		if err != nil {
			return nil, err
		}
		code, unknown, stale := outcome(reply)
		if stale != 0 {
			b.refresh(n)
		}
		if code != wire.NodeDown || unknown {
			return reply, nil
		}
	}
	if reply == nil {
		reply = transport.Failure(req, wire.NodeDown, false, "no node of the ring is there")
	}
	return reply, nil
}

// outcome is how a request ended, whether it may have been carried out all the same, and the
// node's view if the client's is stale.
func outcome(r wire.ClientReply) (code wire.Code, unknown bool, view uint64) {
	switch r := r.(type) {
	case wire.GetReply:
		return r.Err, false, r.View
	case wire.PutReply:
		return r.Err, r.Unknown, r.View
	}
	return wire.OK, false, 0
}

// refresh asks the node that knew better, at once, unless somebody does so already.
func (b *Library) refresh(node string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asking || b.ctx.Err() != nil {
		return
	}
	b.asking = true
	b.updates++
	b.wg.Go(func() {
		_ = b.download(b.ctx, []string{node})
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asking = false
	})
}
