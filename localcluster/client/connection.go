package client

import (
	"net"
	"sync"

	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/transport"
)

// A connection carries requests to one node and their replies. done is closed when it is broken.
type connection struct {
	out  *transport.Sender
	done chan struct{}

	mu     sync.Mutex
	calls  map[uint64]chan wire.ClientReply // by request number; nil once the connection is broken
	lastID uint64
}

func newConnection(conn net.Conn, pool *budget.Pool) *connection {
	return &connection{out: transport.NewSender(conn, pool, 0), done: make(chan struct{}),
		calls: map[uint64]chan wire.ClientReply{}}
}

// send sends the request. The reply arrives on the channel.
func (k *connection) send(req wire.ClientRequest) (id uint64, reply <-chan wire.ClientReply, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.calls == nil {
		return 0, nil, errBroken
	}
	if len(k.calls) >= maxInFlight {
		return 0, nil, errInFlight
	}
	k.lastID++
	b, err := wire.AppendClientRequest(nil, k.lastID, req)
	if err != nil {
		return 0, nil, err
	}
	if !k.out.Send(b) {
		return 0, nil, errInFlight
	}
	ch := make(chan wire.ClientReply, 1)
	k.calls[k.lastID] = ch
	return k.lastID, ch, nil
}

// forget drops a request whose caller no longer waits.
func (k *connection) forget(id uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.calls, id)
}

// write writes requests until the connection breaks.
func (k *connection) write() {
	_ = k.out.Run(k.done)
	k.out.CloseConn()
}

// receive hands out replies until the connection breaks.
func (k *connection) receive(in *transport.Reader) {
	defer close(k.done)
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.calls = nil
	}()
	defer in.Close()
	for {
		b, err := in.Next()
		if err != nil {
			return
		}
		id, r, err := wire.ParseClientReply(b)
		if err != nil {
			return
		}
		k.mu.Lock()
		ch := k.calls[id]
		delete(k.calls, id)
		k.mu.Unlock()
		if ch != nil {
			ch <- r // has room for the one reply
		}
	}
}
