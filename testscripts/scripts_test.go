// Package testscripts holds the scenarios: short scripts that read aloud, run
// by go test here and by ringside run anywhere.
package testscripts

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
	p := cli.Scripts(t.Context())
	p.Dir = "."
	testscript.Run(t, p)
}
