package atomicfile

import (
	"errors"
	"os"
)

// Commit writes data to f, a new file in the folder of path, and renames f to path. The data is on
// stable storage before the rename. Commit closes f. After an error it also removes f, and path is
// unchanged.
func Commit(f *os.File, path string, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
