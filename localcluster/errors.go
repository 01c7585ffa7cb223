package localcluster

import (
	"errors"
	"fmt"
)

// ErrNotRunning says that no cluster of the name is running.
var ErrNotRunning = errors.New("no such cluster running")

// errStopped is the answer to whoever asks a cluster that is going down.
var errStopped = fmt.Errorf("the cluster is stopped: %w", ErrNotRunning)

// A UsageError is a request that makes no sense; its text says what to do
// instead. Nothing was changed.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

func usagef(format string, args ...any) error {
	return &UsageError{Message: fmt.Sprintf(format, args...)}
}
