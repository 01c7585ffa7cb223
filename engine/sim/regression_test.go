package sim

import (
	"os"
	"path/filepath"
	"testing"

	"ringside/engine/sim/plan"
)

// The scripts of testdata are runs that once failed, by an error of the engine or a false alarm of
// the judge. Each script says what the error was.
func TestRegressions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.script")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.ParseScript(f)
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, v := range Play(p).Violations {
			t.Errorf("%s: %s: %s", name, v.Property, v.Detail)
		}
	}
}
