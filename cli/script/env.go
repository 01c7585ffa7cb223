package script

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"ringside/cli/console"
	"ringside/cli/verbs"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
)

const (
	// commandTimeout bounds one command of a script. The command wait has a shorter limit of its
	// own.
	commandTimeout = 2 * time.Minute
	// downTimeout bounds taking down a cluster that a script left in a process of its own.
	downTimeout = 5 * time.Second
	// programName is the command of scripts that runs this program.
	programName = "ringside"
)

// A Program runs one command line of a script and returns its exit code. console has no standard
// input, and host keeps the clusters that the command line starts.
type Program func(ctx context.Context, args []string, console console.Console, host *Host) int

// A Host keeps the clusters that a script starts in this process. Its methods may be called from
// any goroutine.
type Host struct {
	mu       sync.Mutex
	clusters []io.Closer
}

// Add keeps a cluster until Close.
func (h *Host) Add(c io.Closer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clusters = append(h.clusters, c)
}

// Close takes all clusters down.
func (h *Host) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, c := range h.clusters {
		errs = append(errs, c.Close())
	}
	h.clusters = nil
	return errors.Join(errs...)
}

type hostKey struct{}

// Options say how scripts are run.
type Options struct {
	Program Program // runs the lines of ringside
	Verbose bool    // testscript logs all, also of a script that passed
	// Environ returns variables of the form NAME=VALUE for one more script. It may be nil.
	Environ func() []string
}

// Params returns the parameters with which testscript runs scripts. folder is for the translated
// copies of scripts that need one; the caller deletes folder.
func Params(ctx context.Context, o Options, folder string, scripts []Script) (testscript.Params, error) {
	files, err := onDisk(folder, scripts)
	return testscript.Params{
		Files: files,
		Setup: func(env *testscript.Env) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if o.Environ != nil {
				env.Vars = append(env.Vars, o.Environ()...)
			}
			return setUp(ctx, env, folder)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			programName: func(ts *testscript.TestScript, neg bool,
				args []string) {
				runCommand(ctx, o.Program, ts, neg, args)
			},
			shellName: func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Fatalf("%v", verbs.RefuseShell(args))
			},
		},
		RequireUniqueNames: true,
	}, err
}

// setUp gives a script a home and a host of its own. If the script fails under Run, its capsule is
// left in folder.
func setUp(ctx context.Context, env *testscript.Env, folder string) error {
	root, err := console.ShortTemp("rs-")
	if err != nil {
		return err
	}
	home, bin, host := filepath.Join(root, "h"), filepath.Join(root, "b"), &Host{}
	env.Defer(func() {
		if t, ok := env.T().(*runner); ok && t.failed {
			t.leaveCapsule(ctx, home, folder)
		}
		_ = host.Close()
		TakeDown(home)
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

// linkSelf makes exec ringside find this program.
func linkSelf(bin string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" {
		return os.Symlink(self, filepath.Join(bin, programName))
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Join(bin, programName+".exe"), os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// TakeDown takes down the running clusters of a home. An error is ignored.
func TakeDown(home string) {
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

// needsProcess reports whether a command line reads standard input, which testscript hands to
// programs only, or starts a command of its own (up -- CMD).
func needsProcess(args []string) bool {
	dash := slices.Index(args, "--")
	return slices.Contains(args, "-") || len(args) > 0 && args[0] == "exec" ||
		dash >= 0 && slices.Contains(args[:dash], "up")
}

// runCommand is the command ringside of a script. A command line that needs a process of its own
// runs as a program.
func runCommand(ctx context.Context, program Program, ts *testscript.TestScript, neg bool, args []string) {
	code := 0
	if needsProcess(args) {
		var exit *exec.ExitError
		if err := ts.Exec(programName, args...); errors.As(err, &exit) {
			code = exit.ExitCode()
		} else {
			ts.Check(err)
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		code = program(ctx, args, console.Console{Stdin: strings.NewReader(""), Stdout: ts.Stdout(),
			Stderr: ts.Stderr(),
			Getenv: ts.Getenv, Dir: ts.MkAbs(".")}, ts.Value(hostKey{}).(*Host))
	}
	switch {
	case ctx.Err() != nil:
		ts.Fatalf("interrupted")
	case neg && code == 0:
		ts.Fatalf("the command succeeded and must fail")
	case !neg && code != 0:
		ts.Fatalf("exit %d", code)
	}
	if neg {
		ts.Logf("[exit %d]", code)
	}
}
