//go:build !windows

package localcluster

import (
	"errors"
	"syscall"
)

// isFull reports whether an error means that the disk is full, or the user's quota used up.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
