package datadir

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Sweep deletes the folder of a process that is gone. It leaves a folder that a process holds, one
// without a lock file, a link, and another name.
func TestSweep(t *testing.T) {
	parent, elsewhere := t.TempDir(), t.TempDir()
	make := func() (string, error) { return os.MkdirTemp(parent, "own-") }
	held, removeHeld, err := ThrowAway(make)
	if err != nil {
		t.Fatal(err)
	}
	left, _ := make()
	other := filepath.Join(parent, "other-1")
	young, _ := make()
	link := filepath.Join(parent, "own-link")
	for _, dir := range []string{left, other, elsewhere} {
		if err := os.MkdirAll(filepath.Join(dir, "default", "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ownerLock), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Skip(err)
	}
	Sweep(parent, "own-")
	there := func() (out []string) {
		names, _ := filepath.Glob(filepath.Join(parent, "*"))
		return names
	}
	want := []string{held, other, young, link}
	slices.Sort(want)
	if got := there(); !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "default", "data")); err != nil {
		t.Error(err)
	}
	removeHeld()
	if _, err := os.Stat(held); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", held, err)
	}
}

// A folder that was swept away before it was locked is replaced by another one.
func TestThrowAwayTriesAgain(t *testing.T) {
	parent, tries := t.TempDir(), 0
	dir, remove, err := ThrowAway(func() (string, error) {
		dir, err := os.MkdirTemp(parent, "own-")
		if tries++; tries == 1 {
			err = os.Remove(dir)
		}
		return dir, err
	})
	if err != nil || tries != 2 {
		t.Fatalf("%d tries: %v", tries, err)
	}
	if Sweep(parent, "own-"); filepath.Dir(dir) != parent {
		t.Error(dir)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	remove()
}
