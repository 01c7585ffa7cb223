package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"ringside/cli/exit"
	"ringside/engine/escape"
)

const (
	// killAfter is the time that a command has to end after it was asked to.
	killAfter = 10 * time.Second
	// queued is the number of signals that wait to be passed on. More signals at once are dropped, as
	// the system itself does.
	queued = 16
)

// Find returns an error with exit code 126 or 127 for a command that cannot be run, as docker run
// does. Find runs nothing.
func Find(cmd *exec.Cmd) error {
	if cmd.Err != nil {
		return notRun(cmd, cmd.Err)
	}
	return nil
}

// notRun returns the error of a command that did not start.
func notRun(cmd *exec.Cmd, err error) error {
	out := &exit.Error{Exit: exit.CannotRun, Code: "cannot_run"}
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		out.Exit, out.Code = exit.NoCommand, "command_not_found"
	}
	var inner *exec.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &inner):
		err = inner.Err
	case errors.As(err, &path):
		err = path.Err
	}
	out.Message = fmt.Sprintf("run %s: %v", escape.Terminal([]byte(cmd.Args[0])), err)
	return out
}

// Run starts cmd and waits for its end. The signals of passedOn go to cmd, unless the terminal has
// sent them to cmd as well. When over is closed, or ctx ends without a signal, Run asks cmd to end,
// and kills it after killAfter. code is the exit code of cmd, or 128 and the number of the signal
// that ended cmd.
func Run(ctx context.Context, cmd *exec.Cmd, over <-chan struct{}) (code int, err error) {
	signals := make(chan os.Signal, queued)
	for _, s := range passedOn {
		if !signal.Ignored(s) { // nohup ignores SIGHUP, and so does cmd then
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	if err := ctx.Err(); err != nil { // a signal that came before signals was there
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, notRun(cmd, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // ProcessState has the exit code
	}()
	stopped, kill := ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case s := <-signals:
			if !fromTerminal(s) {
				_ = cmd.Process.Signal(s) // it may have ended
			}
			continue
		case <-kill:
			_ = cmd.Process.Kill()
			continue
		case <-done:
			return codeOf(cmd.ProcessState), nil
		case <-over:
			over = nil
		case <-stopped:
			stopped = nil
			if context.Cause(ctx) != context.Canceled { // a signal, which is among signals
				continue
			}
		}
		ask(cmd.Process)
		kill = time.After(killAfter)
	}
}
