package process

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// pollTime is the time in milliseconds after which Await looks whether ctx has ended.
const pollTime = 200

// A Parent is a process whose end is watched. The kernel's own signal for the end of a parent
// (PR_SET_PDEATHSIG) is sent when the thread ends that started the child, which may be a worker of
// a test runner. A Parent is the whole process, and may be the parent of the parent.
type Parent struct {
	pid  int
	file int // a pidfd, which names the process also after the system has reused its number
}

// OpenParent returns the process with the number pid. The caller knows that this process runs.
func OpenParent(pid int) (*Parent, error) {
	file, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	return &Parent{pid, file}, nil
}

// OwnParent returns the parent of this process.
func OwnParent() (*Parent, error) {
	pid := os.Getppid()
	p, err := OpenParent(pid)
	if err == nil && os.Getppid() != pid {
		return nil, errors.Join(fmt.Errorf("watch process %d: it has ended", pid), p.Close())
	}
	return p, err
}

// PID returns the number of the process.
func (p *Parent) PID() int { return p.pid }

// Close ends the use of p. No Await is under way.
func (p *Parent) Close() error { return unix.Close(p.file) }

// Await returns true when the process has ended, and false when ctx ends first.
func (p *Parent) Await(ctx context.Context) bool {
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(p.file), Events: unix.POLLIN}}
		switch n, err := unix.Poll(ready, pollTime); {
		case n > 0:
			return true
		case err != nil && !errors.Is(err, unix.EINTR):
			return false // the descriptor is open, so this does not happen
		}
	}
	return false
}
