package link

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

// EndpointOptions describe one incarnation of a node. Its callbacks must not block.
type EndpointOptions struct {
	Node        string
	PeerChanged func(peer string, up bool)     // a link to a peer came up or went down
	Unsent      func(m wire.Message, size int) // a message of about size bytes did not enter its link
}

// An Endpoint is the network end of one incarnation of a node. Open makes one, Run starts it,
// Detach and Close end it.
type Endpoint struct {
	o       EndpointOptions
	net     *Network
	ctx     context.Context // ends with the incarnation
	spawn   func(func())    // starts a goroutine of the incarnation
	scratch []byte          // belongs to the caller of Send

	links map[string]*link // by peer; guarded by Network.mu

	mu      sync.Mutex
	inbound map[string]*Inbound // by peer
}

// Open returns an endpoint with a link to each of peers. It runs nothing. ctx ends with the
// incarnation, and spawn starts a goroutine that the incarnation waits for.
func (n *Network) Open(ctx context.Context, spawn func(func()), peers []string, o EndpointOptions) *Endpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := &Endpoint{o: o, net: n, ctx: ctx, spawn: spawn, links: map[string]*link{}, inbound: map[string]*Inbound{}}
	for _, p := range peers {
		e.addLink(p)
	}
	return e
}

// addLink makes the link to a peer. The caller holds Network.mu.
func (e *Endpoint) addLink(peer string) *link {
	k := newLink(e, peer, e.net.conditions[fault.Link{From: e.o.Node, To: peer}])
	e.links[peer] = k
	return k
}

// ReportUnreachable reports each peer that cannot be reached now as down, so that the node knows it
// before its first request. It is called before Run.
func (e *Endpoint) ReportUnreachable() {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	for peer, k := range e.links {
		if e.net.endpoints[peer] == nil || k.cond.Cut {
			k.takeDown(nil)
		}
	}
}

// Run lets the links connect, and other nodes connect to the endpoint.
func (e *Endpoint) Run() {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	e.net.endpoints[e.o.Node] = e
	for _, k := range e.links {
		e.spawn(k.run)
	}
}

// Detach ends all connections of the endpoint. The context of the incarnation has ended. Messages
// that are still sent are lost.
func (e *Endpoint) Detach() {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if e.net.endpoints[e.o.Node] == e {
		delete(e.net.endpoints, e.o.Node)
	}
	for _, k := range e.links {
		k.takeDown(nil)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, in := range e.inbound {
		in.dead.Store(true)
	}
}

// Close gives back the memory of the endpoint. All its goroutines have ended.
func (e *Endpoint) Close() {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	for _, k := range e.links {
		k.takeDown(nil) // discards the messages that were sent since Detach
		k.out.Close()
	}
}

// Send hands messages to their links. Only the node's loop calls it.
func (e *Endpoint) Send(messages []wire.Message) {
	if len(messages) == 0 {
		return
	}
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	for _, m := range messages {
		k := e.links[m.To]
		if k == nil {
			e.o.Unsent(m, wire.MaxFrame)
			continue
		}
		payload, err := wire.AppendMessage(e.scratch[:0], m)
		if err != nil {
			k.dropped(m.Request, err.Error())
			e.o.Unsent(m, wire.MaxFrame)
			continue
		}
		if !k.enqueue(m.Request, payload) {
			e.o.Unsent(m, len(payload))
		}
		if e.scratch = payload; cap(payload) > transport.KeepBuffer {
			e.scratch = nil
		}
	}
}

// An Inbound is a connection on which a peer sends.
type Inbound struct {
	e    *Endpoint
	conn net.Conn
	peer string
	cond *fault.Condition // of the link from the peer; guarded by Network.mu
	dead atomic.Bool      // messages that are still in buffers of this end are lost
}

// Enter makes conn the connection of a peer. An earlier connection of the peer is closed. Enter
// returns nil if the peer is not a node of the cluster, or the link is cut.
func (e *Endpoint) Enter(conn net.Conn, peer string) *Inbound {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	cond := e.net.conditions[fault.Link{From: peer, To: e.o.Node}]
	if cond == nil || cond.Cut {
		return nil
	}
	in := &Inbound{e: e, conn: conn, peer: peer, cond: cond}
	e.mu.Lock()
	defer e.mu.Unlock()
	if old := e.inbound[peer]; old != nil {
		old.close()
	}
	e.inbound[peer] = in
	return in
}

// Leave forgets the connection.
func (in *Inbound) Leave() {
	in.e.mu.Lock()
	defer in.e.mu.Unlock()
	if in.e.inbound[in.peer] == in {
		delete(in.e.inbound, in.peer)
	}
}

// Deliver offers a message to the node's inbox unless the link is cut. The look at the link's
// condition and the offer are one act: once a split is on, no message that was under way arrives.
// ok is false if the connection is to be closed. delivered is false if the inbox is full.
func (in *Inbound) Deliver(to *inbox.Inbox, a inbox.Arrival) (delivered, ok bool) {
	in.e.net.mu.RLock()
	defer in.e.net.mu.RUnlock()
	if in.cond.Cut || in.dead.Load() {
		return false, false
	}
	return to.Offer(a, 1), true
}

func (in *Inbound) close() {
	in.dead.Store(true)
	_ = in.conn.Close()
}

// cut closes the connection of a peer whose link is cut. The caller holds Network.mu, so that no
// message is being delivered.
func (e *Endpoint) cut(peer string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if in := e.inbound[peer]; in != nil {
		in.close()
	}
}

// Connected reports whether a peer has a connection to the endpoint.
func (e *Endpoint) Connected(peer string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.inbound[peer] != nil
}

// IsUp reports whether messages to a peer can travel.
func (e *Endpoint) IsUp(peer string) bool {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	k := e.links[peer]
	return k != nil && k.isUp()
}

// Queued returns the bytes of the messages that wait in the endpoint's links.
func (e *Endpoint) Queued() (bytes int) {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	for _, k := range e.links {
		bytes += k.queued()
	}
	return bytes
}
