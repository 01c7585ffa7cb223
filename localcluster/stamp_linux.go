package localcluster

import (
	"fmt"
	"os"
	"syscall"
)

// stampOf returns what only this very file has: a copy has another inode, and a file that was put back or written
// over has another time of change, which no program can set.
func stampOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("the file system tells nothing of %s", path)
	}
	return fmt.Sprintf("inode %d changed %d.%09d", s.Ino, s.Ctim.Sec, s.Ctim.Nsec), nil
}
