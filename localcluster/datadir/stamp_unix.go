//go:build linux || darwin

package datadir

import (
	"fmt"
	"os"
	"syscall"
)

// stampOf returns the inode and the change time of a file. A copy has another inode. A file that
// was put back or written over has another change time, which no program can set.
func stampOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", fmt.Errorf("read the inode of %s: the file system does not tell it", path)
	}
	changed := changeTime(s)
	return fmt.Sprintf("inode %d changed %d.%09d", s.Ino, changed.Sec, changed.Nsec), nil
}
