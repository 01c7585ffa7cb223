package level

import (
	"errors"
	"os"
	"path/filepath"
)

// doubtFile says that records may have been dropped and that nobody has drawn the
// consequences yet. A crash right after a recovery must not make the database
// look trustworthy: it opens without a complaint from then on.
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

// Trust ends what Report.Recovered began: the caller has made a new incarnation
// durable in the store.
func (s *Store) Trust() error {
	err := os.Remove(filepath.Join(s.disk.dir, doubtFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncDir(s.disk.dir))
}
