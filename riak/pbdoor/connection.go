package pbdoor

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// A connection is one client. Its goroutine owns it.
type connection struct {
	s        *Server
	conn     net.Conn
	r        *bufio.Reader
	body     []byte // memory for the next request
	reply    []byte // memory for the next reply
	clientID []byte // per connection, as in Riak

	writeUntil time.Time // the deadline of writes
}

// errClose ends a connection after its last reply was written.
var errClose = errors.New("close")

func newConnection(s *Server, conn net.Conn) *connection {
	return &connection{s: s, conn: conn, r: bufio.NewReader(conn), clientID: []byte{0, 0, 0, 0}}
}

// serve serves requests until the connection or the server ends.
func (c *connection) serve() {
	defer c.s.o.Store.Connected()()
	for c.next() == nil {
	}
}

// next serves one request. After an error the connection ends.
func (c *connection) next() error {
	if _, err := c.r.Peek(1); err != nil { // no deadline between requests
		return err
	}
	if err := c.s.awaitNode(); err != nil {
		return err
	}
	waits := !c.hasFrame()
	if waits {
		_ = c.conn.SetReadDeadline(time.Now().Add(bodyTime))
	}
	h, err := rpb.ReadHeader(c.r, maxFrame)
	if errors.Is(err, rpb.ErrTooLarge) {
		return c.fatal(fmt.Sprintf("{too_large,%d}", maxFrame))
	}
	if err != nil {
		return err // for an empty frame also, as in Riak
	}
	giveBack, err := c.s.take(c.s.in, int(h))
	if err != nil {
		return err
	}
	defer giveBack()
	if int(h) > smallFrame { // the wait for the slot does not count
		_ = c.conn.SetReadDeadline(time.Now().Add(bodyTime))
	}
	code, body, err := h.ReadRest(c.r, c.body)
	if err != nil {
		return err
	}
	if waits {
		_ = c.conn.SetReadDeadline(time.Time{})
	}
	err = c.handle(code, body)
	if c.body = body; cap(body) > keptBuffer {
		c.body = nil
	}
	return err
}

// hasFrame reports whether the next frame has arrived as a whole, so that reading it does not wait.
func (c *connection) hasFrame() bool {
	if c.r.Buffered() < 4 {
		return false
	}
	head, err := c.r.Peek(4)
	return err == nil && uint64(c.r.Buffered()) >= 4+uint64(binary.BigEndian.Uint32(head))
}

// allowWrite gives the client at least writeTime, and at most twice that, to read what is written.
// It sets a deadline only now and then, which saves time.
func (c *connection) allowWrite() {
	now := time.Now()
	if c.writeUntil.Sub(now) < writeTime {
		c.writeUntil = now.Add(2 * writeTime)
		_ = c.conn.SetWriteDeadline(c.writeUntil)
	}
}

// send writes a frame.
func (c *connection) send(code rpb.Code, m proto.Message) error {
	size := 0
	if m != nil {
		size = proto.Size(m)
	}
	giveBack, err := c.s.take(c.s.out, size)
	if err != nil {
		return err
	}
	defer giveBack()
	frame, err := rpb.AppendFrame(c.reply[:0], code, m)
	if err != nil {
		return c.fail(kv.ErrTooLarge)
	}
	if c.reply = frame; cap(frame) > keptBuffer {
		c.reply = nil
	}
	if err := c.s.awaitNode(); err != nil {
		return err
	}
	c.allowWrite()
	_, err = c.conn.Write(frame)
	return err
}

// fail sends the Error message for an error of package kv. The connection goes on, unless the node
// is down or the client sent a damaged vclock.
func (c *connection) fail(err error) error {
	switch {
	case errors.Is(err, kv.ErrNodeDown), c.s.ctx.Err() != nil:
		return errClose
	case errors.Is(err, kv.ErrDamagedVClock):
		return c.fatal(err.Error())
	}
	return c.sendError(err.Error())
}

// fatal sends an Error message and ends the connection.
func (c *connection) fatal(text string) error {
	if err := c.sendError(text); err != nil {
		return err
	}
	return errClose
}

func (c *connection) sendError(text string) error {
	return c.send(rpb.CodeError, &rpb.Error{Errmsg: []byte(text), Errcode: proto.Uint32(0)})
}
