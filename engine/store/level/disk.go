package level

import (
	"io"
	"os"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// A disk is goleveldb's storage, with torn tails out of sight, files for their
// owner alone, and new journals in the folder for good.
type disk struct {
	storage.Storage
	dir string
	// intact is how many bytes are sound of each file with a torn tail. It is
	// not changed once goleveldb has the disk, which calls from many goroutines
	// and reads these files only while it opens.
	intact map[storage.FileDesc]int64
}

// Open hides a torn tail from goleveldb, which reads these files front to back.
func (d *disk) Open(fd storage.FileDesc) (storage.Reader, error) {
	r, err := d.Storage.Open(fd)
	if n, ok := d.intact[fd]; ok && err == nil {
		return trimmed{r, io.LimitReader(r, n)}, nil
	}
	return r, err
}

type trimmed struct {
	storage.Reader
	front io.Reader
}

func (t trimmed) Read(p []byte) (int, error) { return t.front.Read(p) }

// Create narrows the mode that goleveldb gives its files, and makes a new
// journal's name durable: goleveldb syncs the folder with the manifest only,
// which is after the first synced batches are in the journal.
func (d *disk) Create(fd storage.FileDesc) (storage.Writer, error) {
	w, err := d.Storage.Create(fd)
	if err != nil {
		return nil, err
	}
	if f, ok := w.(interface{ Chmod(os.FileMode) error }); ok {
		err = f.Chmod(0o600)
	}
	if err == nil && fd.Type == storage.TypeJournal {
		err = syncDir(d.dir)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}
