package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"ringside/engine/usage"
)

const (
	// homePrefix begins the name of the folder of a run.
	homePrefix = "ringside-bench-"
	// homeLock is the file that a run keeps locked in its folder. The system releases the lock when
	// the process ends, also if it is killed.
	homeLock = "bench.lock"
	// homeMark is the text of homeLock. Only a folder with this text is deleted as a leftover.
	homeMark = "ringside bench deletes this folder\n"
)

// A home is the folder of a run.
type home struct {
	dir  string
	lock *flock.Flock // nil if the file system has no locks
}

// makeHome deletes the folders of runs that were killed, and makes a folder for this run. Without
// Options.Dir, makeHome prefers a folder for temporary files that is on a disk.
func makeHome(o Options) (*home, error) {
	parents := []string{os.TempDir(), "/var/tmp"}
	if o.Dir != "" {
		parents = []string{o.Dir}
	}
	for _, dir := range slices.Compact(parents) {
		removeLeftovers(dir)
	}
	if o.Dir != "" {
		dir, err := os.MkdirTemp(o.Dir, homePrefix)
		if err != nil {
			return nil, usage.Errorf("bench: the folder %s cannot be used: %w", o.Dir, err)
		}
		return lockHome(dir), nil
	}
	for _, parent := range parents {
		if inMemory(parent) {
			continue
		}
		if dir, err := os.MkdirTemp(parent, homePrefix); err == nil {
			return lockHome(dir), nil
		}
	}
	dir, err := os.MkdirTemp("", homePrefix)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	return lockHome(dir), nil
}

// lockHome locks and marks a new folder. The mark comes after the lock, so that no other run sees a
// folder with a mark and without a lock. A folder that cannot be locked has no mark.
func lockHome(dir string) *home {
	l := flock.New(filepath.Join(dir, homeLock))
	if ok, err := l.TryLock(); err != nil || !ok {
		_ = l.Close()
		return &home{dir: dir}
	}
	_ = os.WriteFile(l.Path(), []byte(homeMark), 0o600) // without the mark, the folder is not deleted later
	return &home{dir, l}
}

// remove deletes the folder. The lock ends first, because Windows does not delete a locked file.
func (h *home) remove() error {
	if h.lock != nil {
		_ = h.lock.Close() // it is deleted anyway
	}
	return os.RemoveAll(h.dir)
}

// removeLeftovers deletes the folders of runs in parent whose processes were killed. A folder that
// cannot be read or deleted stays.
func removeLeftovers(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), homePrefix) {
			removeLeftover(filepath.Join(parent, e.Name()))
		}
	}
}

// removeLeftover deletes a folder that has the mark of a run and whose lock is free.
func removeLeftover(dir string) {
	path := filepath.Join(dir, homeLock)
	if i, err := os.Lstat(path); err != nil || !i.Mode().IsRegular() {
		return
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != homeMark {
		return
	}
	l := flock.New(path, flock.SetFlag(os.O_RDWR)) // the file is not made again
	ok, err := l.TryLock()
	_ = l.Close()
	if err == nil && ok {
		_ = os.RemoveAll(dir)
	}
}
