package testscripts_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ringside/cli"
)

// TestMain lets this test binary be the program that the scripts exec.
func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "ringside" {
		os.Exit(cli.Main(os.Args))
	}
	if os.Getenv("GORACE") == "" { // under -race every program that a script execs would sleep a second at its end
		_ = os.Setenv("GORACE", "atexit_sleep_ms=10")
	}
	takeSignals()
	os.Exit(m.Run())
}

// takeSignals makes programs that tests start receive signals that this process was told to ignore,
// as nohup and a shell's & do. A child inherits ignored signals, but not those that have a handler.
func takeSignals() {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTERM} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}

func TestScripts(t *testing.T) {
	p, err := cli.Scripts(t.Context(), ".", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, p)
}
