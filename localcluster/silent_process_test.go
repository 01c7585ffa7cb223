package localcluster

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/wire"
)

// silentError checks that err is a SilentError that says words.
func silentError(t *testing.T, err error, words ...string) {
	t.Helper()
	var silent *SilentError
	if !errors.As(err, &silent) {
		t.Fatalf("not a silent process: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// A cluster whose control socket was deleted is found by its lock: every way to it names the
// process and how to end it. After its end the cluster starts again.
func TestControlSocketIsLost(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is locked cannot be read, so the process is not known")
	}
	home := t.TempDir()
	c := begin(t, Options{Home: home})
	if err := os.Remove(c.paths.sock); err != nil {
		t.Fatal(err)
	}
	kill := fmt.Sprintf("kill %d", os.Getpid())
	_, err := Connect(t.Context(), home, DefaultName)
	silentError(t, err, kill, c.paths.sock)
	_, err = Start(t.Context(), Options{Home: home})
	usageError(t, err, kill, "--cluster")
	usageError(t, remove(home, DefaultName), kill)
	if infos := list(t, home); len(infos) != 1 || infos[0].PID != os.Getpid() || !strings.Contains(infos[0].Problem, kill) {
		t.Errorf("listed: %+v", infos)
	}
	_ = c.Close()
	if infos := list(t, home); len(infos) != 1 || infos[0].Problem != "" {
		t.Errorf("listed: %+v", infos)
	}
	_, err = Connect(t.Context(), home, DefaultName)
	if !errors.Is(err, ErrNotRunning) {
		t.Errorf("connect: %v", err)
	}
	begin(t, Options{Home: home})
}

// hung starts a process that answers pings for as long as alive is set, and no other request.
func hung(t *testing.T, home string, alive *atomic.Bool) {
	t.Helper()
	p, err := pathsOf(home, DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.create(), writeJSON(p.info, Info{Name: DefaultName, PID: 4711})); err != nil {
		t.Fatal(err)
	}
	sock, err := net.Listen("unix", p.sock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close() })
	go func() {
		for {
			conn, err := sock.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				in := bufio.NewScanner(conn)
				for in.Scan() {
					if alive.Load() && strings.Contains(in.Text(), "ping") {
						_ = respond(conn, controlResponse{Last: true})
					} else {
						alive.Store(false) // the process stops with the first other request
					}
				}
			}()
		}
	}()
}

// A process that stops answering is told, at the connection or during a request. The test process
// stands for one that is stopped: its connections are accepted by the system.
func TestProcessHangs(t *testing.T) {
	const silence = 50 * time.Millisecond
	home := t.TempDir()
	var alive atomic.Bool
	hung(t, home, &alive)
	_, err := connectWithin(t.Context(), home, DefaultName, silence)
	silentError(t, err, "4711", "kill -CONT 4711", "kill -9 4711")
	alive.Store(true)
	r, err := connectWithin(t.Context(), home, DefaultName, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.silence = silence
	_, err = r.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
	if err == nil || !strings.Contains(err.Error(), "kill -CONT 4711") || !strings.Contains(err.Error(), "not known") {
		t.Errorf("do: %v", err)
	}
}
