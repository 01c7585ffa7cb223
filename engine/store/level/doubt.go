package level

import (
	"errors"
	"os"
	"path/filepath"
)

// doubtFile is the name of the file that says that records may have been dropped, and why. It is
// there from the recovery until Trust. Without the file, a crash after the recovery would make the
// database look sound: the next open would find no damage.
const doubtFile = "DOUBT"

func readDoubt(dir string) (Report, error) {
	b, err := os.ReadFile(filepath.Join(dir, doubtFile))
	if errors.Is(err, os.ErrNotExist) {
		return Report{}, nil
	}
	return Report{Recovered: true, Reason: string(b)}, err
}

func writeDoubt(dir, reason string) error {
	f, err := os.OpenFile(filepath.Join(dir, doubtFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(reason)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(dir))
}

// Trust ends the doubt of Report.Recovered. The caller has made a new incarnation of the node
// durable in the store.
func (s *Store) Trust() error {
	err := os.Remove(filepath.Join(s.disk.dir, doubtFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncDir(s.disk.dir))
}
