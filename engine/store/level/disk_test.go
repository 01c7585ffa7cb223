package level

import (
	"errors"
	"syscall"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

var errSync = errors.New("input/output error")

// A badDisk is a folder whose journals fail on demand.
type badDisk struct {
	storage.Storage
	failSync bool // once: data reaches the file, its sync fails
	room     int  // bytes that journals can still take if full
	full     bool
}

// open returns an opener that puts b in front of the files of dir.
func (b *badDisk) open(dir string) func() (storage.Storage, error) {
	return func() (storage.Storage, error) {
		s, err := storage.OpenFile(dir, false)
		b.Storage = s
		return b, err
	}
}

func (b *badDisk) Create(fd storage.FileDesc) (storage.Writer, error) {
	w, err := b.Storage.Create(fd)
	if err != nil || fd.Type != storage.TypeJournal {
		return w, err
	}
	return badFile{w, b}, nil
}

type badFile struct {
	storage.Writer
	disk *badDisk
}

// Write writes as much as there is room for, as on a full disk.
func (f badFile) Write(p []byte) (int, error) {
	if !f.disk.full || len(p) <= f.disk.room {
		f.disk.room -= len(p)
		return f.Writer.Write(p)
	}
	n, err := f.Writer.Write(p[:f.disk.room])
	f.disk.room = 0
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f badFile) Sync() error {
	if f.disk.failSync {
		f.disk.failSync = false
		return errSync
	}
	return f.Writer.Sync()
}

func openBadStore(t *testing.T) (s *Store, b *badDisk, dir string) {
	t.Helper()
	b, dir = &badDisk{}, t.TempDir()
	s, report, err := Open(dir, Options{openDisk: b.open(dir)})
	if err != nil || report.Recovered {
		t.Fatal(report, err)
	}
	return s, b, dir
}
