package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/script"
	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
	"ringside/riak/target"
)

// An Env holds all that a command line uses of the process.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Dir            string       // the working folder; "" for the process's own
	Host           *script.Host // keeps the clusters that up starts; nil: up runs until its cluster ends
}

// Main runs the command line of the process and returns its exit code. After an interrupt,
// SIGTERM, SIGQUIT or SIGHUP, the command restores the terminal and deletes temporary folders
// before Main returns.
func Main(args []string) int {
	collectLess()
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores the signal
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, func() { // a second Ctrl-C ends the process at once
		signal.Ignore(syscall.SIGHUP) // the kernel and the shell each send one when a terminal is closed
		stop()
	})
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // the write fails with EPIPE instead of ending the process
	return Run(ctx, Env{Args: args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv})
}

const (
	// garbagePart is how much garbage there may be before it is collected, in percent of the memory
	// in use. Nodes keep little and make much garbage, so Go's usual 100 would collect it many
	// times a second.
	garbagePart = 400
	// memoryLimit is the number of bytes of the whole process beyond which garbage is collected
	// sooner, whatever garbagePart says.
	memoryLimit = 3 << 30
)

// collectLess makes the garbage collector run less often than usual, unless the environment says
// how often.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePart)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, env Env) int {
	s := newSession(ctx, env)
	err := s.app().RunContext(ctx, append([]string{program}, env.Args...))
	if s.cluster != nil {
		_ = s.cluster.close() // only a connection, so nothing is lost
	}
	if s.foreign != nil {
		s.foreign.Close()
	}
	return s.finish(err)
}

const (
	program = "ringside"
	// prefix stands before a command in help.
	prefix = program + " "
)

// A session holds the state of one command line. One goroutine owns the session.
type session struct {
	console.Console
	ctx     context.Context
	args    []string // without the program's name
	host    *script.Host
	name    string // the value of --cluster
	cluster *lazy

	target  targetChoice
	foreign *target.Cluster // nil if the command uses no target
}

func newSession(ctx context.Context, env Env) *session {
	return &session{
		Console: console.Console{Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, Getenv: env.Getenv,
			Dir: env.Dir},
		ctx: ctx, args: env.Args, host: env.Host,
	}
}

// globals are the flags that may stand before the command and after it.
var globals = append([]verbs.Flag{
	{Name: verbs.ClusterFlag, Kind: verbs.String, Value: "NAME",
		Help: "the cluster; otherwise that of RINGSIDE_CLUSTER, or default"},
	{Name: "no-color", Kind: verbs.Bool, Help: "no colours, as with NO_COLOR or TERM=dumb"},
}, targetFlags()...)

// adopt takes over the global flags that stand after the command.
func (s *session) adopt(c *verbs.Call) {
	if c.Has("cluster") {
		s.name = c.String("cluster")
	}
	s.target.adopt(c)
	s.NoColor = s.NoColor || c.Bool("no-color")
	s.JSON = s.JSON || c.Bool("json")
}

// clusterName returns the name of the cluster that the command line means.
func (s *session) clusterName() string {
	for _, name := range []string{s.name, s.Getenv("RINGSIDE_CLUSTER")} {
		if name != "" {
			return name
		}
	}
	return config.DefaultName
}

// home returns the folder of all clusters.
func (s *session) home() (string, error) {
	dir, err := datadir.Home(s.Getenv)
	return dir, asMisplaced(withExitCode(err, ""), "set RINGSIDE_HOME to a folder of your own")
}

// useHome makes the session use another home folder, and no cluster that a variable names.
func useHome(s *session, dir string) {
	outer := s.Getenv
	s.Getenv = func(name string) string {
		switch name {
		case "RINGSIDE_HOME":
			return dir
		case "RINGSIDE_CLUSTER", targetVariable:
			return ""
		}
		return outer(name)
	}
}

// throwAwayHome makes the session use a new home folder, which remove deletes. It also deletes
// those that processes left that were killed.
func throwAwayHome(s *session, prefix string) (dir string, remove func(), err error) {
	dir, remove, err = datadir.ThrowAway(func() (string, error) { return console.ShortTemp(prefix) })
	if err != nil {
		return "", nil, fmt.Errorf("create a home folder: %w", err)
	}
	datadir.Sweep(filepath.Dir(dir), prefix)
	useHome(s, dir)
	return dir, remove, nil
}

// verbsEnv returns the surroundings of a verb. The verb connects to the cluster when it first uses
// it.
func (s *session) verbsEnv() *verbs.Env {
	tty := console.IsTerminal(s.Stdout)
	env := &verbs.Env{
		In: s.Stdin, Out: s.Stdout, Err: s.Stderr, JSON: s.JSON, Terminal: tty, Width: s.Width(),
		Color: tty && s.Colors(), Name: s.clusterName(), Dir: s.Dir,
		Contexts: contexts{s}, Extra: globals, Prefix: prefix, Progress: s.Progress().Show,
	}
	if a, err := targetOf(s); a != nil && err == nil { // checkTarget has reported an error
		useTarget(s, env, *a)
		return env
	}
	s.cluster = &lazy{session: s}
	env.Cluster = s.cluster
	return env
}

// finish prints an error and returns the exit code.
func (s *session) finish(err error) int {
	var misuse *usage.Error
	if errors.As(err, &misuse) && misuse.Synopsis != "" {
		err = &usage.Error{Err: err, Synopsis: prefix + misuse.Synopsis}
	}
	e := exit.As(err)
	switch {
	case e == nil:
		return exit.OK
	case errors.Is(err, syscall.EPIPE): // the reader, such as head, has read enough
		return exit.OK
	case e.Reported, e.Exit == exit.Interrupted: // the user pressed Ctrl-C and needs no message
	case s.JSON || wantsJSON(s.args):
		if err := s.PrintJSON(exit.JSON(e)); err != nil {
			return exit.Internal
		}
		return e.Exit
	default:
		_, _ = fmt.Fprintf(s.Stderr, "%s: %s\n", program, e.Message)
	}
	return e.Exit
}

// wantsJSON reports whether --json was given, for a command line that could not be parsed.
func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.ContainsFunc(args, func(a string) bool { return strings.TrimLeft(a, "-") == "json" && a != "json" })
}
