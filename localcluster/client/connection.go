package client

import (
	"net"
	"sync"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/transport"
)

// A connection carries requests to one node and their replies. done is closed when it is broken.
type connection struct {
	out    *transport.Sender
	done   chan struct{}
	silent func(wire.ClientRequest) wire.ClientReply // makes the reply of a request that was not answered in time

	mu      sync.Mutex
	calls   map[uint64]*call // by request number; nil once the connection is broken
	lastID  uint64
	scratch []byte // for encoding a request
	sweeper *time.Timer
}

// A call is a request that waits for its reply.
type call struct {
	id    uint64
	req   wire.ClientRequest
	began time.Time
	reply chan wire.ClientReply // has room for the one reply
}

// calls holds calls whose replies were received, for reuse.
var calls = sync.Pool{New: func() any { return &call{reply: make(chan wire.ClientReply, 1)} }}

// release gives back a call whose reply was received. Other calls are not reused, because a reply
// may still be on its way to them.
func (c *call) release() {
	c.req = nil
	calls.Put(c)
}

func newConnection(conn net.Conn, pool *budget.Pool, silent func(wire.ClientRequest) wire.ClientReply) *connection {
	return &connection{out: transport.NewSender(conn, pool, 0), done: make(chan struct{}),
		calls: map[uint64]*call{}, silent: silent}
}

// send sends the request. The reply arrives on the channel of the call.
func (k *connection) send(req wire.ClientRequest) (*call, error) {
	c, err := k.queue(req)
	if err == nil {
		k.out.Flush()
	}
	return c, err
}

func (k *connection) queue(req wire.ClientRequest) (*call, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.calls == nil {
		return nil, errBroken
	}
	if len(k.calls) >= maxInFlight {
		return nil, errInFlight
	}
	k.lastID++
	b, err := wire.AppendClientRequest(k.scratch[:0], k.lastID, req)
	if err != nil {
		return nil, err
	}
	if k.scratch = b; cap(b) > transport.KeepBuffer {
		k.scratch = nil
	}
	if !k.out.Send(b) {
		return nil, errInFlight
	}
	c := calls.Get().(*call)
	c.id, c.req, c.began = k.lastID, req, time.Now()
	k.calls[c.id] = c
	if len(k.calls) == 1 {
		k.sweepLater()
	}
	return c, nil
}

// forget drops a call whose caller no longer waits.
func (k *connection) forget(id uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.calls, id)
}

// sweepLater plans the next sweep. The caller holds mu.
func (k *connection) sweepLater() {
	if k.sweeper == nil {
		k.sweeper = time.AfterFunc(sweepEvery, k.sweep)
	} else {
		k.sweeper.Reset(sweepEvery)
	}
}

// sweep ends the calls that have waited for requestTime. One timer for a connection is cheaper than
// one for each call.
func (k *connection) sweep() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for id, c := range k.calls {
		if now.Sub(c.began) >= requestTime {
			delete(k.calls, id)
			c.reply <- k.silent(c.req)
		}
	}
	if len(k.calls) > 0 {
		k.sweepLater()
	}
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
	var decoder wire.Decoder
	for {
		b, err := in.Next()
		if err != nil {
			return
		}
		id, r, err := decoder.ClientReply(b)
		if err != nil {
			return
		}
		k.mu.Lock()
		c := k.calls[id]
		delete(k.calls, id)
		k.mu.Unlock()
		if c != nil {
			c.reply <- r
		}
	}
}
