//go:build !windows

package localcluster

import (
	"errors"
	"syscall"
)

// isFull says whether an error means that there is no room: on the disk, or within the user's quota.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
