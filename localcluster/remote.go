package localcluster

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// maxIdle is how many connections a Remote keeps for its next requests.
const maxIdle = 4

// A Remote is a cluster that another process runs.
type Remote struct {
	name string
	sock string

	mu     sync.Mutex
	idle   []*remoteConn
	closed bool
}

type remoteConn struct {
	net.Conn
	in *bufio.Scanner
}

// Connect finds the running cluster called name. The error wraps ErrNotRunning if there is none.
func Connect(ctx context.Context, home, name string) (*Remote, error) {
	if name == "" {
		name = DefaultName
	}
	p, err := pathsOf(home, name)
	if err != nil {
		return nil, err
	}
	r := &Remote{name: name, sock: p.sock}
	conn, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	r.giveBack(conn)
	return r, nil
}

func (r *Remote) dial(ctx context.Context) (*remoteConn, error) {
	if len(r.sock) > maxSocketPath {
		return nil, fmt.Errorf("cluster %s: %w", r.name, ErrNotRunning) // nobody can have made it
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", r.sock)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("cluster %s: %w", r.name, ErrNotRunning)
	}
	in := bufio.NewScanner(conn)
	in.Buffer(make([]byte, firstLine), maxResponseLine)
	return &remoteConn{conn, in}, nil
}

// take returns an idle connection or a new one.
func (r *Remote) take(ctx context.Context) (*remoteConn, error) {
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		conn := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return conn, nil
	}
	r.mu.Unlock()
	return r.dial(ctx)
}

func (r *Remote) giveBack(conn *remoteConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.idle) >= maxIdle {
		_ = conn.Close()
		return
	}
	r.idle = append(r.idle, conn)
}

// Close gives up the connections; the cluster runs on.
func (r *Remote) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, conn := range r.idle {
		_ = conn.Close()
	}
	r.idle = nil
	return nil
}

// call sends a request and hands the responses to fn, up to the last.
func (r *Remote) call(ctx context.Context, req controlRequest, fn func(controlResponse) error) error {
	line, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if len(line) >= maxRequestLine {
		return usagef("%s: a request has at most %d bytes", req.Method, maxRequestLine)
	}
	conn, err := r.take(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // takes the request back
	clean, err := exchange(conn, append(line, '\n'), fn)
	switch {
	case !stop():
		_ = conn.Close()
		return ctx.Err()
	case clean:
		r.giveBack(conn)
		return err
	}
	_ = conn.Close()
	if errors.Is(err, errHungUp) && !answers(r.sock) {
		return fmt.Errorf("cluster %s: %w", r.name, ErrNotRunning)
	}
	return err
}

var errHungUp = errors.New("the cluster hung up")

// exchange is clean if the connection can be used again.
func exchange(conn *remoteConn, line []byte, fn func(controlResponse) error) (clean bool, err error) {
	_, broken := conn.Write(line)
	// A cluster that refuses the connection says why and hangs up, perhaps
	// before the request was written: what it said is still there to be read.
	for conn.in.Scan() {
		var resp controlResponse
		if err := json.Unmarshal(conn.in.Bytes(), &resp); err != nil {
			return false, fmt.Errorf("read response: %w", err)
		}
		if resp.Error != nil {
			return resp.Last, resp.Error.decode()
		}
		if err := fn(resp); err != nil {
			return resp.Last, err
		}
		if resp.Last {
			return true, nil
		}
	}
	err = cmp.Or(conn.in.Err(), broken, io.ErrUnexpectedEOF)
	return false, fmt.Errorf("%w: %w", errHungUp, err)
}

// Do is Cluster.Do.
func (r *Remote) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	b, err := wire.AppendClientRequest(nil, 0, req)
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return failure(req, wire.TooLarge, false, err.Error()), nil
	case err != nil:
		return nil, usagef("%v", err)
	}
	var reply wire.ClientReply
	err = r.call(ctx, controlRequest{Method: "do", Via: via, Request: b}, func(resp controlResponse) (err error) {
		_, reply, err = wire.ParseClientReply(resp.Reply)
		return err
	})
	return reply, err
}

// Fault is Cluster.Fault.
func (r *Remote) Fault(ctx context.Context, f fault.Fault) error {
	return r.call(ctx, controlRequest{Method: "fault", Fault: &f}, func(controlResponse) error { return nil })
}

// Member is Cluster.Member.
func (r *Remote) Member(ctx context.Context, req member.Request) (member.Change, error) {
	return r.change(ctx, "member", req)
}

// CheckMember is Cluster.CheckMember.
func (r *Remote) CheckMember(ctx context.Context, req member.Request) (member.Change, error) {
	return r.change(ctx, "check-member", req)
}

func (r *Remote) change(ctx context.Context, method string, req member.Request) (member.Change, error) {
	var out member.Change
	err := r.call(ctx, controlRequest{Method: method, Member: &req}, func(resp controlResponse) error {
		if resp.Change != nil {
			out = *resp.Change
		}
		return nil
	})
	return out, err
}

// Compare is Cluster.Compare.
func (r *Remote) Compare(ctx context.Context, look bool, ranges ...trace.Span) ([]trace.Event, error) {
	var out []trace.Event
	err := r.call(ctx, controlRequest{Method: "compare", Look: look, Ranges: ranges}, func(resp controlResponse) error {
		out = append(out, resp.Events...)
		return nil
	})
	return out, err
}

// Snapshot is Cluster.Snapshot.
func (r *Remote) Snapshot(ctx context.Context, keys ...[]byte) ([]trace.Event, error) {
	var out []trace.Event
	err := r.call(ctx, controlRequest{Method: "snapshot", Keys: keys}, func(resp controlResponse) error {
		out = append(out, resp.Events...)
		return nil
	})
	return out, err
}

// Events is Cluster.Events.
func (r *Remote) Events(ctx context.Context, after uint64, follow bool, fn func([]trace.Event) error) error {
	return r.call(ctx, controlRequest{Method: "events", After: after, Follow: follow}, func(resp controlResponse) error {
		if len(resp.Events) == 0 {
			return nil
		}
		return fn(resp.Events)
	})
}

// Down is Cluster.Down. When it returns the cluster's name and data are free.
func (r *Remote) Down(ctx context.Context) error {
	err := r.call(ctx, controlRequest{Method: "down"}, func(controlResponse) error { return nil })
	if errors.Is(err, ErrNotRunning) {
		return nil // it was quicker than its answer
	}
	return err
}
