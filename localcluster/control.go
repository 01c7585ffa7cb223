package localcluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/wire"
)

const (
	// maxControlConns bounds the control connections of one cluster. One more connection closes the
	// oldest connection that has sent no request yet. If there is none, the new connection is
	// refused.
	maxControlConns = 128
	// maxRequestLine takes the largest put in base64.
	maxRequestLine = 4 << 20
	// maxResponseLine takes the largest frame in base64.
	maxResponseLine = 96 << 20
	// firstLine is the line buffer that a connection begins with.
	firstLine = 16 << 10
	// goodbyeTime bounds how long the end of the cluster waits for somebody who
	// does not read.
	goodbyeTime = time.Second
)

// The control socket speaks lines of JSON: a request, then responses to it up
// to one that is the last. One request is answered at a time on a connection; closing the connection
// takes back the request that is being answered.

// A controlResponse answers a controlRequest.
type controlResponse struct {
	Reply  []byte         `json:"reply,omitempty"`  // do
	Change *member.Change `json:"change,omitempty"` // member
	Events []event.Event  `json:"events,omitempty"` // snapshot, events: some of them
	Error  *controlError  `json:"error,omitempty"`
	Last   bool           `json:"last,omitempty"`
}

type controlError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Codes of errors that a caller tells apart.
const (
	codeUsage      = "usage"
	codeNotRunning = "not_running"
	codeOverloaded = "overloaded"
	codeInternal   = "internal"
)

func encodeError(err error) *controlError {
	code := codeInternal
	var usage *UsageError
	switch {
	case errors.As(err, &usage):
		code = codeUsage
	case errors.Is(err, ErrNotRunning):
		code = codeNotRunning
	}
	return &controlError{Code: code, Message: err.Error()}
}

func (e *controlError) decode() error {
	switch e.Code {
	case codeUsage:
		return &UsageError{Err: errors.New(e.Message)}
	case codeNotRunning:
		return errStopped
	}
	return errors.New(e.Message)
}

// control is the server of a cluster's control socket. The methods that end it
// may be called on nil.
type control struct {
	c  *Cluster
	ln net.Listener
	wg sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	silent []net.Conn // the members of conns that have sent no request yet, oldest first
}

// listenControl takes the socket. The cluster holds the lock of its name, so what
// is left there belongs to a process that is gone; all the same it is asked.
func listenControl(c *Cluster) (*control, error) {
	path := c.paths.sock
	if _, err := os.Lstat(path); err == nil {
		if answers(path) {
			return nil, fmt.Errorf("another process answers on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove stale socket: %w", err)
		}
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	if err := os.Chmod(path, fileMode); err != nil {
		_ = ln.Close()
		return nil, fmt.Errorf("close control socket to others: %w", err)
	}
	s := &control{c: c, ln: ln, conns: map[net.Conn]bool{}}
	s.wg.Go(s.accept)
	return s, nil
}

func (s *control) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			if s.c.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-time.After(acceptPause):
			case <-s.c.ctx.Done():
			}
			continue
		}
		switch full, down := s.admit(conn); {
		case down:
			_ = conn.Close() // as if nobody had listened
		case full:
			_ = conn.SetWriteDeadline(time.Now().Add(goodbyeTime))
			_ = respond(conn, controlResponse{Last: true, Error: &controlError{codeOverloaded, "too many programs talk to this cluster"}})
			_ = conn.Close()
		default:
			s.wg.Go(func() { s.serve(conn) })
		}
	}
}

func (s *control) admit(conn net.Conn) (full, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.conns == nil:
		return false, true
	case len(s.conns) >= maxControlConns && len(s.silent) == 0:
		return true, false
	case len(s.conns) >= maxControlConns:
		oldest := s.silent[0]
		_ = oldest.Close()
		s.silent = slices.Delete(s.silent, 0, 1)
		delete(s.conns, oldest)
	}
	s.conns[conn] = true
	s.silent = append(s.silent, conn)
	return false, false
}

// spoke records that a connection has sent a request, or has ended.
func (s *control) spoke(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.silent, conn); i >= 0 {
		s.silent = slices.Delete(s.silent, i, i+1)
	}
}

// stopListening removes the socket, and lets nobody who does not read hold up the end.
func (s *control) stopListening() {
	if s == nil {
		return
	}
	_ = s.ln.Close() // removes the file, too
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.SetWriteDeadline(time.Now().Add(goodbyeTime))
	}
	s.conns = nil
}

// wait returns once everybody was answered.
func (s *control) wait() {
	if s != nil {
		s.wg.Wait()
	}
}

// serve answers the requests of one connection.
func (s *control) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(s.c.ctx)
	defer func() {
		cancel()
		_ = conn.Close()
		s.spoke(conn)
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	lines := make(chan []byte, 1)
	s.wg.Go(func() { // reads on while a request is answered, to see the other end go away
		defer cancel()
		in := bufio.NewScanner(conn)
		in.Buffer(make([]byte, firstLine), maxRequestLine)
		for in.Scan() {
			select {
			case lines <- append([]byte(nil), in.Bytes()...):
			default:
				return // it does not wait for answers
			}
		}
		if errors.Is(in.Err(), bufio.ErrTooLong) {
			_ = respond(conn, controlResponse{Last: true, Error: &controlError{codeUsage, fmt.Sprintf("a request has at most %d bytes", maxRequestLine)}})
		}
	})
	for {
		select {
		case line := <-lines:
			s.spoke(conn)
			if !s.answer(ctx, conn, line) {
				return
			}
		case <-ctx.Done():
			if s.c.ctx.Err() != nil { // a request may be under way that nobody will look at any more
				_ = respond(conn, controlResponse{Last: true, Error: encodeError(errStopped)})
			}
			return
		}
	}
}

// answer carries out one request. It returns false for one that is not even JSON.
func (s *control) answer(ctx context.Context, conn net.Conn, line []byte) bool {
	req, err := parseControl(line)
	if errors.Is(err, errMalformed) {
		_ = respond(conn, controlResponse{Last: true, Error: &controlError{codeUsage, err.Error()}})
		return false
	}
	last := controlResponse{Last: true}
	if err == nil {
		err = s.handle(ctx, conn, req, &last)
	}
	if err != nil {
		if errors.Is(err, context.Canceled) && s.c.ctx.Err() != nil {
			err = errStopped
		}
		last.Error = encodeError(err)
	}
	return respond(conn, last) == nil
}

// handle carries out a request that parseControl accepted.
func (s *control) handle(ctx context.Context, conn net.Conn, req controlRequest, last *controlResponse) error {
	switch req.Method {
	case "do":
		_, body, err := wire.ParseClientRequest(req.Request)
		if err != nil {
			return usagef("%v", err)
		}
		reply, err := s.c.Do(ctx, req.Via, body)
		if err != nil {
			return err
		}
		last.Reply, err = wire.AppendClientReply(nil, 0, reply)
		return err
	case "fault":
		return s.c.Fault(ctx, *req.Fault)
	case "member":
		change, err := s.c.Member(ctx, *req.Member)
		last.Change = &change
		return err
	case "check-member": // a method of its own, because an older version would ignore a field
		change, err := s.c.CheckMember(ctx, *req.Member)
		last.Change = &change
		return err
	case "snapshot":
		events, err := s.c.Snapshot(ctx, req.Keys...)
		for i := range events { // one a line: replicas can be large
			if err := respond(conn, controlResponse{Events: events[i : i+1]}); err != nil {
				return err
			}
		}
		return err
	case "compare":
		events, err := s.c.Compare(ctx, req.Look, req.Ranges...)
		last.Events = events
		return err
	case "events":
		return s.c.Events(ctx, req.After, req.Follow, func(batch []event.Event) error {
			return respond(conn, controlResponse{Events: batch})
		})
	case "ping":
		return nil
	case "down":
		go func() { _ = s.c.Close() }() // which waits for this answer
		<-s.c.released
		_ = conn.SetWriteDeadline(time.Now().Add(goodbyeTime))
		return nil
	}
	panic("localcluster: the method " + req.Method + " is not carried out")
}

func respond(conn net.Conn, r controlResponse) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(b, '\n'))
	return err
}
