package bench

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/cli/console"
	"ringside/cli/verbs"
)

// run runs bench with arguments, and returns what it wrote.
func run(ctx context.Context, t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	call, err := verbs.Parse(Verb, args)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	err = Run(ctx, &console.Console{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}, call)
	return out.String(), errs.String(), err
}

// An interrupt before the end of the first window says so, and writes no page.
func TestInterruptBeforeTheFirstWindow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "x.html")
	stdout, stderr, err := run(ctx, t, "--dir", t.TempDir(), "--store", "mem", "--html", file)
	if !errors.Is(err, context.Canceled) || stdout != "" || !strings.Contains(stderr, "interrupted before the first window") {
		t.Errorf("%q, %q, %v", stdout, stderr, err)
	}
	if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
		t.Errorf("a page without figures: %s", b)
	}
}
