//go:build !mutants

package sim

import (
	"os/exec"
	"strings"
	"testing"
)

// leastQuick is how many deliberate bugs every test run looks for.
const leastQuick = 20

// The deliberate bugs that few seeds show are found. They need a build of their own, in
// which they are; make mutants looks for all.
func TestQuickMutants(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "test", "-tags", "mutants", "-count=1", "-v", "-run", "^(TestQuickMutants|TestNoMutant)$", ".").CombinedOutput()
	if found := strings.Count(string(out), "--- PASS: TestQuickMutants/"); err != nil || found < leastQuick {
		t.Errorf("%d of at least %d bugs were found: %v\n%s", found, leastQuick, err, out)
	}
}
