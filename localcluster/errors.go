package localcluster

import (
	"errors"
	"fmt"

	"ringside/engine/usage"
)

// ErrNotRunning says that no cluster of the name is running.
var ErrNotRunning = errors.New("no such cluster running")

// errStopped is the answer to whoever asks a cluster that is going down.
var errStopped = fmt.Errorf("the cluster is stopped: %w", ErrNotRunning)

// UsageError is the error for a request that makes no sense. Nothing was changed.
type UsageError = usage.Error

func usagef(format string, args ...any) error { return usage.Errorf(format, args...) }

// A SilentError says that a process holds a cluster and cannot be reached. Its text says how to end
// the process.
type SilentError struct{ Message string }

func (e *SilentError) Error() string { return e.Message }

// silent returns the error for a process that holds the lock of the cluster called name without
// answering on the cluster's control socket.
func silent(p paths, name string) *SilentError {
	pid := lockedBy(p.lock)
	return &SilentError{fmt.Sprintf("process %d holds cluster %s and does not answer on its control socket %s; "+
		"if it is not just being started or stopped, end it with: kill %d", pid, name, p.sock, pid)}
}
