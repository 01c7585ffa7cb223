package link

import (
	"context"
	"slices"
	"sync/atomic"

	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/traffic"
	"ringside/localcluster/transport"
)

// EndpointOptions describe one incarnation of a node. Its callbacks must not block.
type EndpointOptions struct {
	Node        string
	Inbox       *inbox.Inbox                   // gets the messages of peers
	PeerChanged func(peer string, up bool)     // a peer can be reached again, or no longer
	Unsent      func(m wire.Message, size int) // a message of about size bytes did not enter its link
}

// An Endpoint is the network end of one incarnation of a node. Open makes one, Run starts it,
// Detach and Close end it.
type Endpoint struct {
	o       EndpointOptions
	net     *Network
	ctx     context.Context // ends with the incarnation
	spawn   func(func())    // starts a goroutine of the incarnation
	encoder wire.Encoder    // belongs to the caller of Send, like the two fields below
	scratch []byte
	touched []*link // the links that the messages of one Send wait in

	ends     atomic.Int64     // connections that are open
	links    map[string]*link // by peer, since the first use of the link; guarded by Network.mu
	detached bool             // no connection is made or accepted any longer; guarded by Network.mu
}

// Open returns an endpoint. It runs nothing. ctx ends with the incarnation, and spawn starts a
// goroutine that the incarnation waits for.
func (n *Network) Open(ctx context.Context, spawn func(func()), o EndpointOptions) *Endpoint {
	return &Endpoint{o: o, net: n, ctx: ctx, spawn: spawn, links: map[string]*link{}}
}

// link returns the link to a node of the network, and makes it on the first use. The caller holds
// Network.mu for writing.
func (e *Endpoint) link(peer string) *link {
	k := e.links[peer]
	if k == nil {
		k = newLink(e, peer)
		e.links[peer] = k
	}
	return k
}

// forget ends the link to a node that has left. The caller holds Network.mu for writing.
func (e *Endpoint) forget(peer string) {
	if k := e.links[peer]; k != nil {
		k.gone.Store(true)
		k.disconnect()
		k.out.Close()
		delete(e.links, peer)
	}
}

// linkTo returns the link to a peer, nil if there is no such node.
func (e *Endpoint) linkTo(peer string) *link {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	if !e.net.knows(e.o.Node, peer) {
		return e.links[peer] // of a node that has left
	}
	return e.link(peer)
}

// ReportUnreachable reports each peer that cannot be reached now as down, so that the node knows it
// before its first request. It is called before Run.
func (e *Endpoint) ReportUnreachable() {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	for _, peer := range e.net.others(e.o.Node) {
		if k := e.net.conditions[fault.Link{From: e.o.Node, To: peer}]; k.Cut || e.net.endpoints[peer] == nil {
			e.link(peer).disconnect()
		}
	}
}

// Run lets other nodes connect to the endpoint.
func (e *Endpoint) Run() {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	e.net.endpoints[e.o.Node] = e
}

// Detach ends all connections of the endpoint. The context of the incarnation has ended. Messages
// that are still sent are lost.
func (e *Endpoint) Detach() {
	e.net.mu.Lock()
	defer e.net.mu.Unlock()
	e.detached = true
	if e.net.endpoints[e.o.Node] == e {
		delete(e.net.endpoints, e.o.Node)
	}
	for _, k := range e.links {
		k.disconnect()
	}
}

// Close gives back the memory of the endpoint. All its goroutines have ended.
func (e *Endpoint) Close() {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	for _, k := range e.links {
		k.disconnect() // discards the messages that were sent since Detach
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
	defer e.encoder.Reset() // the node may use the memory of the messages again
	for _, m := range messages {
		k := e.links[m.To]
		if k == nil {
			k = e.firstUse(m.To)
		}
		if k == nil {
			e.o.Unsent(m, wire.MaxFrame)
			continue
		}
		payload, err := e.encoder.Append(e.scratch[:0], m)
		if err != nil {
			k.dropped(m.Request, err.Error())
			e.o.Unsent(m, wire.MaxFrame)
			continue
		}
		if !k.enqueue(m.Request, payload) {
			e.o.Unsent(m, len(payload))
		} else {
			e.net.o.Traffic.Add(traffic.Of(m.Body), len(payload))
			if !slices.Contains(e.touched, k) {
				e.touched = append(e.touched, k)
			}
		}
		if e.scratch = payload; cap(payload) > transport.KeepBuffer {
			e.scratch = nil
		}
	}
	for _, k := range e.touched {
		k.push()
	}
	e.touched = e.touched[:0]
}

// firstUse makes the link to a peer, and returns nil if there is no such node. The caller holds
// Network.mu for reading, which firstUse releases for a moment.
func (e *Endpoint) firstUse(peer string) *link {
	e.net.mu.RUnlock()
	defer e.net.mu.RLock()
	return e.linkTo(peer)
}

// trim closes connections of the endpoint if there are more than Options.MaxEnds allows. It
// prefers connections that were not used since the last look, and does not close c. A connection
// stays if a message waits for it, so there may be more for a moment.
func (e *Endpoint) trim(c *connection) {
	if e.net.o.MaxEnds == nil {
		return
	}
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	most := e.net.o.MaxEnds(len(e.net.names))
	if e.ends.Load() <= int64(most) {
		return
	}
	var unused, used []*connection
	for _, k := range e.links { // in random order
		switch o := k.carrier(); {
		case o == nil || o == c:
		case o.used.Swap(false):
			used = append(used, o)
		default:
			unused = append(unused, o)
		}
	}
	excess := len(unused) + len(used) + 1 - most
	for _, o := range append(unused, used...) {
		if excess > 0 && o.k.closeIdle(o) {
			excess--
		}
	}
}

// IsConnected reports whether the endpoint has a connection to a peer.
func (e *Endpoint) IsConnected(peer string) bool {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	k := e.links[peer]
	return k != nil && k.connections() > 0
}

// IsUp reports whether messages to a peer can travel, as far as the node knows.
func (e *Endpoint) IsUp(peer string) bool {
	e.net.mu.RLock()
	defer e.net.mu.RUnlock()
	if k := e.links[peer]; k != nil {
		return k.isUp()
	}
	return e.net.knows(e.o.Node, peer) && e.net.endpoints[peer] != nil
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
