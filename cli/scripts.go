package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

const (
	// commandTimeout bounds one command of a script; wait has a shorter one of its own.
	commandTimeout = 2 * time.Minute
	// downTimeout bounds taking down a cluster that a script left in a process of its own.
	downTimeout = 5 * time.Second
)

type hostKey struct{}

// Scripts returns how testscript runs our scripts: each in a fresh home, with
// the command ringside in this process, its clusters taken down at its end
// whatever happens. The same serves ringside run and go test.
func Scripts(ctx context.Context) testscript.Params {
	return testscript.Params{
		Setup: func(env *testscript.Env) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return setUpScript(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			program: func(ts *testscript.TestScript, neg bool, args []string) { scriptCommand(ctx, ts, neg, args) },
		},
		RequireUniqueNames: true,
	}
}

func setUpScript(env *testscript.Env) error {
	root, err := shortTemp("rs-")
	if err != nil {
		return err
	}
	home, bin, host := filepath.Join(root, "h"), filepath.Join(root, "b"), &Host{}
	env.Defer(func() {
		_ = host.Close()
		downAll(home)
		_ = os.RemoveAll(root) // a temporary folder: the system clears what stays
	})
	if err := errors.Join(os.Mkdir(home, 0o700), os.Mkdir(bin, 0o700), linkSelf(bin)); err != nil {
		return err
	}
	env.Values[hostKey{}] = host
	env.Setenv("RINGSIDE_HOME", home)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
	return nil
}

// linkSelf makes exec ringside find this very program.
func linkSelf(bin string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" {
		return os.Symlink(self, filepath.Join(bin, program))
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(bin, program+".exe"), os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// downAll takes down the clusters that exec ringside up started.
func downAll(home string) {
	ctx, cancel := context.WithTimeout(context.Background(), downTimeout)
	defer cancel()
	list, err := datadir.List(home)
	if err != nil {
		return
	}
	for _, i := range list {
		if r, err := control.Connect(ctx, home, i.Name); err == nil {
			_ = r.Down(ctx)
			_ = r.Close()
		}
	}
}

// scriptCommand is the command ringside of a script. testscript hands its
// standard input to programs only, so what reads "-" runs as one.
func scriptCommand(ctx context.Context, ts *testscript.TestScript, neg bool, args []string) {
	code := 0
	if slices.Contains(args, "-") {
		var exit *exec.ExitError
		if err := ts.Exec(program, args...); errors.As(err, &exit) {
			code = exit.ExitCode()
		} else {
			ts.Check(err)
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		code = Run(ctx, Env{Args: args, Stdin: strings.NewReader(""), Stdout: ts.Stdout(), Stderr: ts.Stderr(),
			Getenv: ts.Getenv, Dir: ts.MkAbs("."), Host: ts.Value(hostKey{}).(*Host)})
	}
	switch {
	case ctx.Err() != nil:
		ts.Fatalf("interrupted")
	case neg && code == 0:
		ts.Fatalf("it succeeded, which it should not")
	case !neg && code != 0:
		ts.Fatalf("exit %d", code)
	}
	if neg {
		ts.Logf("[exit %d]", code)
	}
}

// A scriptRun is a testscript.T that is one script, or all of them, outside of go test.
type scriptRun struct {
	name    string
	verbose bool
	log     strings.Builder
	failed  bool
	started time.Time
	took    time.Duration
	subs    []*scriptRun
	done    chan struct{}
	slots   chan struct{} // bounds how many scripts run at once
}

func (t *scriptRun) Skip(args ...any) { t.Log(args...); runtime.Goexit() }

func (t *scriptRun) Fatal(args ...any) { t.Log(args...); t.FailNow() }

func (t *scriptRun) Parallel() {} // Run does it

func (t *scriptRun) Log(args ...any) { _, _ = fmt.Fprintln(&t.log, args...) }

func (t *scriptRun) FailNow() { t.failed = true; runtime.Goexit() }

func (t *scriptRun) Verbose() bool { return t.verbose }

// Run starts a script. A panic in it fails it, after its clean-up.
func (t *scriptRun) Run(name string, f func(testscript.T)) {
	sub := &scriptRun{name: name, verbose: t.verbose, done: make(chan struct{})}
	t.subs = append(t.subs, sub)
	go func() {
		defer close(sub.done)
		t.slots <- struct{}{}
		defer func() { <-t.slots }()
		sub.started = time.Now()
		defer func() {
			if r := recover(); r != nil {
				sub.failed = true
				sub.Log("panic:", r)
			}
			sub.took = time.Since(sub.started)
		}()
		f(sub)
	}()
}
