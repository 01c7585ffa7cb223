package target

import (
	"bufio"
	"context"
	"net"
	"sync"
	"sync/atomic"
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
	// failedFor is how long a host that failed is asked last.
	failedFor = time.Second
)

// A conn is a connection for one request at a time.
type conn struct {
	net.Conn
	in    *bufio.Reader
	began time.Time // when the request that has the connection began to look for one
	used  time.Time // the end of the last request
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

	mu      sync.Mutex
	idle    []*conn
	failed  time.Time   // when no connection could be made, or no answer came; zero: not since the last one
	greeted bool        // greet has found no other protocol
	spoke   atomic.Bool // the host has sent a frame of Riak
}

// connect returns a connection that nothing else uses. Nothing was sent if it fails.
func (h *host) connect(ctx context.Context, deadline time.Time) (found *conn, _ error) {
	began := time.Now()
	defer func() {
		if found != nil {
			found.began = began
		}
	}()
	for c := h.takeIdle(); c != nil; c = h.takeIdle() {
		if time.Since(c.used) < freshFor || c.ping(deadline) {
			return c, nil
		}
		_ = c.Close()
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	c, err := h.dial(ctx)
	if err == nil && !h.isGreeted() {
		c, err = h.greet(ctx, c, deadline)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed = (time.Time{}); err != nil {
		h.failed = time.Now()
		return nil, err
	}
	h.greeted = true
	return c, nil
}

func (h *host) dial(ctx context.Context) (*conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	raw, err := d.DialContext(ctx, "tcp", h.addr)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: raw, in: bufio.NewReader(raw)}, nil
}

func (h *host) isGreeted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.greeted
}

// greet finds out whether the host speaks Riak's protocol buffers. It returns c, or another
// connection if the host says nothing.
func (h *host) greet(ctx context.Context, c *conn, deadline time.Time) (*conn, error) {
	silent, err := greet(ctx, c, h.addr, deadline)
	if err == nil && !silent {
		h.spoke.Store(true)
		return c, nil
	}
	_ = c.Close() // err, if any, is returned
	if err != nil {
		return nil, err
	}
	return h.dial(ctx)
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

// fell records that the host did not answer, so that it is asked last for a time.
func (h *host) fell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = time.Now()
}

// failing reports whether lately no connection could be made, or a request got no answer.
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
func (h *host) silence(limit time.Duration, err error) *Silence {
	s := &Silence{Host: h.addr, Cause: err, Never: !h.spoke.Load()}
	if isTimeout(err) {
		s.After = limit
	}
	return s
}
