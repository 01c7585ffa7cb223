package level

import (
	"errors"
	"syscall"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

var errSync, errBroken = errors.New("input/output error"), errors.New("the write broke")

// A badDisk is a folder whose journals fail on demand.
type badDisk struct {
	storage.Storage
	failSync bool // once: data reaches the file, its sync fails
	room     int  // bytes that journals can still take if full
	full     bool
	refuses  bool // a write that does not fit writes nothing
	broken   bool // writes fail after so many bytes:
	breaks   int
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
	if f, ok := w.(growable); ok {
		return &badFile{growable: f, disk: b}, nil
	}
	return badWriter{w, b}, nil
}

// A badWriter is a journal of a storage in memory. Only its sync fails.
type badWriter struct {
	storage.Writer
	disk *badDisk
}

func (w badWriter) Sync() error { return w.disk.sync(w.Writer) }

// sync syncs a journal, or fails once.
func (b *badDisk) sync(w storage.Writer) error {
	if b.failSync {
		b.failSync = false
		return errSync
	}
	return w.Sync()
}

type badFile struct {
	growable
	disk *badDisk
	size int64
}

// WriteAt writes as much as there is room for, as on a full disk. Bytes that the file has already
// need no room.
func (f *badFile) WriteAt(p []byte, off int64) (n int, err error) {
	if f.disk.broken {
		n, _ = f.growable.WriteAt(p[:min(f.disk.breaks, len(p))], off)
		return n, errBroken
	}
	grow := max(0, int(off-f.size)+len(p))
	if !f.disk.full || grow <= f.disk.room {
		f.disk.room -= grow
		n, err = f.growable.WriteAt(p, off)
	} else if f.disk.refuses {
		return 0, syscall.ENOSPC
	} else {
		n, err = f.growable.WriteAt(p[:len(p)-grow+f.disk.room], off)
		f.disk.room, err = 0, errors.Join(err, syscall.ENOSPC)
	}
	f.size = max(f.size, off+int64(n))
	return n, err
}

func (f *badFile) Sync() error { return f.disk.sync(f.growable) }

func openBadStore(t *testing.T) (s *Store, b *badDisk, dir string) {
	t.Helper()
	b, dir = &badDisk{}, t.TempDir()
	s, report, err := Open(dir, Options{openDisk: b.open(dir)})
	if err != nil || report.Recovered {
		t.Fatal(report, err)
	}
	return s, b, dir
}
