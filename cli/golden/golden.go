package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files again")

// Updating reports whether the flag -update is set, for tests that write their own golden files.
func Updating() bool { return *update }

// Check reports an error if got differs from the file testdata/NAME.golden. With -update, Check
// writes got to the file.
func Check(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		Write(t, path, []byte(got))
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; create it with go test -update", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update writes it again. got:\n%s\nwant:\n%s", path, got, want)
	}
}

// Write writes a golden file and its folder.
func Write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
