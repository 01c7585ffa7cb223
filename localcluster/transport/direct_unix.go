//go:build unix

package transport

import "syscall"

// writeOnce writes the front of b to a socket that does not block, and returns its length.
func writeOnce(fd uintptr, b []byte) int {
	n, err := syscall.Write(int(fd), b)
	if err != nil {
		return 0
	}
	return n
}
