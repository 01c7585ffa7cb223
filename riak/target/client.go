package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/engine/usage"
	"ringside/riak/rpb"
)

// serverPart is the part of the time limit, in percent, that Riak has for a request. Riak's answer
// that it gave up arrives before the client gives up.
const serverPart = 90

// A Client sends requests to the hosts of a target. It is safe for concurrent use.
type Client struct {
	address Address
	hosts   []*host
	turn    atomic.Uint64 // the number of requests so far; the hosts take turns

	mu    sync.Mutex
	names map[string]string // the names of nodes by the addresses of their hosts, once asked for
}

// New returns a client. It connects with the first request.
func New(a Address) *Client {
	c := &Client{address: a, names: map[string]string{}}
	for _, addr := range a.Hosts {
		c.hosts = append(c.hosts, &host{addr: addr})
	}
	return c
}

// Close closes the connections.
func (c *Client) Close() {
	for _, h := range c.hosts {
		h.close()
	}
}

// limit returns the time limit that a request carries, in milliseconds.
func (c *Client) limit() *uint32 {
	return proto.Uint32(uint32(max(1, c.address.Timeout.Milliseconds()*serverPart/100)))
}

// An exchange is one request with its answers.
type exchange struct {
	code, reply rpb.Code
	body        proto.Message // nil for an empty body
	again       bool          // the request may be sent twice, because it changes nothing
	limit       time.Duration // for all hosts; 0: that of the target
	// take takes the body of an answer, and reports whether another one follows. It may be nil.
	take func(body []byte) (more bool, err error)
}

// do sends a request to the hosts that via names, one after another until one accepts a connection.
// It returns the address of the host that answered.
func (c *Client) do(ctx context.Context, via string, x exchange) (string, error) {
	hosts, err := c.order(ctx, via)
	if err != nil {
		return "", err
	}
	return c.ask(ctx, hosts, x)
}

func (c *Client) ask(ctx context.Context, hosts []*host, x exchange) (string, error) {
	unreachable := &Unreachable{Target: c.address.String()}
	var lost error
	deadline := time.Now().Add(cmp.Or(x.limit, c.address.Timeout))
	for i, h := range hosts {
		until := deadline
		if x.again { // a host that does not answer leaves time for the others
			until = time.Now().Add(time.Until(deadline) / time.Duration(len(hosts)-i))
		}
		conn, err := h.connect(ctx, until)
		if err == nil {
			err = c.exchange(ctx, h, conn, x, until)
		} else {
			unreachable.Causes = append(unreachable.Causes, err)
			err = nil
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			continue
		}
		var silent *Silence
		if errors.As(err, &silent) {
			h.fell()
		}
		switch {
		case ctx.Err() != nil:
			return h.addr, ctx.Err()
		case silent != nil && silent.Never && silent.After == 0 && x.again: // it said nothing at all
			unreachable.Causes = append(unreachable.Causes, &NotRiak{Host: h.addr})
		case silent != nil && x.again:
			lost = cmp.Or(lost, err) // the first host is the one that is the least likely to fail
			if !time.Now().Before(deadline) {
				return h.addr, lost
			}
		default:
			return h.addr, err
		}
	}
	return "", cmp.Or(lost, error(unreachable))
}

// exchange sends a request and takes its answers. It keeps the connection if it can be used again.
// The time limit is that of one answer.
func (c *Client) exchange(ctx context.Context, h *host, conn *conn, x exchange, deadline time.Time) error {
	limit := deadline.Sub(conn.began).Round(time.Millisecond)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // ends a read
	defer stop()
	usable := false
	defer func() {
		if usable && stop() {
			h.keep(conn)
			return
		}
		_ = conn.Close() // the error, if any, is returned already
	}()
	if err := conn.send(deadline, x.code, x.body); err != nil {
		return h.silence(limit, err)
	}
	for {
		code, body, err := conn.receive(deadline)
		switch {
		case err != nil:
			return h.silence(limit, err)
		}
		h.spoke.Store(true)
		switch {
		case code == rpb.CodeError:
			var e rpb.Error
			if err := rpb.DecodeBody(body, &e); err != nil {
				return fmt.Errorf("%s: decode an error of Riak: %w", h.addr, err)
			}
			usable = !strings.HasPrefix(string(e.GetErrmsg()), crashed)
			return &Refusal{Host: h.addr, Text: string(e.GetErrmsg())}
		case code != x.reply:
			return fmt.Errorf("%s: the answer has the code %d and not %d", h.addr, code, x.reply)
		case x.take == nil:
			usable = true
			return nil
		}
		more, err := x.take(body)
		if err != nil || !more {
			usable = err == nil
			return err
		}
		deadline = time.Now().Add(c.address.Timeout)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// order returns the hosts in the order in which to ask them: that of via alone, or all hosts, those
// that failed lately last.
func (c *Client) order(ctx context.Context, via string) ([]*host, error) {
	if via != "" {
		h, err := c.named(ctx, via)
		return []*host{h}, err
	}
	first := int((c.turn.Add(1) - 1) % uint64(len(c.hosts)))
	turns := append(slices.Clone(c.hosts[first:]), c.hosts[:first]...)
	slices.SortStableFunc(turns, func(a, b *host) int {
		switch fa, fb := a.failing(), b.failing(); {
		case fa == fb:
			return 0
		case fa:
			return 1
		}
		return -1
	})
	return turns, nil
}

// named returns the host with an address, or whose node has a name: dev1@127.0.0.1, or dev1.
func (c *Client) named(ctx context.Context, via string) (*host, error) {
	for _, h := range c.hosts {
		if h.addr == via {
			return h, nil
		}
	}
	var known []string
	for _, h := range c.hosts {
		name, err := c.nodeOf(ctx, h)
		short, _, _ := strings.Cut(name, "@")
		switch {
		case err != nil:
			name = h.addr + " (silent)"
		case via == name || via == short:
			return h, nil
		}
		known = append(known, name)
	}
	return nil, usage.Errorf("the target has no host or node %s; it has %s", shown(via), shown(strings.Join(known, ", ")))
}

// nodeOf returns the name of a host's node.
func (c *Client) nodeOf(ctx context.Context, h *host) (string, error) {
	if name := c.nameOf(h); name != "" {
		return name, nil
	}
	info, err := c.info(ctx, h, 0)
	return string(info.GetNode()), err
}

// nameOf returns the name of a host's node, "" if the host has not told the name yet.
func (c *Client) nameOf(h *host) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names[h.addr]
}

// info asks a host for its name and version, and keeps the name. A limit of 0 is that of a request.
func (c *Client) info(ctx context.Context, h *host, limit time.Duration) (*rpb.ServerInfo, error) {
	info := &rpb.ServerInfo{}
	_, err := c.ask(ctx, []*host{h}, exchange{code: rpb.CodeServerInfoReq, reply: rpb.CodeServerInfoResp, again: true,
		limit: limit, take: into(info)})
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.names[h.addr] = string(info.GetNode())
	}
	return info, err
}

// into returns a function that decodes the only answer into m.
func into(m proto.Message) func([]byte) (bool, error) {
	return func(body []byte) (bool, error) {
		if err := rpb.DecodeBody(body, m); err != nil {
			return false, fmt.Errorf("decode an answer of Riak: %w", err)
		}
		return false, nil
	}
}
