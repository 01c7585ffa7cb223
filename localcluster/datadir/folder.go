package datadir

import (
	"fmt"
	"net"
	"path/filepath"
	"time"

	"ringside/engine/usage"
	"ringside/engine/wire"
)

const (
	// maxSocketPath is the bytes of the longest path of a socket that every system takes: macOS has
	// room for 104 bytes with the final NUL, Linux for 108.
	maxSocketPath = 103
	// answerTime bounds how long Answers waits for another process.
	answerTime = 500 * time.Millisecond
)

// A Folder has the paths of one cluster's files in a home. See the package comment.
type Folder struct{ Dir, Lock, Sock, Info, Data string }

// FolderOf returns the paths of the cluster called name. It creates nothing.
func FolderOf(home, name string) (Folder, error) {
	if err := wire.CheckName("cluster", name); err != nil {
		return Folder{}, usage.Errorf("%w", err)
	}
	dir := filepath.Join(home, name)
	return Folder{
		Dir:  dir,
		Lock: filepath.Join(dir, "lock"),
		Sock: filepath.Join(dir, "sock"),
		Info: filepath.Join(dir, "info.json"),
		Data: filepath.Join(dir, "data"),
	}, nil
}

// checkSocket refuses a home whose control sockets have a path that is too long.
func (f Folder) checkSocket() error {
	if len(f.Sock) > maxSocketPath {
		return usage.Errorf("the control socket %s has a path of %d bytes and the system's limit is %d; "+
			"set RINGSIDE_HOME to a shorter folder", f.Sock, len(f.Sock), maxSocketPath)
	}
	return nil
}

// create makes the folder, and closes it to other users.
func (f Folder) create() error {
	if err := f.checkSocket(); err != nil {
		return err
	}
	return privateDir(f.Dir)
}

// HasSocketPath reports whether the control socket's path is short enough for a socket to exist.
func (f Folder) HasSocketPath() bool { return len(f.Sock) <= maxSocketPath }

// Answers reports whether a process listens on the control socket.
func (f Folder) Answers() bool {
	if !f.HasSocketPath() {
		return false
	}
	c, err := net.DialTimeout("unix", f.Sock, answerTime)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// running reports whether a cluster has recorded that it came up, and still answers.
func (f Folder) running() bool {
	var info Info
	return readJSON(f.Info, &info) == nil && f.Answers()
}

// PID returns the process that runs the cluster or last ran it, 0 if it is not known.
func (f Folder) PID() int {
	var info Info
	_ = readJSON(f.Info, &info)
	return info.PID
}

// Holder returns the process that holds the cluster's lock, 0 if there is none or it is not known.
func (f Folder) Holder() int { return lockedBy(f.Lock) }

// alreadyRunning returns the error for a second start of the cluster called name.
func (f Folder) alreadyRunning(name string) error {
	switch {
	case f.running():
		return usage.Errorf("cluster %s is running already (pid %d); take it down first, "+
			"or start another with --cluster NAME", name, f.PID())
	case f.Holder() != 0:
		return usage.Errorf("%v, or start another cluster with --cluster NAME", f.Silent(name))
	}
	return usage.Errorf("cluster %s is being started or stopped by another process; try again, "+
		"or start another with --cluster NAME", name)
}

// A SilentError reports that a process holds a cluster and does not answer. Its text says how to
// end the process.
type SilentError struct{ Message string }

func (e *SilentError) Error() string { return e.Message }

// Silent returns the error for a process that holds the lock of the cluster called name without
// answering on the cluster's control socket.
func (f Folder) Silent(name string) *SilentError {
	pid := f.Holder()
	return &SilentError{fmt.Sprintf("process %d holds cluster %s and does not answer on its control socket %s; "+
		"if it is not just being started or stopped, end it with: kill %d", pid, name, f.Sock, pid)}
}
