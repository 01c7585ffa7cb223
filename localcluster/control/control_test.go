package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// A stub is a Cluster that counts the calls that a client can make. Do and Events with follow wait
// for the end of their contexts.
type stub struct {
	calls    atomic.Int64
	ended    chan struct{} // receives a token when Do ends
	released chan struct{}
}

func (c *stub) Do(ctx context.Context, _ string, _ wire.ClientRequest) (wire.ClientReply, error) {
	c.calls.Add(1)
	<-ctx.Done()
	c.ended <- struct{}{}
	return nil, ctx.Err()
}

func (c *stub) Fault(context.Context, fault.Fault) error {
	c.calls.Add(1)
	return nil
}

func (c *stub) Member(context.Context, member.Request) (member.Change, error) {
	c.calls.Add(1)
	return member.Change{}, nil
}

func (c *stub) CheckMember(context.Context, member.Request) (member.Change, error) {
	c.calls.Add(1)
	return member.Change{}, nil
}

func (c *stub) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	c.calls.Add(1)
	return nil, nil
}

func (c *stub) Compare(context.Context, bool, ...event.Span) ([]event.Event, error) {
	c.calls.Add(1)
	return nil, nil
}

func (c *stub) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	c.calls.Add(1)
	if err := fn([]event.Event{{Seq: 1}}); err != nil || !q.Follow {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (c *stub) Close() error {
	c.calls.Add(1)
	return nil
}

func (c *stub) Released() <-chan struct{} { return c.released }

// folder makes the folder of a cluster in a home of its own.
func folder(t testing.TB) (home string, f datadir.Folder) {
	t.Helper()
	home = t.TempDir()
	f, err := datadir.FolderOf(home, config.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return home, f
}

// serve starts a server for a stub, which ends with the test.
func serve(t testing.TB) (home string, s *Server, c *stub) {
	t.Helper()
	home, f := folder(t)
	c = &stub{ended: make(chan struct{}, 1), released: make(chan struct{})}
	close(c.released)
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Listen(ctx, f, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		s.StopListening()
		s.Wait()
	})
	return home, s, c
}

// dial connects to the server's socket. The connection ends with the test.
func (s *Server) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func connect(t testing.TB, home string) *Remote {
	t.Helper()
	r, err := Connect(t.Context(), home, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// send sends one line and returns the last response.
func (s *Server) send(t testing.TB, line string) response {
	t.Helper()
	conn := s.dial(t)
	go func() { _, _ = conn.Write([]byte(line + "\n")) }()
	return lastResponse(t, conn)
}

func lastResponse(t testing.TB, conn net.Conn) response {
	t.Helper()
	in := bufio.NewScanner(conn)
	in.Buffer(nil, maxResponseLine)
	var resp response
	for !resp.Last {
		if !in.Scan() {
			t.Fatalf("no last response: %v", in.Err())
		}
		resp = response{}
		if err := json.Unmarshal(in.Bytes(), &resp); err != nil {
			t.Fatal(err)
		}
	}
	return resp
}

func TestMalformedRequestClosesTheConnection(t *testing.T) {
	home, s, _ := serve(t)
	for name, tt := range map[string]struct {
		line   string
		closed bool
	}{
		"not json":      {"GET / HTTP/1.1", true},
		"wrong type":    {`{"method":7}`, true},
		"not base64":    {`{"method":"do","request":"!"}`, true},
		"no method":     {"{}", false},
		"wrong method":  {`{"method":"format"}`, false},
		"no request":    {`{"method":"do"}`, false},
		"wrong request": {`{"method":"do","request":"AAAA"}`, false},
		"no fault":      {`{"method":"fault"}`, false},
		"wrong fault":   {`{"method":"fault","fault":{"kind":"flood"}}`, false},
		"too long":      {`{"method":"` + strings.Repeat("x", maxRequestLine), true},
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial(t)
			go func() { _, _ = conn.Write([]byte(tt.line + "\n")) }()
			in := bufio.NewReader(conn)
			line, err := in.ReadBytes('\n')
			var resp response
			if err == nil {
				err = json.Unmarshal(line, &resp)
			}
			// The server may close the connection of a line that is too long before the refusal is
			// read.
			if name != "too long" && (err != nil || resp.Error == nil || !resp.Last || resp.Error.Code != codeUsage) {
				t.Errorf("%s, %v", line, err)
			}
			if tt.closed {
				if _, err := in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("not closed: %v", err)
				}
			}
		})
	}
	if _, err := connect(t, home).Snapshot(t.Context()); err != nil {
		t.Error(err)
	}
}

// If all connections have sent a request, one more is refused.
func TestTooManyConnections(t *testing.T) {
	home, s, _ := serve(t)
	for range maxConns {
		conn := s.dial(t)
		if _, err := conn.Write([]byte(`{"method":"events","follow":true}` + "\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil { // the first byte of the answer
			t.Fatal(err)
		}
	}
	r := connect(t, home)
	if _, err := r.Snapshot(t.Context()); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("%v", err)
	}
}

// Connections that send no request do not shut out connections that do.
func TestSilentConnectionsGiveWay(t *testing.T) {
	home, s, _ := serve(t)
	for range 2 * maxConns {
		s.dial(t)
	}
	if _, err := connect(t, home).Snapshot(t.Context()); err != nil {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.conns); n > maxConns {
		t.Errorf("%d connections", n)
	}
}

// A socket on which a process answers is left alone. A socket of a process that ended is replaced.
func TestListenReplacesOnlyAStaleSocket(t *testing.T) {
	_, f := folder(t)
	ln, err := net.Listen("unix", f.Sock)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), f, &stub{}); err == nil || !strings.Contains(err.Error(), "answers") {
		t.Errorf("a socket that answers: %v", err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = ln.Close()
	s, err := Listen(t.Context(), f, &stub{})
	if err != nil {
		t.Fatal(err)
	}
	s.StopListening()
	s.Wait()
}

// The server cancels a request whose client has gone.
func TestRequestIsCanceled(t *testing.T) {
	home, _, c := serve(t)
	r := connect(t, home)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for c.calls.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := r.Do(ctx, "n2", wire.GetRequest{Key: []byte("k")}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-c.ended
}

func TestConnectToNothing(t *testing.T) {
	home := t.TempDir()
	if _, err := Connect(t.Context(), home, "x"); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
	if _, err := Connect(t.Context(), home, "../x"); err == nil || errors.Is(err, ErrNotRunning) {
		t.Errorf("an invalid name: %v", err)
	}
}

// listenHung listens like a process that answers pings while alive is set, and no other request.
func listenHung(t *testing.T, alive *atomic.Bool) (home string) {
	t.Helper()
	home, f := folder(t)
	if err := os.WriteFile(f.Info, []byte(`{"cluster":"default","pid":4711}`), 0o600); err != nil {
		t.Fatal(err)
	}
	sock, err := net.Listen("unix", f.Sock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close() })
	go func() {
		for {
			conn, err := sock.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				in := bufio.NewScanner(conn)
				for in.Scan() {
					if alive.Load() && strings.Contains(in.Text(), "ping") {
						_ = respond(conn, response{Last: true})
					} else {
						alive.Store(false) // any other request stops the process
					}
				}
			}()
		}
	}()
	return home
}

// A Remote reports a process that stops answering, at the connection or during a request.
func TestProcessHangs(t *testing.T) {
	const silence = 50 * time.Millisecond
	var alive atomic.Bool
	home := listenHung(t, &alive)
	_, err := connectWithin(t.Context(), home, "", silence)
	var silent *datadir.SilentError
	if !errors.As(err, &silent) || !strings.Contains(err.Error(), "kill -CONT 4711") ||
		!strings.Contains(err.Error(), "kill -9 4711") {
		t.Errorf("connect: %v", err)
	}
	alive.Store(true)
	r, err := connectWithin(t.Context(), home, "", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.silence = silence
	_, err = r.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
	if err == nil || !strings.Contains(err.Error(), "kill -CONT 4711") || !strings.Contains(err.Error(), "not known") {
		t.Errorf("do: %v", err)
	}
}
