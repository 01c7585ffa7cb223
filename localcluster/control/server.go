package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/datadir"
)

const (
	// maxConns bounds the control connections of one cluster. One more connection closes the oldest
	// connection that has sent no request yet. If there is none, the new connection is refused.
	maxConns = 128
	// lastWriteTime bounds how long the end of the cluster waits for a client that does not read.
	lastWriteTime = time.Second
	// acceptPause is how long the server waits when the system has no connection to give, because
	// too many files are open.
	acceptPause = 50 * time.Millisecond
)

// A Cluster has the methods that a Server calls. localcluster.Cluster documents them.
type Cluster interface {
	Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error)
	Fault(ctx context.Context, f fault.Fault) error
	Member(ctx context.Context, r member.Request) (member.Change, error)
	CheckMember(ctx context.Context, r member.Request) (member.Change, error)
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
	Compare(ctx context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error)
	Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error

	// Close stops the cluster. It also waits for the Server's answers.
	Close() error
	// Released returns a channel that is closed when the cluster's name and data are free.
	Released() <-chan struct{}
}

// A Server is the server of a cluster's control socket.
type Server struct {
	cluster Cluster
	ctx     context.Context // ends when the cluster goes down
	ln      net.Listener
	wg      sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	silent []net.Conn // the members of conns that have sent no request yet, oldest first
}

// Listen takes the control socket of a cluster and serves it until StopListening. ctx ends when the
// cluster goes down. The cluster holds the lock of its folder, so a socket that is there most
// likely belongs to a process that ended. Listen removes it, unless a process answers on it.
func Listen(ctx context.Context, f datadir.Folder, c Cluster) (*Server, error) {
	if _, err := os.Lstat(f.Sock); err == nil {
		if f.Answers() {
			return nil, fmt.Errorf("listen on control socket: another process answers on %s", f.Sock)
		}
		if err := os.Remove(f.Sock); err != nil {
			return nil, fmt.Errorf("remove stale socket: %w", err)
		}
	}
	ln, err := net.Listen("unix", f.Sock)
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	if err := os.Chmod(f.Sock, 0o600); err != nil {
		_ = ln.Close()
		return nil, fmt.Errorf("close control socket to others: %w", err)
	}
	s := &Server{cluster: c, ctx: ctx, ln: ln, conns: map[net.Conn]bool{}}
	s.wg.Go(s.accept)
	return s, nil
}

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
		switch s.admit(conn) {
		case admitted:
			s.wg.Go(func() { s.serve(conn) })
		case full:
			_ = conn.SetWriteDeadline(time.Now().Add(lastWriteTime))
			refuse(conn, codeOverloaded, "too many programs talk to this cluster")
			_ = conn.Close()
		case stopped:
			_ = conn.Close() // the client sees the same as without a listener
		}
	}
}

// An admission is the answer of the server to a new connection.
type admission int

const (
	admitted admission = iota
	full               // the server has maxConns connections, all of which have sent a request
	stopped            // the server no longer listens
)

func (s *Server) admit(conn net.Conn) admission {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.conns == nil:
		return stopped
	case len(s.conns) >= maxConns && len(s.silent) == 0:
		return full
	case len(s.conns) >= maxConns:
		oldest := s.silent[0]
		_ = oldest.Close()
		s.silent = slices.Delete(s.silent, 0, 1)
		delete(s.conns, oldest)
	}
	s.conns[conn] = true
	s.silent = append(s.silent, conn)
	return admitted
}

// endSilence records that a connection has sent a request, or has ended.
func (s *Server) endSilence(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.silent, conn); i >= 0 {
		s.silent = slices.Delete(s.silent, i, i+1)
	}
}

// KeepSocketFile lets StopListening leave the socket's file where it is: the cluster's folder was
// replaced, and the file may be another cluster's.
func (s *Server) KeepSocketFile() {
	if ln, ok := s.ln.(*net.UnixListener); ok {
		ln.SetUnlinkOnClose(false)
	}
}

// StopListening removes the socket. Requests that are under way are still answered, but no longer
// than lastWriteTime to a client that does not read.
func (s *Server) StopListening() {
	_ = s.ln.Close() // also removes the file
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.SetWriteDeadline(time.Now().Add(lastWriteTime))
	}
	s.conns = nil
}

// Wait returns when every request is answered. It is called after StopListening.
func (s *Server) Wait() { s.wg.Wait() }

// serve answers the requests of one connection.
func (s *Server) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer func() {
		cancel()
		_ = conn.Close()
		s.endSilence(conn)
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	lines := make(chan []byte, 1)
	s.wg.Go(func() {
		defer cancel()
		readLines(conn, lines)
	})
	for {
		select {
		case line := <-lines:
			s.endSilence(conn)
			if !s.answer(ctx, conn, line) {
				return
			}
		case <-ctx.Done():
			if s.ctx.Err() != nil { // the client may have sent a request that is not answered
				_ = respond(conn, response{Last: true, Error: encodeError(ErrStopped)})
			}
			return
		}
	}
}

// readLines passes on the lines of a connection. It also reads while a request is answered, and
// returns when the client closes the connection or does not wait for its answer.
func readLines(conn net.Conn, lines chan<- []byte) {
	in := bufio.NewScanner(conn)
	in.Buffer(make([]byte, firstLine), maxRequestLine)
	for in.Scan() {
		select {
		case lines <- append([]byte(nil), in.Bytes()...):
		default:
			return // a line waits already
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		refuse(conn, codeUsage, fmt.Sprintf("a request has at most %d bytes", maxRequestLine))
	}
}

// answer carries out one request. It returns false if the connection is to be closed.
func (s *Server) answer(ctx context.Context, conn net.Conn, line []byte) bool {
	req, err := parse(line)
	if errors.Is(err, errMalformed) {
		refuse(conn, codeUsage, err.Error())
		return false
	}
	last := response{Last: true}
	if err == nil {
		err = s.handle(ctx, conn, req, &last)
	}
	if err != nil {
		if errors.Is(err, context.Canceled) && s.ctx.Err() != nil {
			err = ErrStopped
		}
		last.Error = encodeError(err)
	}
	return respond(conn, last) == nil
}

// handle carries out a request that parse accepted. It fills in the last response, and writes the
// responses before it to conn.
func (s *Server) handle(ctx context.Context, conn net.Conn, req request, last *response) error {
	switch req.Method {
	case "do":
		return s.do(ctx, req, last)
	case "fault":
		return s.cluster.Fault(ctx, *req.Fault)
	case "member":
		change, err := s.cluster.Member(ctx, *req.Member)
		last.Change = &change
		return err
	case "check-member": // not a field of member: an earlier version would ignore the field
		change, err := s.cluster.CheckMember(ctx, *req.Member)
		last.Change = &change
		return err
	case "snapshot":
		events, err := s.cluster.Snapshot(ctx, req.Keys...)
		for i := range events { // one a line, because replicas can be large
			if err := respond(conn, response{Events: events[i : i+1]}); err != nil {
				return err
			}
		}
		return err
	case "compare":
		events, err := s.cluster.Compare(ctx, req.DryRun, req.Ranges...)
		last.Events = events
		return err
	case "events":
		w := eventsWriter{conn: conn, lines: req.Lines}
		return s.cluster.Events(ctx, req.query(), w.write)
	case "ping":
		return nil
	case "down":
		go func() { _ = s.cluster.Close() }() // Close waits for this answer
		<-s.cluster.Released()
		_ = conn.SetWriteDeadline(time.Now().Add(lastWriteTime))
		return nil
	}
	panic("control: the method " + req.Method + " is not carried out")
}

func (s *Server) do(ctx context.Context, req request, last *response) error {
	_, body, err := wire.ParseClientRequest(req.Request)
	if err != nil {
		return usage.Errorf("%v", err)
	}
	reply, err := s.cluster.Do(ctx, req.Via, body)
	if err != nil {
		return err
	}
	last.Reply, err = wire.AppendClientReply(nil, 0, reply)
	return err
}
