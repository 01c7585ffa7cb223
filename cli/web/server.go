package web

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/loopback"
)

const (
	// maxConns bounds the connections, and so the requests at a time. A connection that no request
	// uses is closed after idleTime.
	maxConns = 256
	// headerTime bounds how long a client may take to send the header of a request.
	headerTime = 5 * time.Second
	// bodyTime bounds how long a client may take to send the body of a request.
	bodyTime = 30 * time.Second
	// writeTime bounds how long a client may take to read an answer, or a part of a stream.
	writeTime = 30 * time.Second
	idleTime  = 2 * time.Minute
	// maxHeader bounds the bytes of a request's header, which may hold a context of the largest size.
	maxHeader = 160 << 10
	// closeTime is how long Close waits for requests that are under way.
	closeTime = 2 * time.Second
)

// Options say what a Server serves.
type Options struct {
	Addr    string            // host and port; port 0 for a free one
	Token   string            // every request must carry it
	Env     *verbs.Env        // the surroundings of commands, except for their input and output
	Explain func(error) error // returns the error that the user reads for one of a verb
	Metrics http.Handler      // of /metrics
	Log     func(text string) // gets messages about connections, safe for a terminal
}

// A Server serves the API of one cluster.
type Server struct {
	http   *http.Server
	addr   netip.AddrPort
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// Serve starts a server. A *usage.Error means that o.Addr is not an address of the loopback
// interface, or is in use.
func Serve(o Options) (*Server, error) {
	if err := checkAddr(o.Addr); err != nil {
		return nil, err
	}
	ln, err := listen(o.Addr)
	if err != nil {
		return nil, err
	}
	addr, err := netip.ParseAddrPort(ln.Addr().String())
	if err == nil && !addr.Addr().Unmap().IsLoopback() { // a name that the system resolves to another address
		err = usage.Errorf("--http %s: %s is not a loopback address", escape.Terminal([]byte(o.Addr)), addr.Addr())
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{addr: addr, cancel: cancel}
	s.http = &http.Server{
		Handler:           guard{token: o.Token, port: addr.Port(), next: newHandler(o)},
		ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog:    log.New(lineWriter(o.Log), "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	s.done.Go(func() { _ = s.http.Serve(jsonErrors{netutil.LimitListener(ln, maxConns)}) }) // until Close
	return s, nil
}

// Check returns the error of Serve for an address, and serves nothing. So a start that must fail
// leaves nothing behind.
func Check(addr string) error {
	if err := checkAddr(addr); err != nil {
		return err
	}
	ln, err := listen(addr)
	if err != nil {
		return err
	}
	return ln.Close()
}

// listen opens a port on the loopback interface.
func listen(addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, usage.Errorf("--http %s: %w; choose another port, or 0 for a free one",
			escape.Terminal([]byte(addr)), err)
	}
	return ln, nil
}

// checkAddr returns a usage error unless addr is a port on the loopback interface.
func checkAddr(addr string) error {
	shown := escape.Terminal([]byte(addr))
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil || port == "":
		return usage.Errorf("--http %s: want HOST:PORT, such as 127.0.0.1:0", shown)
	case !loopback.IsHost(host):
		return usage.Errorf("--http %s: the API listens on 127.0.0.1, [::1] or localhost only, because a program that "+
			"reaches it can change the cluster; use ssh -L to reach it from another machine", shown)
	}
	return nil
}

// URL returns the address of the server, such as http://127.0.0.1:4000.
func (s *Server) URL() string { return "http://" + s.addr.String() }

// Close ends the requests that are under way and the server.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	stop := context.AfterFunc(ctx, s.cancel)
	err := s.http.Shutdown(ctx)
	stop()
	s.cancel()
	if err != nil { // requests that did not end in time
		err = s.http.Close()
	}
	s.done.Wait()
	if err != nil {
		return fmt.Errorf("end the HTTP API: %w", err)
	}
	return nil
}

// A lineWriter passes on what is written to it.
type lineWriter func(text string)

// Write implements io.Writer.
func (w lineWriter) Write(b []byte) (int, error) {
	if w != nil {
		w(escape.Terminal([]byte(strings.TrimSpace(string(b)))))
	}
	return len(b), nil
}
