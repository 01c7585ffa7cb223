//go:build unix

package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ringside/cli/exit"
)

// A command does not wait for ever for a cluster whose process is stopped.
func TestStoppedProcessIsTold(t *testing.T) {
	dir := dataHome(t)
	t.Setenv("RINGSIDE_HOME", dir) // for the other process
	var report upReport
	r := ringside(t, dir, "up --detach --json -n 3 --mem")
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.exit != 0 {
		t.Fatalf("%+v: %v", r, err)
	}
	if err := syscall.Kill(report.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus // the process is this one's child; all its threads have to stop
	if _, err := syscall.Wait4(report.PID, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("wait for the stop: %v, %v", status, err)
	}
	r = ringside(t, dir, "get cart")
	if err := syscall.Kill(report.PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if r.exit != exit.NoCluster || !strings.Contains(r.err, fmt.Sprintf("kill -CONT %d", report.PID)) {
		t.Errorf("get: %+v", r)
	}
	if r := ringside(t, dir, "down"); r.exit != 0 {
		t.Errorf("down: %+v", r)
	}
}

// Every command that is under way when the process of the cluster is killed exits 7, also under
// load.
func TestKilledProcessIsTold(t *testing.T) {
	dir := dataHome(t)
	t.Setenv("RINGSIDE_HOME", dir) // for the other process
	var report upReport
	r := ringside(t, dir, "up --detach --json -n 3 --mem")
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.exit != 0 {
		t.Fatalf("%+v: %v", r, err)
	}
	lines := []string{"load 1000000", "load 1000000 --prefix other-", "events -f", "events -f --json",
		"wait hints=7 --timeout 1h", "put cart milk --json", "get key-1", "status", "inspect key-1", "sync"}
	results := make([]result, len(lines))
	var commands sync.WaitGroup
	for i, line := range lines {
		commands.Go(func() { // the short commands run again and again
			for results[i].exit == 0 || results[i].exit == exit.NotFound {
				results[i] = ringside(t, dir, line)
			}
		})
	}
	for _, key := range []string{"key-50", "other-50"} { // all commands are under way by then
		if r := ringside(t, dir, "wait --timeout 1m found("+key+")"); r.exit != 0 {
			t.Errorf("%+v", r)
		}
	}
	if err := syscall.Kill(report.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	commands.Wait()
	for i, r := range results {
		if text := r.err + r.out; r.exit != exit.NoCluster || !strings.Contains(text, "cluster default") {
			t.Errorf("%s: exit %d, %.300s", lines[i], r.exit, r.err)
		}
	}
}
