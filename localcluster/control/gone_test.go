package control

import (
	"bufio"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
)

// listenDying listens like a process that is killed while it answers a request other than ping:
// its socket takes connections for a moment longer, and answers none of them. said is the part of
// the answer that the process has written. If reborn is set, the socket answers pings again, as the
// socket of a process that was started later.
func listenDying(t *testing.T, said string, reborn bool) (home string) {
	t.Helper()
	home, f := folder(t)
	saveInfo := func(text string) error { return os.WriteFile(f.Info, []byte(text), 0o600) }
	if err := saveInfo(`{"cluster":"default","pid":4711}`); err != nil {
		t.Fatal(err)
	}
	sock, err := net.Listen("unix", f.Sock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close() })
	var dead atomic.Bool
	serve := func(conn net.Conn) {
		defer conn.Close()
		for in := bufio.NewScanner(conn); (!dead.Load() || reborn) && in.Scan(); {
			if strings.Contains(in.Text(), `"ping"`) {
				_ = respond(conn, response{Last: true})
				continue
			}
			dead.Store(true)
			if reborn {
				_ = saveInfo(`{"cluster":"default","pid":4712}`)
			}
			_, _ = conn.Write([]byte(said))
			return
		}
	}
	go func() {
		for {
			conn, err := sock.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return home
}

// A request to a process that is killed fails with ErrGone, whatever the process has written, while
// its socket still takes connections, and also if the cluster was started again.
func TestProcessIsKilled(t *testing.T) {
	requests := map[string]func(*Remote) error{
		"do": func(r *Remote) error {
			_, err := r.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
			return err
		},
		"fault":    func(r *Remote) error { return r.Fault(t.Context(), fault.Fault{Kind: fault.Heal}) },
		"snapshot": func(r *Remote) error { _, err := r.Snapshot(t.Context()); return err },
		"events": func(r *Remote) error {
			return r.Events(t.Context(), event.Query{Follow: true}, func([]event.Event) error { return nil })
		},
	}
	for _, said := range []string{"", `{"rep`, `{"seq":1,"kin`, `{"last":true}`} {
		for name, request := range requests {
			for _, reborn := range []bool{false, true} {
				r := connect(t, listenDying(t, said, reborn))
				if err := request(r); !errors.Is(err, ErrGone) || !errors.Is(err, ErrNotRunning) {
					t.Errorf("%s after %q, started again %v: %v", name, said, reborn, err)
				}
			}
		}
	}
}
