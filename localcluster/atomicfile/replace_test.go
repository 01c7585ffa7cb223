package atomicfile

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// content returns what a file holds.
func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Replace keeps the mode of a file and a symbolic link. A reader of the old file goes on reading
// the old content, because the file is not written in place.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := Replace(path, []byte("first")); err != nil || content(t, path) != "first" {
		t.Fatalf("a new file: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := os.Symlink("file", link); err != nil {
		t.Skip(err)
	}
	if err := Replace(link, []byte("second")); err != nil || content(t, path) != "second" {
		t.Errorf("through a link: %q, %v", content(t, path), err)
	}
	if b, err := io.ReadAll(reader); err != nil || string(b) != "first" {
		t.Errorf("a reader of the old file sees %q, %v", b, err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is now %v, %v", info, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is now %v, %v", info, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

// An error names the file that the user named.
func TestReplaceNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "file")
	if err := Replace(path, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}

// limited is the variable that makes TestFullDisk replace a file, in a process that may not write
// large files.
const limited = "RINGSIDE_TEST_REPLACE"

// A write that fails in the middle leaves the old file, and no other file.
func TestFullDisk(t *testing.T) {
	if path := os.Getenv(limited); path != "" {
		if err := Replace(path, bytes.Repeat([]byte("new"), 1<<20)); err == nil {
			t.Error("a file beyond the limit was written")
		}
		return
	}
	if runtime.GOOS == "windows" {
		t.Skip("no limit of the size of files")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", `trap "" XFSZ; ulimit -f 64; exec "$0" -test.run '^TestFullDisk$'`, os.Args[0])
	c.Env = append(os.Environ(), limited+"="+path)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := content(t, path); got != "old" {
		t.Errorf("the file holds %d bytes", len(got))
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}
