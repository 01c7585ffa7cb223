package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"

	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
)

// startAdvice leads from the error of a cluster that does not run to the command that starts it.
const startAdvice = "; start it with: "

// withExitCode returns an error of localcluster with its exit code. name is the cluster's name.
func withExitCode(err error, name string) error {
	var silent *datadir.SilentError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &silent):
		return &exit.Error{Exit: exit.NoCluster, Code: "no_cluster", Message: escape.Terminal([]byte(err.Error()))}
	case errors.Is(err, control.ErrNotRunning):
		flag, shown := "", escape.Terminal([]byte(name))
		if name != config.DefaultName {
			flag = " --cluster " + shown
		}
		message := fmt.Sprintf("no cluster %s is running", shown)
		if errors.Is(err, control.ErrGone) {
			message = fmt.Sprintf("cluster %s ended during the command; whether the last request was carried out is "+
				"not known", shown)
		}
		return &exit.Error{Exit: exit.NoCluster, Code: "no_cluster", Message: message + startAdvice + "ringside up" + flag}
	}
	return err
}

// misplaced lists the errors that are due to the user's choice of a folder. A full or broken disk
// is not among them.
var misplaced = []error{fs.ErrPermission, fs.ErrNotExist, fs.ErrExist, syscall.ENOTDIR, syscall.EISDIR, syscall.EROFS}

// asMisplaced returns a usage error for a folder that cannot be used, and err itself for other
// errors.
func asMisplaced(err error, instead string) error {
	var path *fs.PathError
	if !errors.As(err, &path) || !slices.ContainsFunc(misplaced, func(m error) bool { return errors.Is(path, m) }) {
		return err
	}
	return usage.Errorf("the folder cannot be used: %s; %s", escape.Terminal([]byte(path.Error())), instead)
}

// lazy is the session's cluster as a verbs.Cluster. It connects at the first use, so that an error
// in the command line comes first, whether the cluster runs or not.
type lazy struct {
	session *session
	mu      sync.Mutex // guards name and remote, because wait uses the cluster from two goroutines
	name    string
	remote  *control.Remote
}

var _ verbs.Cluster = (*lazy)(nil)

func (l *lazy) connect(ctx context.Context) (*control.Remote, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.remote != nil {
		return l.remote, nil
	}
	home, err := l.session.home()
	if err != nil {
		return nil, err
	}
	l.name = l.session.clusterName()
	if l.remote, err = control.Connect(ctx, home, l.name); err != nil {
		l.remote = nil
		return nil, withExitCode(err, l.name)
	}
	return l.remote, nil
}

func (l *lazy) close() error {
	if l.remote == nil {
		return nil
	}
	return l.remote.Close()
}

// forget closes the connection. The next use of the cluster connects anew.
func (l *lazy) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.remote != nil {
		_ = l.remote.Close() // the cluster has ended
		l.remote = nil
	}
}

// Do implements verbs.Cluster.
func (l *lazy) Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error) {
	r, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := r.Do(ctx, via, req)
	return reply, withExitCode(err, l.name)
}

// Fault implements verbs.Cluster.
func (l *lazy) Fault(ctx context.Context, f fault.Fault) error {
	r, err := l.connect(ctx)
	if err != nil {
		return err
	}
	return withExitCode(r.Fault(ctx, f), l.name)
}

// Member implements verbs.Cluster.
func (l *lazy) Member(ctx context.Context, req member.Request) (member.Change, error) {
	r, err := l.connect(ctx)
	if err != nil {
		return member.Change{}, err
	}
	change, err := r.Member(ctx, req)
	return change, withExitCode(err, l.name)
}

// CheckMember implements verbs.Cluster.
func (l *lazy) CheckMember(ctx context.Context, req member.Request) (member.Change, error) {
	r, err := l.connect(ctx)
	if err != nil {
		return member.Change{}, err
	}
	change, err := r.CheckMember(ctx, req)
	return change, withExitCode(err, l.name)
}

// Compare implements verbs.Cluster.
func (l *lazy) Compare(ctx context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error) {
	r, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	events, err := r.Compare(ctx, dryRun, ranges...)
	return events, withExitCode(err, l.name)
}

// Snapshot implements verbs.Cluster.
func (l *lazy) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	r, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	events, err := r.Snapshot(ctx, keys...)
	return events, withExitCode(err, l.name)
}

// Events implements verbs.Cluster.
func (l *lazy) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	r, err := l.connect(ctx)
	if err != nil {
		return err
	}
	return withExitCode(r.Events(ctx, q, fn), l.name)
}

// EventLines passes on the lines of a control.Remote.
func (l *lazy) EventLines(ctx context.Context, q event.Query, fn func(lines []byte) error) error {
	r, err := l.connect(ctx)
	if err != nil {
		return err
	}
	return withExitCode(r.EventLines(ctx, q, fn), l.name)
}

// Down implements verbs.Cluster.
func (l *lazy) Down(ctx context.Context) error {
	r, err := l.connect(ctx)
	if err != nil {
		return err
	}
	return withExitCode(r.Down(ctx), l.name)
}

// contexts is a verbs.Contexts: it keeps the contexts @NAME in the folder of the cluster.
type contexts struct{ s *session }

func (c contexts) path(name string) (string, error) {
	home, err := c.s.home()
	if err != nil {
		return "", err
	}
	path, err := datadir.ContextPath(home, c.s.clusterName(), name)
	return path, withExitCode(err, "")
}

// Load implements verbs.Contexts.
func (c contexts) Load(name string) (string, error) {
	path, err := c.path(name)
	if err != nil {
		return "", err
	}
	return verbs.LoadContext(path)
}

// Create opens a file that replaces the saved context. The cluster must run, so that no folder is
// made for a cluster that does not exist.
func (c contexts) Create(name string) (*verbs.ContextFile, error) {
	path, err := c.path(name)
	if err != nil {
		return nil, err
	}
	if c.s.cluster != nil {
		if _, err := c.s.cluster.connect(c.s.ctx); err != nil {
			return nil, err
		}
	}
	return verbs.CreateContext(path)
}

// Names implements verbs.Contexts.
func (c contexts) Names() ([]string, error) {
	home, err := c.s.home()
	if err != nil {
		return nil, err
	}
	names, err := datadir.ContextNames(home, c.s.clusterName())
	return names, withExitCode(err, "")
}
