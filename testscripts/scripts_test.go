package testscripts_test

import (
	"os"
	"path/filepath"
	"strings"
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
	os.Exit(m.Run())
}

func TestScripts(t *testing.T) {
	p, err := cli.Scripts(t.Context(), ".", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, p)
}
