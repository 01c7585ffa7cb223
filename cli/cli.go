// Package cli is the command line: urfave/cli picks the command, the registry
// of cli/verbs parses and does it, and this package adds what is about
// clusters and this program rather than about a cluster's keys.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"ringside/cli/console"
	"ringside/cli/exit"
	"ringside/cli/script"
	"ringside/cli/verbs"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// An Env is the world that a command line runs in. Nothing else of the process is used.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Dir            string       // the working folder; "" for the process's own
	Host           *script.Host // where up starts clusters that outlive the command; nil: up stays in the foreground
}

// Main runs the process's command line and returns its exit code. A signal that asks for the end,
// also SIGQUIT, ends the command in order: Main restores the terminal and deletes temporary
// folders.
func Main(args []string) int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) { // nohup means it
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

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, env Env) int {
	s := newSession(ctx, env)
	err := s.app().RunContext(ctx, append([]string{program}, env.Args...))
	if s.cluster != nil {
		_ = s.cluster.close() // it only ever was a connection
	}
	return s.finish(err)
}

const program = "ringside"

// A session is one command line that runs. One goroutine owns it.
type session struct {
	console.Console
	ctx     context.Context
	args    []string // without the program's name
	host    *script.Host
	name    string // the value of --cluster
	cluster *lazy
}

func newSession(ctx context.Context, env Env) *session {
	return &session{
		Console: console.Console{Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr, Getenv: env.Getenv, Dir: env.Dir},
		ctx:     ctx, args: env.Args, host: env.Host,
	}
}

// globals are the flags that may stand before the command and after it.
var globals = []verbs.Flag{
	{Name: verbs.ClusterFlag, Kind: verbs.String, Value: "NAME", Help: "which cluster; RINGSIDE_CLUSTER otherwise, or default"},
	{Name: "no-color", Kind: verbs.Bool, Help: "no colours; so do NO_COLOR and TERM=dumb"},
}

// adopt takes over the global flags that stood after the command.
func (s *session) adopt(c *verbs.Call) {
	if c.Has("cluster") {
		s.name = c.String("cluster")
	}
	s.NoColor = s.NoColor || c.Bool("no-color")
	s.JSON = s.JSON || c.Bool("json")
}

// clusterName is the cluster that the command line means.
func (s *session) clusterName() string {
	for _, name := range []string{s.name, s.Getenv("RINGSIDE_CLUSTER")} {
		if name != "" {
			return name
		}
	}
	return config.DefaultName
}

// home is the folder of clusters.
func (s *session) home() (string, error) {
	dir, err := datadir.Home(s.Getenv)
	return dir, unusable(told(err, ""), "set RINGSIDE_HOME to a folder of your own")
}

// verbsEnv is what a verb runs in. The cluster is only asked for when the verb uses it.
func (s *session) verbsEnv() *verbs.Env {
	s.cluster = &lazy{session: s}
	tty := console.IsTerminal(s.Stdout)
	return &verbs.Env{
		Cluster: s.cluster, In: s.Stdin, Out: s.Stdout, Err: s.Stderr, JSON: s.JSON, Terminal: tty, Width: s.Width(),
		Color: tty && s.Colors(), Name: s.clusterName(), Dir: s.Dir,
		Contexts: contexts{s}, Extra: globals,
	}
}

// finish tells what went wrong and returns the exit code.
func (s *session) finish(err error) int {
	e := exit.As(err)
	switch {
	case e == nil:
		return exit.OK
	case errors.Is(err, syscall.EPIPE): // head has what it wanted
		return exit.OK
	case e.Reported, e.Exit == exit.Interrupted: // who pressed Ctrl-C knows
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

// wantsJSON looks for --json where parsing did not get as far.
func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.ContainsFunc(args, func(a string) bool { return strings.TrimLeft(a, "-") == "json" && a != "json" })
}
