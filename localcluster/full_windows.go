package localcluster

import (
	"errors"
	"syscall"
)

// What Windows says if there is no room.
const (
	errHandleDiskFull = syscall.Errno(39)
	errDiskFull       = syscall.Errno(112)
	errDiskQuota      = syscall.Errno(1295)
)

// isFull says whether an error means that there is no room: on the disk, or within the user's quota.
func isFull(err error) bool {
	for _, full := range []error{syscall.ENOSPC, errHandleDiskFull, errDiskFull, errDiskQuota} {
		if errors.Is(err, full) {
			return true
		}
	}
	return false
}
