package testscripts_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds steps that take a fraction of a second on an idle machine.
const patience = 30 * time.Second

// program returns a path by which this binary is ringside, and a folder for its temporary files.
func program(t *testing.T) (bin, tmp string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin = filepath.Join(t.TempDir(), "ringside")
	if err := os.Symlink(self, bin); err != nil {
		t.Fatal(err)
	}
	if tmp, err = os.MkdirTemp("/tmp", "rt"); err != nil { // a short path, or the program goes elsewhere
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(tmp) })
	return bin, tmp
}

// left lists the folder for temporary files.
func left(t *testing.T, tmp string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(tmp, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// until waits for a condition that depends on another process.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
	}
}

// ended waits for the end of cmd and returns its exit code, -1 if a signal ended it.
func ended(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// A reader that closes the pipe, such as head, ends the demo, and the demo leaves no file behind.
func TestClosedPipeLeavesNothingBehind(t *testing.T) {
	for _, lines := range []int{1, 8, 30} {
		bin, tmp := program(t)
		cmd := exec.Command(bin, "demo", "--text")
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for in := bufio.NewScanner(out); lines > 0 && in.Scan(); lines-- {
		}
		_ = out.Close()
		if code := ended(t, cmd); code != 0 {
			t.Errorf("the demo ended with exit %d", code)
		}
		if l := left(t, tmp); len(l) > 0 {
			t.Errorf("left behind: %v", l)
		}
	}
}

// After each signal that asks for the end, at each stage of the demo, no file is left behind.
func TestSignalsLeaveNothingBehind(t *testing.T) {
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		for _, lines := range []int{0, 1, 20} {
			t.Run(fmt.Sprintf("%v after %d lines", sig, lines), func(t *testing.T) { interrupt(t, sig, lines) })
		}
	}
}

func interrupt(t *testing.T, sig syscall.Signal, lines int) {
	bin, tmp := program(t)
	cmd := exec.Command(bin, "demo", "--text")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := unix.SetNonblock(int(w.Fd()), false); err != nil {
		t.Fatal(err)
	}
	// so that the program blocks where the test stops reading
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	until(t, "the demo to make its folder", func() bool { return len(left(t, tmp)) > 0 })
	in := bufio.NewScanner(r)
	for range lines {
		in.Scan()
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if code := ended(t, cmd); code != 130 {
		t.Errorf("exit %d, want 130", code)
	}
	if l := left(t, tmp); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
}

// The screens restore the terminal after every signal that ends them.
func TestSignalsRestoreTheTerminal(t *testing.T) {
	for _, sig := range []syscall.Signal{unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGINT} {
		bin, tmp := program(t)
		master, slave := terminal(t)
		if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
			t.Fatal(err)
		}
		before := modes(t, slave)
		cmd := exec.Command(bin, "demo")
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "TERM=xterm-256color", "CI=")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go answer(master)
		until(t, "the screens", func() bool { return modes(t, slave) != before })
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		ended(t, cmd)
		if after := modes(t, slave); after != before {
			t.Errorf("%v leaves the terminal raw", sig)
		}
		if l := left(t, tmp); len(l) > 0 {
			t.Errorf("%v leaves behind: %v", sig, l)
		}
	}
}

// answer reads the output to a terminal, and replies to queries for the cursor's position.
func answer(master *os.File) {
	for b := make([]byte, 4096); ; {
		n, err := master.Read(b)
		if err != nil {
			return
		}
		if bytes.Contains(b[:n], []byte("\x1b[6n")) {
			_, _ = master.WriteString("\x1b[1;1R")
		}
	}
}

// modes returns the settings of a terminal that a raw terminal changes.
func modes(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// A cluster in the background whose folder is deleted ends, and its log says why.
func TestDetachedClusterWithoutFolderEnds(t *testing.T) {
	bin, home := program(t)
	run := func(args ...string) string {
		cmd := exec.Command(bin, args...)
		cmd.Env = append(os.Environ(), "RINGSIDE_HOME="+home)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return string(out)
	}
	run("up", "-n", "1", "--detach")
	var list struct{ Clusters []struct{ PID int } }
	if err := json.Unmarshal([]byte(run("ls", "--json")), &list); err != nil || len(list.Clusters) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	pid := list.Clusters[0].PID
	over := false
	t.Cleanup(func() {
		if !over {
			_ = syscall.Kill(pid, unix.SIGKILL)
		}
	})
	if err := os.RemoveAll(filepath.Join(home, "default")); err != nil {
		t.Fatal(err)
	}
	until(t, "its log to say why", func() bool {
		log, _ := os.ReadFile(filepath.Join(home, "default.log"))
		return bytes.Contains(log, []byte("was deleted while the cluster ran"))
	})
	until(t, "its end", func() bool { return syscall.Kill(pid, 0) != nil || zombie(pid) })
	over = true
}

// zombie reports whether a process has ended and waits for its parent to collect the exit code.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(stat, []byte(") Z "))
}
