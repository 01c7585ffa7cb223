//go:build !windows

package level

import (
	"errors"
	"os"
)

// syncDir makes the names of a folder's files durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
