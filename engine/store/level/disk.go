package level

import (
	"io"
	"os"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// A disk is the storage of goleveldb with four changes: torn tails are hidden, only the owner may
// use the files, the name of a new journal is durable at once, and journals are filled ahead.
type disk struct {
	storage.Storage
	dir string
	// intact has the number of sound bytes of each file that has a torn tail or zeros after them. It
	// does not change after goleveldb has the disk, because goleveldb calls from many goroutines.
	// goleveldb reads these files only while it opens.
	intact map[storage.FileDesc]int64
}

// Open hides what follows the sound bytes from goleveldb, which reads these files from front to back.
func (d *disk) Open(fd storage.FileDesc) (storage.Reader, error) {
	r, err := d.Storage.Open(fd)
	if n, ok := d.intact[fd]; ok && err == nil {
		return trimmed{r, io.LimitReader(r, n)}, nil
	}
	return r, err
}

// A trimmed reads the front of a file.
type trimmed struct {
	storage.Reader
	front io.Reader
}

// Read implements io.Reader.
func (t trimmed) Read(p []byte) (int, error) { return t.front.Read(p) }

// Create restricts the file to its owner, makes the name of a new journal durable and fills it ahead.
// goleveldb syncs the folder only with the manifest, which is after the first synced batches are in
// the journal.
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
	if f, ok := w.(growable); ok && fd.Type == storage.TypeJournal {
		return &journal{growable: f}, nil
	}
	return w, nil
}
