package transport

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"syscall"
	"time"

	"ringside/engine/wire"
)

// OpeningTime bounds a handshake. Both ends are in one process, so a peer that takes longer is not
// a node.
const OpeningTime = 2 * time.Second

// A Peer is the other end of a connection, and the role in which this end connects to it.
type Peer struct {
	Addr string    // of its TCP port
	Name string    // of the node
	Role wire.Role // of this end
	Self string    // the name of this end
}

// DialAttempts is how often Dial connects to a peer that takes the connection and then closes it. A
// node does that to the oldest connection without a proof when strangers hold many. More attempts
// would not reach a port that belongs to another program.
const DialAttempts = 5

// Dial connects to a peer. It returns after each end has proved to the other that it knows the
// secret.
func Dial(ctx context.Context, secret []byte, p Peer) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, OpeningTime)
	defer cancel()
	for attempt := 1; ; attempt++ {
		conn, err := dialOnce(ctx, secret, p)
		closed := errors.Is(err, wire.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		if !closed || attempt == DialAttempts || ctx.Err() != nil {
			return conn, err
		}
	}
}

// dialOnce is one attempt of Dial.
func dialOnce(ctx context.Context, secret []byte, p Peer) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp4", p.Addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = wire.Dial(conn, wire.Opening{Secret: secret, Role: p.Role, Self: p.Self, Peer: p.Name}, rand.Reader)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}
