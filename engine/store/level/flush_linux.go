package level

import (
	"errors"
	"syscall"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// flush makes the file's bytes and its length durable. Unlike fsync, it does not write the time of
// change to the disk.
func flush(f storage.Writer) error {
	c, ok := f.(syscall.Conn)
	if !ok {
		return f.Sync()
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for {
			if failed = syscall.Fdatasync(int(fd)); !errors.Is(failed, syscall.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, failed)
}
