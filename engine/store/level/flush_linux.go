package level

import (
	"errors"
	"os"
	"syscall"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// flush makes the file's bytes and its length durable. Unlike fsync, it does not write the time of
// change to the disk.
func flush(f storage.Writer) error {
	file, ok := f.(interface {
		syscall.Conn
		Name() string
	})
	if !ok {
		return f.Sync()
	}
	raw, err := file.SyscallConn()
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
	if failed != nil {
		failed = &os.PathError{Op: "fdatasync", Path: file.Name(), Err: failed}
	}
	return errors.Join(err, failed)
}
