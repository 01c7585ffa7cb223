package localcluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/gate"
	"ringside/localcluster/transport"
)

const (
	// maxConns bounds the connections to one node: its peers, and clients.
	maxConns = 1024
	// maxOpening bounds the connections that have not yet proved that they know the cluster's
	// secret, because any program of the machine can dial. One more connection closes the oldest
	// of them. A peer proves itself within milliseconds, so it is not affected by a program that
	// only holds connections.
	maxOpening = 64
	// maxClientConns bounds the connections of clients, so that each peer finds room.
	maxClientConns = maxConns - maxOpening - 2*config.MaxNodes
	// acceptPause is how long a node waits when the system has no connection
	// to give (too many open files).
	acceptPause = 50 * time.Millisecond
)

// A server is the port of one incarnation: it accepts the connections of peers and of clients.
type server struct {
	i    *incarnation
	ln   net.Listener
	gate *gate.Gate // of clients' requests

	mu      sync.Mutex
	conns   map[net.Conn]bool // nil once the incarnation ends
	opening []net.Conn        // the connections that have not proved their role, oldest first
	clients int               // connections of clients
}

// listen takes the node's port, and makes its server.
func (i *incarnation) listen() error {
	ln, err := i.node.listen()
	if err != nil {
		return err
	}
	addr := ln.Addr().String()
	i.node.addr.Store(&addr)
	i.server = &server{i: i, ln: ln, gate: gate.New(i.c.memory.Work), conns: map[net.Conn]bool{}}
	return nil
}

// listen takes the node's port: the port that the node had or was given, or else a free one. Only
// this machine can reach the port.
func (n *node) listen() (net.Listener, error) {
	if last := n.addr.Load(); *last != "" {
		if ln, err := net.Listen("tcp4", *last); err == nil {
			return ln, nil
		} else if n.c.opts.BasePort != 0 {
			return nil, n.noPort(err)
		}
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", n.name, err)
	}
	return ln, nil
}

// noPort returns the error of a node that did not get its port, with what to do.
func (n *node) noPort(err error) error {
	why := ""
	if errors.Is(err, syscall.EADDRINUSE) {
		why = "another program has the port; "
	}
	return fmt.Errorf("listen for %s: %sfree it, or choose another base port with up --port: %w", n.name, why, err)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// accept serves the port until the incarnation ends.
func (s *server) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			if s.i.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-time.After(acceptPause):
			case <-s.i.ctx.Done():
			}
			continue
		}
		if !s.admitConn(conn) {
			_ = conn.Close()
			continue
		}
		s.i.wg.Go(func() {
			defer s.forgetConn(conn)
			s.serve(conn)
		})
	}
}

// admitConn registers a connection that has not yet proved its role. It returns false if the
// incarnation has ended.
func (s *server) admitConn(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		return false
	}
	if len(s.opening) >= maxOpening {
		_ = s.opening[0].Close()
		s.opening = slices.Delete(s.opening, 0, 1)
	}
	s.conns[conn] = true
	s.opening = append(s.opening, conn)
	return true
}

// proved ends the opening of a connection. It returns false if clients already have
// maxClientConns.
func (s *server) proved(conn net.Conn, role wire.Role) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endOpening(conn)
	if role != wire.RoleClient {
		return true
	}
	if s.clients >= maxClientConns {
		return false
	}
	s.clients++
	return true
}

// endOpening removes conn from opening. The caller holds mu.
func (s *server) endOpening(conn net.Conn) {
	if i := slices.Index(s.opening, conn); i >= 0 {
		s.opening = slices.Delete(s.opening, i, i+1)
	}
}

func (s *server) forgetConn(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endOpening(conn)
	delete(s.conns, conn)
}

// closeConns closes all connections, and admits no more.
func (s *server) closeConns() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
}

// serve finds out the role of a connection. A program that does not know the cluster's secret gets
// no answer.
func (s *server) serve(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(transport.OpeningTime))
	role, peer, err := wire.Accept(conn, s.i.c.claim.Secret, s.i.node.name, rand.Reader)
	if err != nil || !s.proved(conn, role) {
		return
	}
	_ = conn.SetDeadline(time.Time{})
	switch role {
	case wire.RoleNode:
		s.i.links.Serve(conn, peer)
	case wire.RoleClient:
		s.serveClient(conn)
	}
}
