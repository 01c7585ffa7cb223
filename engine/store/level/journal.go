package level

import (
	"io"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// A flush of a file that grew also has to write the file's new length and the places of its new
// blocks, and takes up to twice as long as a flush of bytes that were on the disk before. So a
// journal whose batches are flushed is filled with zeros ahead of its end. A byte, endMark, follows
// the last batch, and the next batch overwrites it. With the mark, a batch that a killed process
// wrote in part differs from a damaged batch whose last bytes are zeros (tail.go).
const (
	endMark = 0xff

	// leastFill and mostFill are the bytes of zeros that are written at once. A journal is at most
	// doubled by them, as long as it is longer than leastFill.
	leastFill, mostFill = 64 << 10, 256 << 10
	// fillUnit divides the length of a filled journal. It is the usual block of a file system.
	fillUnit = 4 << 10
	// keepWrite bounds the memory that is kept between two writes.
	keepWrite = 64 << 10
)

// A growable is a file whose place of the next write can be chosen.
type growable interface {
	storage.Writer
	io.WriterAt
	Truncate(size int64) error
}

// A journal is a file to which goleveldb appends batches. The first Sync makes it a filled one, so
// that a cluster that never flushes does not pay for zeros.
//
// The first Sync also makes the file's name durable, which goleveldb does only with the next
// manifest. Earlier that would make every writer of a cluster without flushes wait for the disk,
// because a file system may write what all files have got so far before it writes a folder.
type journal struct {
	growable
	dir     string
	end     int64 // the end of the latest batch
	size    int64 // of the file
	flushed bool  // Sync was called
	buf     []byte
}

// Write appends p.
func (j *journal) Write(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !j.flushed {
		n, err = j.WriteAt(p, j.end)
		j.end += int64(n)
		j.size = j.end
		return n, err
	}
	b := append(append(j.buf[:0], p...), endMark)
	marked := len(b)
	if end := j.end + int64(marked); end > j.size {
		end += min(max(j.size, leastFill), mostFill)
		end += -end & (fillUnit - 1)
		b = append(b, make([]byte, end-j.end-int64(marked))...)
	}
	n, err = j.WriteAt(b, j.end)
	if err != nil && n < marked && len(b) > marked { // a disk without room for the zeros may have room for p
		b = b[:marked]
		n, err = j.WriteAt(b, j.end)
	}
	if n >= marked {
		err = nil // as much as goleveldb asked for
	}
	j.size = max(j.size, j.end+int64(n))
	n = min(n, len(p))
	j.end += int64(n)
	if j.buf = b; cap(b) > keepWrite {
		j.buf = nil
	}
	return n, err
}

// Sync makes all that was written durable.
func (j *journal) Sync() error {
	if err := flush(j.growable); err != nil {
		return err
	}
	if j.flushed {
		return nil
	}
	err := syncDir(j.dir)
	j.flushed = err == nil
	return err
}

// Close gives back the zeros. A file that keeps them is sound also.
func (j *journal) Close() error {
	if j.flushed && j.size > j.end+1 {
		_ = j.Truncate(j.end + 1)
	}
	return j.growable.Close()
}
