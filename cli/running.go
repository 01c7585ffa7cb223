package cli

// A cluster that up has started, what ends it, and the command that may run in it.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ringside/cli/exit"
	"ringside/cli/process"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/cli/web"
	"ringside/engine/settings"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
	"ringside/riak/door"
)

// parentVariable has the number of the process that a detached cluster ends with.
const parentVariable = "RINGSIDE_PARENT"

// A running cluster was started by up.
type running struct {
	*localcluster.Cluster
	over   chan struct{} // closed when --ttl is over or the parent has ended, and the cluster goes down
	why    string        // set before over is closed: what has ended
	cancel context.CancelFunc
	work   sync.WaitGroup // the goroutines of running

	doors *door.Doors // for clients of Riak; nil without --riak and --riak-http
	api   *httpAPI    // nil without --http
	token string      // of api
	web   *web.Server // of api
}

// checkServices returns what the flags ask for beside the cluster itself. An error means that the
// cluster must not be started, nor its data be deleted for --fresh.
func checkServices(c *verbs.Call, o localcluster.Options) (riakSetup, error) {
	riak, err := riakOf(c)
	if err != nil {
		return riak, err
	}
	var set settings.Cluster
	if c.Bool("fresh") {
		set, err = config.NewSettings(o.Name, o.Settings)
	} else {
		set, err = datadir.Foresee(o)
	}
	if err != nil {
		return riak, asMisplaced(withExitCode(err, o.Name), otherFolder)
	}
	if err := riak.check(o.BasePort, len(set.Nodes)); err != nil {
		return riak, err
	}
	if c.Has(httpFlag) {
		err = web.Check(c.String(httpFlag))
	}
	return riak, err
}

// start starts the cluster, and what ends it. riak is the result of checkServices.
func start(s *session, c *verbs.Call, o localcluster.Options, riak riakSetup) (*running, error) {
	file, err := tokenFile(o)
	if err != nil {
		return nil, err
	}
	if c.Has(httpFlag) {
		o.Stopping = func() { _ = os.Remove(file) } // before another cluster of the name writes its own
	}
	parent, err := parentOf(s, c)
	if err != nil {
		return nil, c.Misusef("--%s: %w", parentFlag, err)
	}
	starting, cancel := context.WithTimeout(s.ctx, startTimeout)
	defer cancel()
	cluster, err := localcluster.Start(starting, o)
	if err != nil {
		if parent != nil {
			_ = parent.Close()
		}
		return nil, asMisplaced(withExitCode(err, o.Name), otherFolder)
	}
	r := &running{Cluster: cluster, over: make(chan struct{})}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	gone := r.watch(ctx, parent)
	_ = os.Remove(file) // of a process that was killed
	if c.Has(httpFlag) {
		if err := r.serve(ctx, s, c.String(httpFlag), o, file); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if err := r.serveRiak(starting, riak); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.work.Go(func() { r.endLater(ctx, c.Duration("ttl"), gone) })
	return r, nil
}

// Close takes the cluster down.
func (r *running) Close() error {
	r.cancel()
	r.closeDoors()
	err := r.Cluster.Close()
	r.work.Wait()
	return err
}

// reason returns what ended the cluster: the time of --ttl or the parent; "" for another reason.
func (r *running) reason() string {
	select {
	case <-r.over:
		return r.why
	default:
		return ""
	}
}

// parentOf returns the process that the cluster ends with, nil if there is none.
func parentOf(s *session, c *verbs.Call) (*process.Parent, error) {
	if !c.Bool(parentFlag) {
		return nil, nil
	}
	if pid, err := strconv.Atoi(s.Getenv(parentVariable)); err == nil && s.Getenv(detachedVariable) != "" {
		return process.OpenParent(pid)
	}
	return process.OwnParent()
}

// watch returns a channel that is closed when parent has ended, nil if parent is nil. watch
// closes parent when that process or ctx has ended.
func (r *running) watch(ctx context.Context, parent *process.Parent) <-chan struct{} {
	if parent == nil {
		return nil
	}
	gone := make(chan struct{})
	r.work.Go(func() {
		if parent.Await(ctx) {
			close(gone)
		}
		_ = parent.Close()
	})
	return gone
}

// endLater takes the cluster down after ttl, unless it is 0, and when gone is closed. It ends the
// API and the ports for clients of Riak when the cluster is down.
func (r *running) endLater(ctx context.Context, ttl time.Duration, gone <-chan struct{}) {
	var late <-chan time.Time
	if ttl > 0 {
		late = time.After(ttl)
	}
	select {
	case <-late:
		r.end("the time of --ttl is over")
	case <-gone:
		r.end("the process that started up has ended")
	case <-ctx.Done():
	case <-r.Done():
	}
	r.cancel()
	r.closeDoors()
	r.stopServing()
}

// end takes the cluster down for a reason.
func (r *running) end(why string) {
	r.why = why
	close(r.over)
	_ = r.Cluster.Close()
}

// runUnder starts a cluster, runs the command after -- in it, and takes the cluster down.
func runUnder(s *session, c *verbs.Call) error {
	code, err := underCluster(s, c)
	var e *exit.Error
	switch {
	case err == nil && code == exit.OK:
		return nil
	case err == nil:
		return &exit.Error{Exit: code, Code: "command_failed", Reported: true, Message: fmt.Sprintf("exit %d", code)}
	case errors.As(err, &e) && (e.Exit == exit.CannotRun || e.Exit == exit.NoCommand):
		return err
	case exit.As(err).Exit == exit.Interrupted:
		return err
	}
	return ownFailure(err)
}

// ownFailure returns err with the exit code of a failure of up, and not of its command.
func ownFailure(err error) error {
	out := *exit.As(err)
	out.Exit = exit.UpFailed
	return &out
}

// underCluster returns the exit code of the command, or the reason why it did not run.
func underCluster(s *session, c *verbs.Call) (int, error) {
	switch {
	case len(c.Rest) == 0:
		return 0, c.Misusef("the command after -- is missing")
	case len(c.Args) > len(c.Rest):
		return 0, c.Misusef("%s stands before --; the command goes after it", render.Quoted(c.Arg(0)))
	case c.Bool("detach"):
		return 0, c.Misusef("--detach and a command do not go together; the cluster ends with the command")
	}
	cmd := exec.Command(c.Rest[0], c.Rest[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Dir, s.Stdin, s.Stdout, s.Stderr
	if err := process.Find(cmd); err != nil {
		return 0, err
	}
	if s.name == "" && !c.Has("dir") {
		_, remove, err := throwAwayHome(s, "ringside-up-")
		if err != nil {
			return 0, err
		}
		defer remove()
	}
	o, err := s.options(c)
	if err != nil {
		return 0, err
	}
	o.Mem = o.Mem || s.name == "" && !c.Has("dir")
	riak, err := checkServices(c, o)
	if err != nil {
		return 0, err
	}
	if c.Bool("fresh") {
		if err := s.clear(c, o); err != nil {
			return 0, err
		}
	}
	r, err := start(s, c, o, riak)
	if err != nil {
		return 0, err
	}
	cmd.Env = variables(os.Environ(), r, o)
	code, err := process.Run(s.ctx, cmd, r.over)
	if why := r.reason(); why != "" {
		s.Notef("%s: %s, and %s was asked to end\n", program, why, render.Text(c.Rest[0]))
	}
	return code, errors.Join(err, r.Err(), r.Close())
}

// ownVariables are the variables that a command in a cluster does not inherit.
var ownVariables = []string{
	"RINGSIDE_HOME", "RINGSIDE_CLUSTER", targetVariable, "RINGSIDE_HTTP", "RINGSIDE_TOKEN", "RINGSIDE_RIAK",
	"RINGSIDE_RIAK_HTTP", detachedVariable, parentVariable,
}

// variables returns the environment of a command that finds the cluster.
func variables(env []string, r *running, o localcluster.Options) []string {
	var out []string
	for _, v := range env {
		if name, _, _ := strings.Cut(v, "="); !slices.Contains(ownVariables, name) {
			out = append(out, v)
		}
	}
	out = append(out, "RINGSIDE_HOME="+o.Home, "RINGSIDE_CLUSTER="+o.Name)
	if r.api != nil {
		out = append(out, "RINGSIDE_HTTP="+r.api.URL, "RINGSIDE_TOKEN="+r.token)
	}
	return append(out, r.riakVariables()...)
}
