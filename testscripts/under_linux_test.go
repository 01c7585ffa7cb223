package testscripts_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Signals reach the command that up runs, and up exits as the command does.
func TestUpPassesSignalsOn(t *testing.T) {
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1} {
		bin, tmp := program(t)
		name := strings.TrimPrefix(unix.SignalName(sig), "SIG")
		cmd := exec.Command(bin, "up", "-n", "3", "--", "sh", "-c",
			fmt.Sprintf(`trap "echo got %s; exit 7" %[1]s; echo ready; while :; do sleep 0.01; done`, name))
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "ready" {
			t.Fatalf("%v: the command printed %q", sig, lines.Text())
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		rest, _ := io.ReadAll(out)
		if code := ended(t, cmd); code != 7 || string(rest) != "got "+name+"\n" {
			t.Errorf("%v: exit %d, the command printed %q", sig, code, rest)
		}
		if l := left(t, tmp); len(l) > 0 {
			t.Errorf("%v: left behind: %v", sig, l)
		}
	}
}

// A cluster goes down when the process that started up is killed or ends, also a cluster that
// runs in the background, and the command of one.
func TestUpDiesWithItsParent(t *testing.T) {
	for name, line := range map[string]string{
		"foreground": "ringside up -n 3 --mem --die-with-parent & echo ready; read x",
		"background": "ringside up -n 3 --mem --die-with-parent --detach >/dev/null; echo ready; read x",
		"command": `ringside up -n 3 --mem --cluster default --die-with-parent -- sh -c "echo ready; exec sleep 1000" &
			read x`,
	} {
		bin, tmp := program(t)
		sh := exec.Command("sh", "-c", strings.ReplaceAll(line, "ringside ", bin+" "))
		sh.Env = append(os.Environ(), "RINGSIDE_HOME="+tmp)
		in, err := sh.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		sh.Stdout = w
		if err := sh.Start(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		for lines := bufio.NewScanner(r); lines.Scan() && lines.Text() != "ready"; {
		}
		running := func() string {
			ls := exec.Command(bin, "ls", "--json")
			ls.Env = sh.Env
			out, err := ls.Output()
			if err != nil {
				t.Fatal(err)
			}
			return string(out)
		}
		until(t, name+": the cluster to run", func() bool { return strings.Contains(running(), `"running":true`) })
		if name == "background" {
			_ = in.Close() // the shell ends by itself
		} else if err := sh.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = sh.Wait()
		until(t, name+": the cluster to go down", func() bool { return running() == "{\"clusters\":[]}\n" })
		_ = r.Close()
		_ = in.Close()
	}
}
