package target

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/riak/rpb"
)

const (
	// dialTimeout bounds one attempt to connect, so that the other hosts get their turn.
	dialTimeout = 2 * time.Second
	// maxIdle bounds the connections to one host that wait for the next request.
	maxIdle = 64
	// freshFor is how long a connection is taken for open without a ping.
	freshFor = 100 * time.Millisecond
	// failedFor is how long a host to which no connection could be made is asked last.
	failedFor = time.Second
)

// A conn is a connection for one request at a time.
type conn struct {
	net.Conn
	in   *bufio.Reader
	used time.Time // the end of the last request
}

// send writes a request before the deadline.
func (c *conn) send(deadline time.Time, code rpb.Code, m proto.Message) error {
	b, err := rpb.AppendFrame(nil, code, m)
	if err != nil {
		return err
	}
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	_, err = c.Write(b)
	return err
}

// receive reads a reply before the deadline.
func (c *conn) receive(deadline time.Time) (rpb.Code, []byte, error) {
	if err := c.SetDeadline(deadline); err != nil {
		return 0, nil, err
	}
	return rpb.ReadFrame(c.in, rpb.MaxReply)
}

// A host is one address of the target with its connections.
type host struct {
	addr string

	mu     sync.Mutex
	idle   []*conn
	failed time.Time // when no connection could be made; zero if one was made since
}

// connect returns a connection that nothing else uses. Nothing was sent if it fails.
func (h *host) connect(ctx context.Context, deadline time.Time) (*conn, error) {
	for c := h.takeIdle(); c != nil; c = h.takeIdle() {
		if time.Since(c.used) < freshFor || c.ping(deadline) {
			return c, nil
		}
		_ = c.Close()
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	d := net.Dialer{Timeout: dialTimeout}
	raw, err := d.DialContext(ctx, "tcp", h.addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed = (time.Time{}); err != nil {
		h.failed = time.Now()
		return nil, err
	}
	return &conn{Conn: raw, in: bufio.NewReader(raw)}, nil
}

// ping reports whether the server answers on the connection.
func (c *conn) ping(deadline time.Time) bool {
	if c.send(deadline, rpb.CodePingReq, nil) != nil {
		return false
	}
	code, _, err := c.receive(deadline)
	return err == nil && code == rpb.CodePingResp
}

func (h *host) takeIdle() *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.idle)
	if n == 0 {
		return nil
	}
	c := h.idle[n-1]
	h.idle = h.idle[:n-1]
	return c
}

// keep takes back a connection on which no answer is outstanding.
func (h *host) keep(c *conn) {
	c.used = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.idle) < maxIdle {
		h.idle = append(h.idle, c)
		return
	}
	_ = c.Close()
}

// failing reports whether no connection could be made lately.
func (h *host) failing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.failed.IsZero() && time.Since(h.failed) < failedFor
}

func (h *host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.idle {
		_ = c.Close() // nothing is outstanding on it
	}
	h.idle = nil
}

// silence returns the error for a request that was sent without a complete answer.
func silence(host string, limit time.Duration, err error) *Silence {
	s := &Silence{Host: host, Cause: err}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.After = limit
	}
	return s
}
