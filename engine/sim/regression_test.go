package sim

import (
	"os"
	"path/filepath"
	"testing"
)

// Runs that once failed, each in a script of testdata that says what it was: of the engine's
// errors, and of the checker's false alarms.
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
		p, err := ParseScript(f)
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, v := range Play(p, nil).Violations {
			t.Errorf("%s: %s: %s", name, v.Property, v.Detail)
		}
	}
}
