package localcluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"ringside/engine/trace"
)

// Who holds a folder? A process locks the folder itself, and in it a file called lock. The lock of the folder holds
// even if somebody deletes every file in it. The file is for systems on which a folder cannot be locked.
//
// A folder that is deleted or replaced while a cluster runs takes its locks along, and a second cluster can start in
// its place. Nothing that the first one writes would be found again, and its control socket cannot be reached. So
// the first one looks at its folders twice a second, and stops when they are not those that it locked. It is not
// possible to refuse the second one instead: it sees nothing of the first.

// guardEvery is how often a cluster looks whether its folders are still there.
const guardEvery = 500 * time.Millisecond

// A folderLock is a folder that this process holds.
type folderLock struct {
	dir    string
	file   *flock.Flock
	folder *flock.Flock // nil where folders cannot be locked
	inode  os.FileInfo  // of the folder, as it was locked
}

// lockFile takes the folder of the file at path, nil if another process holds it.
func lockFile(path string) (*folderLock, error) {
	l := &folderLock{dir: filepath.Dir(path), file: flock.New(path, flock.SetPermissions(fileMode))}
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
	return l, nil
}

// lockFolder is false if another process holds the folder, or took its place meanwhile.
func (l *folderLock) lockFolder() (ok bool, err error) {
	if runtime.GOOS != "windows" { // which locks files only
		l.folder = flock.New(l.dir, flock.SetFlag(os.O_RDONLY))
		ok, err := l.folder.TryLock()
		switch {
		case err != nil: // a file system that locks no folders; the file has to do
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

// gone says that the folder is not the one that was locked any more, nil if it is. A look that fails for another reason
// says nothing.
func (l *folderLock) gone() error {
	now, err := os.Stat(l.dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the folder %s was deleted while the cluster ran", l.dir)
	case err == nil && !os.SameFile(l.inode, now):
		return fmt.Errorf("the folder %s was replaced while the cluster ran", l.dir)
	}
	return nil
}

// Unlock gives the folder free.
func (l *folderLock) Unlock() error {
	var err error
	if l.folder != nil {
		err = l.folder.Unlock()
	}
	return errors.Join(err, l.file.Unlock())
}

// guard stops the cluster if one of its folders is not there any more.
func (c *Cluster) guard() {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		err := c.lock.gone()
		if err == nil && c.disk != nil {
			err = c.disk.lock.gone()
		}
		if err != nil {
			c.abandon(err)
			return
		}
	}
}

// abandon stops a cluster whose folder is gone. What stands in its place is left alone: it may be another cluster's.
func (c *Cluster) abandon(cause error) {
	err := fmt.Errorf("%w; it has stopped, since nothing that it wrote would be found again", cause)
	c.failed.Store(&err)
	c.tell(trace.Event{Kind: trace.DiskFailed, Message: err.Error()})
	if ln, ok := c.control.ln.(*net.UnixListener); ok {
		ln.SetUnlinkOnClose(false)
	}
	go func() { _ = c.Close() }() // which waits for the caller
}

// Err is why the cluster stopped by itself, nil if it did not.
func (c *Cluster) Err() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}
