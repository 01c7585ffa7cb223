//go:build unix

package localcluster

import "syscall"

// fileLimit returns how many files this process may open, 0 if there is no limit or it is not
// known. The Go runtime has raised the limit as far as it may.
func fileLimit() uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > maxFileLimit {
		return 0
	}
	return uint64(l.Cur)
}

// maxFileLimit is a limit that no cluster reaches.
const maxFileLimit = 1 << 30
