package pbdoor

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"ringside/riak/kv"
)

// Options of a Server.
type Options struct {
	Store *kv.Store // the server does not close it
	Node  string    // Riak's name of the node
	// Stalled returns a channel that is closed when the node goes on, nil if the node is not paused.
	// While a node is paused, its connections neither read nor write. A nil Stalled never stalls.
	Stalled func() <-chan struct{}
}

// A Server serves the connections of one listener.
type Server struct {
	o      Options
	ln     net.Listener
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	in     chan struct{} // slots of large requests
	out    chan struct{} // slots of large replies

	mu    sync.Mutex
	conns map[net.Conn]bool // nil after Close
}

// Serve serves the connections of ln until Close, which also closes ln.
func Serve(ln net.Listener, o Options) *Server {
	s := &Server{o: o, ln: ln, conns: map[net.Conn]bool{}, in: make(chan struct{}, bigFrames),
		out: make(chan struct{}, bigFrames)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(s.accept)
	return s
}

// Close closes the listener and all connections, and waits until no request is served. It returns
// nil.
func (s *Server) Close() error {
	s.cancel()
	_ = s.ln.Close()
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

// accept takes connections until Close.
func (s *Server) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-time.After(acceptPause):
			case <-s.ctx.Done():
			}
			continue
		}
		if !s.admit(conn) {
			_ = conn.Close()
			continue
		}
		s.wg.Go(func() {
			defer s.leave(conn)
			newConnection(s, conn).serve()
		})
	}
}

// admit registers a connection. It returns false if there are too many, and after Close.
func (s *Server) admit(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil || len(s.conns) >= maxConns {
		return false
	}
	s.conns[conn] = true
	return true
}

func (s *Server) leave(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// awaitNode waits while the node is paused. It returns an error after Close.
func (s *Server) awaitNode() error {
	for s.o.Stalled != nil {
		stalled := s.o.Stalled()
		if stalled == nil {
			break
		}
		select {
		case <-stalled:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
	return s.ctx.Err()
}

// take takes a slot for a large frame, and returns a function that gives it back. A small frame
// needs none.
func (s *Server) take(slots chan struct{}, size int) (giveBack func(), err error) {
	if size <= smallFrame {
		return func() {}, nil
	}
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}
