//go:build unix

package cli

import (
	"encoding/json"
	"fmt"
	"strings"
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
