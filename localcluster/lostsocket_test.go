package localcluster

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"ringside/localcluster/config"
	"ringside/localcluster/control"
	"ringside/localcluster/datadir"
)

// silentError checks that err is a SilentError whose text has words.
func silentError(t *testing.T, err error, words ...string) {
	t.Helper()
	var silent *datadir.SilentError
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
	if err := os.Remove(c.claim.Folder.Sock); err != nil {
		t.Fatal(err)
	}
	kill := fmt.Sprintf("kill %d", os.Getpid())
	_, err := control.Connect(t.Context(), home, config.DefaultName)
	silentError(t, err, kill, c.claim.Folder.Sock)
	_, err = Start(t.Context(), Options{Home: home})
	usageError(t, err, kill, "--cluster")
	usageError(t, remove(home, config.DefaultName), kill)
	if infos := list(t, home); len(infos) != 1 || infos[0].PID != os.Getpid() ||
		!strings.Contains(infos[0].Problem, kill) {
		t.Errorf("listed: %+v", infos)
	}
	_ = c.Close()
	if infos := list(t, home); len(infos) != 1 || infos[0].Problem != "" {
		t.Errorf("listed: %+v", infos)
	}
	_, err = control.Connect(t.Context(), home, config.DefaultName)
	if !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("connect: %v", err)
	}
	begin(t, Options{Home: home})
}
