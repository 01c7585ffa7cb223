package datadir

import (
	"errors"
	"syscall"
)

// The errors by which Windows reports that there is no room.
const (
	errHandleDiskFull = syscall.Errno(39)
	errDiskFull       = syscall.Errno(112)
	errDiskQuota      = syscall.Errno(1295)
)

// IsFull reports whether an error means that the disk is full, or the user's quota used up.
func IsFull(err error) bool {
	for _, full := range []error{syscall.ENOSPC, errHandleDiskFull, errDiskFull, errDiskQuota} {
		if errors.Is(err, full) {
			return true
		}
	}
	return false
}
