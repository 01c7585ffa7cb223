//go:build unix

package datadir

import (
	"os"
	"syscall"
)

// isOwn reports whether path is not a link and belongs to the user of this process.
func isOwn(path string) bool {
	i, err := os.Lstat(path)
	if err != nil {
		return false
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	return ok && i.IsDir() && int(s.Uid) == os.Geteuid()
}
