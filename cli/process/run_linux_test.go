package process

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"ringside/cli/exit"
)

// Run returns the exit code of a command, and 128 and the number of the signal that ended it.
func TestExitCodes(t *testing.T) {
	for line, want := range map[string]int{"exit 0": 0, "exit 3": 3, "exit 125": 125, "kill -KILL $$": 137, "kill -TERM $$": 143} {
		code, err := Run(t.Context(), exec.Command("sh", "-c", line), nil)
		if err != nil || code != want {
			t.Errorf("%s: %d, %v, want %d", line, code, err, want)
		}
	}
}

// A command that cannot be run has the exit code that docker run has for it.
func TestNotRun(t *testing.T) {
	for name, want := range map[string]int{"no-such-program": exit.NoCommand, "./nothing": exit.NoCommand,
		"/": exit.CannotRun, "/etc/passwd": exit.CannotRun} {
		cmd := exec.Command(name)
		err := Find(cmd)
		if err == nil {
			_, err = Run(t.Context(), cmd, nil)
		}
		if e := exit.As(err); e == nil || e.Exit != want || !strings.Contains(e.Message, name) {
			t.Errorf("%s: %v, want exit %d", name, err, want)
		}
	}
}

// The end of the time, or of the context, asks the command to end; nothing starts after it.
func TestRunIsAskedToEnd(t *testing.T) {
	over := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	for name, end := range map[string]func(){"over": func() { close(over) }, "context": cancel} {
		cmd := exec.Command("sh", "-c", `trap "echo asked; exit 9" TERM; echo ready; while :; do sleep 0.01; done`)
		out, in := io.Pipe()
		cmd.Stdout = in
		var said bytes.Buffer
		read, once := make(chan struct{}), sync.Once{}
		go func() {
			defer close(read)
			b := make([]byte, 100)
			for {
				n, err := out.Read(b)
				said.Write(b[:n])
				if err != nil {
					return
				}
				if strings.HasPrefix(said.String(), "ready") && !strings.Contains(said.String(), "asked") {
					once.Do(end)
				}
			}
		}()
		with, stop := ctx, over
		if name == "over" {
			with = t.Context()
		} else {
			stop = nil
		}
		code, err := Run(with, cmd, stop)
		_ = in.Close()
		<-read
		if code != 9 || err != nil || said.String() != "ready\nasked\n" {
			t.Errorf("%s: %d, %v, %q", name, code, err, said.String())
		}
	}
	if _, err := Run(ctx, exec.Command("sh", "-c", "exit 0"), nil); err != context.Canceled {
		t.Errorf("after the end of the context: %v", err)
	}
}

// A parent that has ended is noticed, and one that runs is not.
func TestParent(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := OpenParent(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p.Await(ctx) || p.PID() != cmd.Process.Pid {
		t.Error("a process that runs has ended")
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !p.Await(t.Context()) {
		t.Error("a process that has ended runs")
	}
	if own, err := OwnParent(); err != nil || own.Close() != nil {
		t.Error(err)
	}
}
