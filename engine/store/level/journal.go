package level

import (
	"io"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// A flush of a file that grew also has to write the file's new length and the places of its new
// blocks, and takes up to twice as long as a flush of bytes that were on the disk before. So a
// journal whose batches are flushed is filled with zeros ahead of its end. A byte, endMark, follows
// each batch before the batch is flushed, and the next batch overwrites it. With the mark, a batch
// that a killed process wrote in part differs from a damaged batch whose last bytes are zeros
// (tail.go).
const (
	endMark = 0xff

	// leastFill and mostFill bound the zeros of one write, in bytes. Zeros at most double a journal
	// that is longer than leastFill.
	leastFill, mostFill = 64 << 10, 256 << 10
	// fillUnit divides the length of a journal that ends in zeros. It is the usual block of a file
	// system.
	fillUnit = 4 << 10
	// keepWrite bounds the memory, in bytes, that is kept between two writes.
	keepWrite = 64 << 10
)

// A growable is a file that can be written at any offset and cut short.
type growable interface {
	storage.Writer
	io.WriterAt
	Truncate(size int64) error
}

// A journal is a file to which goleveldb appends batches. The first Sync begins to fill it, so that
// a journal that is never flushed has no zeros.
//
// The first Sync also makes the file's name durable, which goleveldb does only with the next
// manifest. A sync of the folder at the creation would make every writer of a cluster without
// flushes wait for the disk, because a file system may write what all files have got so far before
// it writes a folder.
type journal struct {
	growable
	dir     string
	end     int64  // the end of the latest batch
	size    int64  // of the file, at least end
	flushed bool   // Sync was called
	failed  bool   // a write failed, so a part of a batch may follow end
	buf     []byte // reused by Write
}

// Write appends p.
func (j *journal) Write(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if j.flushed {
		n, err = j.writeFilled(p)
	} else {
		n, err = j.WriteAt(p, j.end)
	}
	j.end += int64(n)
	j.size = max(j.size, j.end)
	j.failed = j.failed || err != nil
	return n, err
}

// writeFilled writes p and the end mark, and fills the file if p reaches its end.
func (j *journal) writeFilled(p []byte) (n int, err error) {
	b := append(append(j.buf[:0], p...), endMark)
	marked := len(b)
	after := j.end + int64(marked)
	if after > j.size {
		size := after + min(max(j.size, leastFill), mostFill)
		size += -size & (fillUnit - 1)
		b = append(b, make([]byte, size-after)...)
	}
	n, err = j.WriteAt(b, j.end)
	if err != nil && len(b) > marked { // a disk without room for the zeros may have room for p
		if err = j.Truncate(j.size); err == nil {
			b = b[:marked]
			n, err = j.WriteAt(b, j.end)
		}
	}
	j.size = max(j.size, j.end+int64(n))
	if j.buf = b; cap(b) > keepWrite {
		j.buf = nil
	}
	return min(n, len(p)), err
}

// Sync makes all that was written durable. The first Sync writes the end mark, which later writes
// bring along.
func (j *journal) Sync() error {
	if !j.flushed {
		if _, err := j.WriteAt([]byte{endMark}, j.end); err != nil {
			return err
		}
		j.size = j.end + 1
	}
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

// Close removes the zeros. A failed Truncate is ignored, because a journal with zeros is sound.
func (j *journal) Close() error {
	if j.flushed && !j.failed && j.size > j.end+1 {
		_ = j.Truncate(j.end + 1)
	}
	return j.growable.Close()
}
