package httpdoor

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"ringside/loopback"
	"ringside/riak/kv"
)

// Options of a Server.
type Options struct {
	Store *kv.Store // the server does not close it
	// Stalled returns a channel that is closed when the node goes on, nil if the node is not paused.
	// While a node is paused, no request is served. A nil Stalled never stalls.
	Stalled func() <-chan struct{}
}

// A Server serves the connections of one listener.
type Server struct {
	o      Options
	http   *http.Server
	host   loopback.Server
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	slots  chan struct{} // one for each request that is served

	mu     sync.Mutex
	closed bool
	done   sync.WaitGroup // the listener and the requests; nothing is added after closed is set
}

// Serve serves the connections of ln until Close, which also closes ln. ln listens on a loopback
// address.
func Serve(ln net.Listener, o Options) *Server {
	s := &Server{o: o, slots: make(chan struct{}, maxRequests)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if addr, err := netip.ParseAddrPort(ln.Addr().String()); err == nil {
		s.host = loopback.Server{Port: addr.Port(), BarePort: true}
	}
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0), // a broken connection is the client's matter
		BaseContext:                  func(net.Listener) context.Context { return s.ctx },
	}
	s.done.Go(func() { _ = s.http.Serve(netutil.LimitListener(ln, maxConns)) }) // until Close
	return s
}

// Close closes the listener and all connections, and waits until no request is served.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	err := s.http.Close()
	s.done.Wait()
	return err
}

// begin counts a request. It aborts the request after Close.
func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		panic(http.ErrAbortHandler)
	}
	s.done.Add(1)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.begin()
	defer s.done.Done()
	x := &exchange{s: s, w: w, r: r, ctx: r.Context()}
	s.awaitNode(x.ctx)
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-x.ctx.Done():
		panic(http.ErrAbortHandler)
	}
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(bodyTime + writeTime)) // net/http may write 100 Continue
	if r.ContentLength != 0 {
		// The deadline is for a body that no resource reads. Without a body there must be none, because
		// net/http would take it for the end of the connection.
		_ = control.SetReadDeadline(time.Now().Add(bodyTime))
	}
	if why := s.host.Foreign(r); why != "" {
		x.finish(x.text(http.StatusForbidden, "%s\n", why))
		return
	}
	status := http.StatusNotFound
	if res := route(x); res != nil {
		status = decide(x, res)
	}
	s.awaitNode(x.ctx)
	x.finish(status)
}

// awaitNode waits while the node is paused. It aborts the request if ctx ends, as after Close.
func (s *Server) awaitNode(ctx context.Context) {
	for s.o.Stalled != nil {
		stalled := s.o.Stalled()
		if stalled == nil {
			return
		}
		select {
		case <-stalled:
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
}
