package control

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
	"ringside/localcluster/transport"
)

const (
	// maxIdle is how many connections a Remote keeps for its next requests.
	maxIdle = 64
	// silenceLimit is how long the process of a cluster may take to answer a ping, which it answers
	// at once unless it is stopped or hangs. A busy machine can hold it up for a second or two.
	silenceLimit = 5 * time.Second
)

// A Remote is a cluster that another process runs.
type Remote struct {
	name    string
	folder  datadir.Folder
	silence time.Duration // silenceLimit, or less in tests
	pid     int           // the process that ran the cluster when the Remote was made

	mu     sync.Mutex
	idle   []*remoteConn
	closed bool
}

type remoteConn struct {
	net.Conn
	in *bufio.Scanner
}

// Connect finds the running cluster called name. The error wraps ErrNotRunning if there is none. It
// is a *datadir.SilentError if a process holds the cluster and does not answer.
func Connect(ctx context.Context, home, name string) (*Remote, error) {
	return connectWithin(ctx, home, name, silenceLimit)
}

func connectWithin(ctx context.Context, home, name string, silence time.Duration) (*Remote, error) {
	name = cmp.Or(name, config.DefaultName)
	f, err := datadir.FolderOf(home, name)
	if err != nil {
		return nil, err
	}
	r := &Remote{name: name, folder: f, silence: silence, pid: f.PID()}
	conn, err := r.dial(ctx)
	switch {
	case errors.Is(err, ErrNotRunning) && f.Holder() != 0:
		return nil, f.Silent(name)
	case err != nil:
		return nil, err
	}
	if err := r.ping(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	r.giveBack(conn)
	return r, nil
}

func (r *Remote) notRunning() error { return fmt.Errorf("cluster %s: %w", r.name, ErrNotRunning) }

func (r *Remote) dial(ctx context.Context) (*remoteConn, error) {
	if !r.folder.HasSocketPath() {
		return nil, r.notRunning()
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", r.folder.Sock)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, r.notRunning()
	}
	in := bufio.NewScanner(conn)
	in.Buffer(make([]byte, firstLine), maxResponseLine)
	in.Split(wholeLines)
	return &remoteConn{conn, in}, nil
}

// wholeLines is bufio.ScanLines, except that it drops an incomplete last line: the process of the
// cluster ended while it wrote the line.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if atEOF && bytes.IndexByte(data, '\n') < 0 {
		return len(data), nil, nil
	}
	return bufio.ScanLines(data, atEOF)
}

// ping returns a *datadir.SilentError if the cluster's process takes connections and does not
// answer. Its error wraps ErrNotRunning if there is no such process, or if the process ends.
func (r *Remote) ping(ctx context.Context) error {
	conn, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_ = conn.SetDeadline(time.Now().Add(r.silence))
	_, _ = conn.Write([]byte(`{"method":"ping"}` + "\n")) // an earlier version answers that the method is unknown
	answered := conn.in.Scan()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case answered:
		return nil
	case !errors.Is(conn.in.Err(), os.ErrDeadlineExceeded):
		return r.notRunning()
	}
	pid := r.folder.PID()
	return &datadir.SilentError{Message: fmt.Sprintf("cluster %s takes connections and has not answered for %v: "+
		"its process %d is stopped or hangs; let it go on with: kill -CONT %d, or end it with: kill -9 %d",
		r.name, r.silence, pid, pid, pid)}
}

// watch pings the cluster as long as a request is under way, and ends the request if there is no
// answer.
func (r *Remote) watch(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(r.silence)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.ping(ctx); errors.As(err, new(*datadir.SilentError)) {
			end(err)
			return
		}
	}
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

// Close closes the connections. The cluster continues to run.
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
func (r *Remote) call(ctx context.Context, req request, fn func(response) error) error {
	line, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if len(line) >= maxRequestLine {
		return usage.Errorf("%s: a request has at most %d bytes", req.Method, maxRequestLine)
	}
	conn, err := r.take(ctx)
	if err != nil {
		return err
	}
	watched, end := context.WithCancelCause(ctx)
	defer end(nil)
	go r.watch(watched, end)
	stop := context.AfterFunc(watched, func() { _ = conn.Close() }) // cancels the request
	clean, err := exchange(conn, append(line, '\n'), fn)
	switch {
	case !stop():
		_ = conn.Close()
		if ctx.Err() == nil {
			return fmt.Errorf("%w; whether the request was carried out is not known", context.Cause(watched))
		}
		return ctx.Err()
	case clean:
		r.giveBack(conn)
		return err
	}
	_ = conn.Close()
	if errors.Is(err, errHungUp) {
		return r.whyHungUp(ctx, err)
	}
	return err
}

// whyHungUp returns ErrGone if the process of the cluster has ended or is ending, also if another
// process runs the cluster now. It returns err if the process answers. The system closes the files
// of a killed process one by one: a connection may be closed while the socket of the cluster still
// takes new ones, which are not answered.
func (r *Remote) whyHungUp(ctx context.Context, err error) error {
	switch ping := r.ping(ctx); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(ping, ErrNotRunning), ping == nil && r.folder.PID() != r.pid:
		return fmt.Errorf("cluster %s: %w", r.name, ErrGone)
	case ping != nil:
		return ping
	}
	return err
}

var errHungUp = errors.New("the cluster hung up")

// exchange writes a request and hands the responses to fn. clean means that the connection can be
// used again.
func exchange(conn *remoteConn, line []byte, fn func(response) error) (clean bool, err error) {
	_, broken := conn.Write(line)
	// A cluster that refuses the connection writes why and closes it, perhaps before the request
	// was written. The refusal can still be read.
	var lines []byte
	for conn.in.Scan() {
		if bytes.HasPrefix(conn.in.Bytes(), []byte(linePrefix)) {
			lines = append(append(lines, conn.in.Bytes()...), '\n')
			continue
		}
		resp := response{lines: lines}
		lines = lines[:0]
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
		return transport.Failure(req, wire.TooLarge, false, err.Error()), nil
	case err != nil:
		return nil, usage.Errorf("%v", err)
	}
	var reply wire.ClientReply
	err = r.call(ctx, request{Method: "do", Via: via, Request: b}, func(resp response) (err error) {
		_, reply, err = wire.ParseClientReply(resp.Reply)
		return err
	})
	return reply, err
}

// Fault is Cluster.Fault.
func (r *Remote) Fault(ctx context.Context, f fault.Fault) error {
	return r.call(ctx, request{Method: "fault", Fault: &f}, func(response) error { return nil })
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
	err := r.call(ctx, request{Method: method, Member: &req}, func(resp response) error {
		if resp.Change != nil {
			out = *resp.Change
		}
		return nil
	})
	return out, err
}

// Compare is Cluster.Compare.
func (r *Remote) Compare(ctx context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error) {
	var out []event.Event
	err := r.call(ctx, request{Method: "compare", DryRun: dryRun, Ranges: ranges}, func(resp response) error {
		out = append(out, resp.Events...)
		return nil
	})
	return out, err
}

// Snapshot is Cluster.Snapshot.
func (r *Remote) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	var out []event.Event
	err := r.call(ctx, request{Method: "snapshot", Keys: keys}, func(resp response) error {
		out = append(out, resp.Events...)
		return nil
	})
	return out, err
}

// Events is Cluster.Events.
func (r *Remote) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	return r.call(ctx, eventsRequest(q, false), func(resp response) error {
		if len(resp.Events) == 0 {
			return nil
		}
		return fn(resp.Events)
	})
}

// EventLines is Events for programs: it calls fn with lines of JSON, one for each event, and does
// not decode them. fn must not keep the slice. The cluster is trusted to send JSON, so a caller
// that writes to a terminal escapes the lines.
func (r *Remote) EventLines(ctx context.Context, q event.Query, fn func(lines []byte) error) error {
	return r.call(ctx, eventsRequest(q, true), func(resp response) error {
		if len(resp.lines) == 0 {
			return nil
		}
		return fn(resp.lines)
	})
}

// Down is Cluster.Down. When Down returns, the cluster's name and data are free.
func (r *Remote) Down(ctx context.Context) error {
	err := r.call(ctx, request{Method: "down"}, func(response) error { return nil })
	if errors.Is(err, ErrNotRunning) {
		return nil // the cluster went down before its answer arrived
	}
	return err
}
