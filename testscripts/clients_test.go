package testscripts_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Tests of applications in other languages use the HTTP API with the standard libraries of these
// languages. They pass, and find a merge function that loses items.
func TestClients(t *testing.T) {
	for _, client := range [][]string{
		{"python3", "-B", "cart_test.py"},
		{"node", "--test", "cart.test.mjs"},
	} {
		t.Run(client[0], func(t *testing.T) {
			if _, err := exec.LookPath(client[0]); err != nil {
				t.Skipf("%s is not on this machine", client[0])
			}
			for merge, wants := range map[string]bool{"union": true, "first": false} {
				t.Run(merge, func(t *testing.T) {
					t.Parallel()
					self, err := os.Executable()
					if err != nil {
						t.Fatal(err)
					}
					ringside := filepath.Join(t.TempDir(), "ringside")
					if err := os.Symlink(self, ringside); err != nil {
						t.Skip(err) // Windows lets few users make links
					}
					cmd := exec.Command(ringside, append([]string{"up", "-n", "5", "--http", "127.0.0.1:0", "--"}, client...)...)
					cmd.Dir = filepath.Join("testdata", "clients")
					cmd.Env = append(os.Environ(), "MERGE="+merge)
					out, err := cmd.CombinedOutput()
					var exit *exec.ExitError
					if err != nil && !errors.As(err, &exit) {
						t.Fatal(err)
					}
					code := cmd.ProcessState.ExitCode()
					if wants && code != 0 || !wants && (code != 1 || !strings.Contains(string(out), "an item was lost")) {
						t.Errorf("exit %d:\n%s", code, out)
					}
				})
			}
		})
	}
}
