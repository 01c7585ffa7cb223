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
	"ringside/engine/usage"
)

// run runs bench with arguments, and returns what it wrote.
func run(ctx context.Context, t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	call, err := verbs.Parse(Verb, args)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	err = Run(ctx, &console.Console{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}, call, nil)
	return out.String(), errs.String(), err
}

// An interrupt before the end of the first window says so, and writes no page.
func TestInterruptBeforeTheFirstWindow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "x.html")
	stdout, stderr, err := run(ctx, t, "--dir", t.TempDir(), "--store", "mem", "--for", "10ms", "--html", file)
	if !errors.Is(err, context.Canceled) || stdout != "" || !strings.Contains(stderr, "interrupted before the first window") {
		t.Errorf("%q, %q, %v", stdout, stderr, err)
	}
	if strings.Contains(stderr, "about") {
		t.Errorf("a short run is announced: %q", stderr)
	}
	if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
		t.Errorf("a page without figures: %s", b)
	}
}

// A run that takes long says so before it starts: two operations, three concurrencies, five systems
// and three rounds of 2.5 seconds.
func TestTimeIsAnnounced(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, stderr, err := run(ctx, t, "--dir", t.TempDir(), "--store", "mem,nosync,sync")
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(stderr, "bench: measures for about 3m45s;") {
		t.Errorf("%q, %v", stderr, err)
	}
}

// Values that would measure nothing, or that would be ignored, are refused.
func TestMisuse(t *testing.T) {
	for want, args := range map[string][]string{
		"invalid length 1ns of a window: want 10ms to 1h": {"--for", "1ns"},
		"--mix is the share of gets in --op mix":          {"--mix", "0.2"},
	} {
		_, _, err := run(t.Context(), t, append(args, "--dir", t.TempDir())...)
		var refused *usage.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}
