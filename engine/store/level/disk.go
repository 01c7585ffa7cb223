package level

import (
	"io"
	"os"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// A disk is the storage of goleveldb with changes: torn tails are hidden, only the owner may use
// the files, journals are filled ahead and have durable names (journal.go), and tables are written
// in turns (table.go).
type disk struct {
	storage.Storage
	dir  string
	pace pace
	// intact has the number of sound bytes of each file that has a torn tail or zeros after them.
	// It does not change after goleveldb has the disk, because goleveldb calls from many
	// goroutines. goleveldb reads these files only while it opens.
	intact map[storage.FileDesc]int64
}

// Open hides what follows the sound bytes from goleveldb, which reads these files from front to
// back.
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

// Create restricts the file to its owner. It wraps a journal in a journal, and a table in a table.
func (d *disk) Create(fd storage.FileDesc) (storage.Writer, error) {
	w, err := d.Storage.Create(fd)
	if err != nil {
		return nil, err
	}
	if f, ok := w.(interface{ Chmod(os.FileMode) error }); ok {
		if err := f.Chmod(0o600); err != nil {
			w.Close()
			return nil, err
		}
	}
	switch f, ok := w.(growable); {
	case ok && fd.Type == storage.TypeJournal:
		return &journal{growable: f, dir: d.dir}, nil
	case fd.Type == storage.TypeTable:
		return newTable(w, &d.pace), nil
	}
	return w, nil
}
