package floor

import (
	"bufio"
	"net"
)

// A Client has a connection of its own to one node, and sends one request at a time. It is for one
// goroutine.
type Client struct {
	f    *Floor
	conn net.Conn
	in   *bufio.Reader
	buf  []byte
	id   uint64
}

// New returns a client. number chooses its node.
func (f *Floor) New(number int) (*Client, error) {
	c, err := f.dial(number%len(f.nodes), clientSender, singleHello)
	if err != nil {
		return nil, err
	}
	f.adopt(c)
	return &Client{f: f, conn: c, in: bufio.NewReaderSize(c, readBuffer)}, nil
}

// Do sends a request and waits for its reply.
func (c *Client) Do(op Op) error {
	c.id++
	c.buf = appendFrame(c.buf[:0], header{size: c.f.o.Sizes[op].Request, kind: request, op: op, id: c.id})
	if _, err := c.conn.Write(c.buf); err != nil {
		return ErrClosed
	}
	if h, err := read(c.in); err != nil || h.id != c.id || h.kind != reply {
		return ErrClosed
	}
	return nil
}

// Close closes the connection.
func (c *Client) Close() { c.f.drop(c.conn) }
