package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// A process locks a folder in two ways: it locks the folder itself, and a file called lock in the
// folder. The lock on the folder stays in force even if every file in the folder is deleted. The
// file is for systems on which a folder cannot be locked.
//
// If a folder is deleted or replaced while a cluster runs, its locks go with it, and a second
// cluster can start in its place. The first cluster's writes would then be lost, and its control
// socket cannot be reached. Therefore each cluster checks its folders twice a second, and stops if
// they are not the folders that it locked. The second cluster cannot be refused instead, because
// it cannot see the first.

// A lock is this process's lock on a folder.
type lock struct {
	dir    string
	file   *flock.Flock
	folder *flock.Flock // nil where folders cannot be locked
	inode  os.FileInfo  // of the folder when it was locked
	held   bool         // this process wrote itself into file
}

// lockFile locks the file at path and its folder. It returns nil if another process holds either.
func lockFile(path string) (*lock, error) {
	l := &lock{dir: filepath.Dir(path), file: flock.New(path, flock.SetPermissions(fileMode))}
	ok, err := l.file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if ok {
		ok, err = l.lockFolder()
	}
	if err != nil || !ok {
		_ = l.Unlock()
		return nil, err
	}
	_ = os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), fileMode) // for lockedBy
	l.held = true
	return l, nil
}

// lockedBy returns the process that holds the lock file at path, 0 if there is none or it is not
// known. An earlier version does not write the process into the file.
func lockedBy(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 0 {
		return 0
	}
	if p, err := os.FindProcess(pid); err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
		return 0 // it was killed
	}
	probe := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer probe.Close()
	if ok, err := probe.TryRLock(); err != nil || ok { // its number is another process's by now
		return 0
	}
	return pid
}

// lockFolder locks the folder itself. ok is false if another process holds the folder, or replaced
// it meanwhile.
func (l *lock) lockFolder() (ok bool, err error) {
	if runtime.GOOS != "windows" { // Windows locks files only
		l.folder = flock.New(l.dir, flock.SetFlag(os.O_RDONLY))
		ok, err := l.folder.TryLock()
		switch {
		case err != nil: // this file system cannot lock folders, so the file alone is locked
			l.folder = nil
		case !ok:
			return false, nil
		default:
			if l.inode, err = l.folder.Stat(); err != nil {
				return false, fmt.Errorf("lock %s: %w", l.dir, err)
			}
		}
	}
	if l.inode == nil {
		if l.inode, err = os.Stat(l.dir); err != nil {
			return false, fmt.Errorf("lock %s: %w", l.dir, err)
		}
	}
	return l.gone() == nil, nil
}

// gone returns an error if the folder was deleted or replaced since it was locked. It returns nil
// if the check fails for another reason.
func (l *lock) gone() error {
	now, err := os.Stat(l.dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the folder %s was deleted while the cluster ran", l.dir)
	case err == nil && !os.SameFile(l.inode, now):
		return fmt.Errorf("the folder %s was replaced while the cluster ran", l.dir)
	}
	return nil
}

// Unlock releases the folder.
func (l *lock) Unlock() error {
	var err error
	if l.held && l.gone() == nil {
		_ = os.Truncate(l.file.Path(), 0) // lockedBy also asks whether the process is there
	}
	if l.folder != nil {
		err = l.folder.Unlock()
	}
	return errors.Join(err, l.file.Unlock())
}
