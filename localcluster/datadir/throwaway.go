package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// ownerLock is the file in a throw-away folder that its process keeps locked. No cluster has a name
// that begins with a dot.
const ownerLock = ".owner"

// maxThrowAway is how often a process looks for a throw-away folder. Another process may take the
// folder for one that was left, as long as it is not locked.
const maxThrowAway = 10

// ThrowAway makes a folder with create, which returns a new one each time, and locks it. remove
// deletes the folder. If the process is killed before, a later call of Sweep deletes it.
func ThrowAway(create func() (string, error)) (dir string, remove func(), err error) {
	for range maxThrowAway {
		if dir, err = create(); err != nil {
			return "", nil, err
		}
		lock := flock.New(filepath.Join(dir, ownerLock), flock.SetPermissions(fileMode))
		var ok bool
		if ok, err = lock.TryLock(); err == nil && ok {
			return dir, func() {
				_ = os.RemoveAll(dir) // a temporary folder: the system clears what stays
				_ = lock.Unlock()
			}, nil
		}
	}
	return "", nil, fmt.Errorf("lock %s: %w", dir, errors.Join(err, errors.New("other processes delete it")))
}

// Sweep deletes the throw-away folders of this user in parent whose names begin with prefix and
// whose process is gone. It leaves what it does not know: a folder without a lock file, a link, and
// a folder of another user.
func Sweep(parent, prefix string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		dir := filepath.Join(parent, e.Name())
		if !strings.HasPrefix(e.Name(), prefix) || !e.IsDir() || !isOwn(dir) {
			continue
		}
		path := filepath.Join(dir, ownerLock)
		if i, err := os.Lstat(path); err != nil || !i.Mode().IsRegular() {
			continue
		}
		lock := flock.New(path, flock.SetFlag(os.O_RDONLY)) // creates no file in a folder that is being deleted
		if ok, err := lock.TryLock(); err == nil && ok {
			_ = os.RemoveAll(dir)
		}
		_ = lock.Unlock()
	}
}
