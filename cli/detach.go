package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"ringside/cli/exit"
	"ringside/cli/process"
	"ringside/cli/verbs"
	"ringside/localcluster"
	"ringside/localcluster/datadir"
)

// detach starts this program again with the same arguments, and reports that the cluster is up.
func (s *session) detach(c *verbs.Call, o localcluster.Options) error {
	if err := datadir.Check(o); err != nil { // before there is a log
		return asMisplaced(withExitCode(err, o.Name), otherFolder)
	}
	var env []string
	if c.Bool(parentFlag) { // the parent of the cluster's process would be this one, which ends at once
		parent, err := process.OwnParent()
		if err != nil {
			return c.Misusef("--%s: %w", parentFlag, err)
		}
		defer parent.Close()
		env = append(env, fmt.Sprintf("%s=%d", parentVariable, parent.PID()))
	}
	report, err := startDetached(s, o, s.args, env...)
	if err != nil {
		return err
	}
	return s.report(report, false)
}

// startDetached starts this program again in a session of its own, with args, and waits for its
// report or its error. env are variables beyond those of this process. The caller has checked o.
func startDetached(s *session, o localcluster.Options, args []string, env ...string) (upReport, error) {
	self, err := os.Executable()
	if err != nil {
		return upReport{}, fmt.Errorf("up: find this program: %w", err)
	}
	logName := logOf(o.Home, o.Name)
	_, absent := os.Lstat(logName)
	log, err := os.OpenFile(logName, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return upReport{}, asMisplaced(fmt.Errorf("up: open log: %w", err), "choose another folder with RINGSIDE_HOME")
	}
	defer log.Close()
	cmd := exec.Command(self, args...)
	cmd.Args[0] = program
	cmd.Dir, cmd.Stderr, cmd.SysProcAttr = s.Dir, log, ownSession()
	cmd.Env = append(append(os.Environ(), detachedVariable+"=1"), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return upReport{}, fmt.Errorf("up: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return upReport{}, fmt.Errorf("up: start in the background: %w", err)
	}
	report, err := awaitReport(s.ctx, out, logName)
	if err != nil {
		_ = cmd.Process.Kill() // it has ended, or does not answer
		_ = cmd.Wait()
		if info, err := log.Stat(); err == nil && info.Size() == 0 && absent != nil {
			_ = os.Remove(logName)
		}
	}
	return report, err
}

// awaitReport reads the line of JSON that a detached up prints.
func awaitReport(ctx context.Context, out io.ReadCloser, logName string) (upReport, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = out.Close() })()
	var answer struct {
		upReport
		Error *struct{ Code, Message string }
		Exit  int
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &answer)
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return upReport{}, ctx.Err()
	case err != nil:
		return upReport{}, fmt.Errorf("up: the cluster did not start; its log is %s", logName)
	case answer.Error != nil:
		return upReport{}, &exit.Error{Exit: exitOf(answer.Error.Code), Code: answer.Error.Code,
			Message: answer.Error.Message}
	}
	return answer.upReport, nil
}

// exitOf returns the exit code for the code of an error of a start.
func exitOf(code string) int {
	if code == "usage" {
		return exit.Usage
	}
	return exit.Internal
}
