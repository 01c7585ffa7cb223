package level

import (
	"bytes"
	"slices"
	"testing"

	ljournal "github.com/syndtr/goleveldb/leveldb/journal"
	"pgregory.net/rapid"
)

// A memFile is a growable file in memory that remembers how it came about.
type memFile struct {
	content []byte
	writes  []memWrite
}

// A memWrite is one WriteAt; a nil data is a Truncate to off.
type memWrite struct {
	off  int
	data []byte
}

func (f *memFile) Write([]byte) (int, error) { panic("a journal chooses where it writes") }
func (f *memFile) Close() error              { return nil }
func (f *memFile) Sync() error               { return nil }

func (f *memFile) Truncate(size int64) error {
	f.writes = append(f.writes, memWrite{off: int(size)})
	f.content = f.content[:size]
	return nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	w := memWrite{int(off), slices.Clone(p)}
	f.writes = append(f.writes, w)
	f.content = w.applied(f.content)
	return len(p), nil
}

// applied returns a copy of content with the write.
func (w memWrite) applied(content []byte) []byte {
	if w.data == nil {
		return slices.Clone(content[:w.off])
	}
	out := make([]byte, max(len(content), w.off+len(w.data)))
	copy(out, content)
	copy(out[w.off:], w.data)
	return out
}

// drawBatch draws a batch. Many end at the end of a block of the journal or of the file system, and
// many in zeros or in bytes like the end mark.
func drawBatch(t *rapid.T, end int) []byte {
	var n int
	switch rapid.IntRange(0, 5).Draw(t, "length") {
	case 0:
		n = blockSize - end%blockSize - 2*chunkHeader + rapid.IntRange(0, 2*chunkHeader).Draw(t, "near the end of a block")
	case 1:
		n = fillUnit - (end+chunkHeader)%fillUnit - rapid.IntRange(0, 2).Draw(t, "near a multiple of fillUnit")
	case 2:
		n = rapid.IntRange(1, 3*blockSize).Draw(t, "some blocks")
	default:
		n = rapid.IntRange(1, 40).Draw(t, "few bytes")
	}
	p := bytes.Repeat([]byte{0x5a}, max(1, n))
	tail := p[rapid.IntRange(0, len(p)).Draw(t, "from"):]
	copy(tail, bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, endMark, 1}).Draw(t, "tail")}, len(tail)))
	return p
}

// A process that is killed within any write leaves a journal whose sound part is exactly the
// batches that were written whole, whether or not the journal is filled.
func TestKilledInAnyWrite(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		f := &memFile{}
		j := &journal{growable: f, dir: dir}
		w := ljournal.NewWriter(j)
		ends := []int{0} // of the batches
		for range rapid.IntRange(2, 12).Draw(t, "batches") {
			chunk, err := w.Next()
			if err == nil {
				_, err = chunk.Write(drawBatch(t, int(j.end)))
			}
			if err == nil {
				err = w.Flush()
			}
			if err == nil && rapid.Bool().Draw(t, "sync") {
				err = j.Sync()
			}
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, int(j.end))
		}
		if rapid.Bool().Draw(t, "close") {
			_ = j.Close()
		}
		final := f.content
		check := func(left []byte) {
			want := 0
			for _, end := range ends {
				if end <= len(left) && bytes.Equal(left[:end], final[:end]) {
					want = end
				}
			}
			if got, torn := soundPart(left, true); got != want {
				t.Fatalf("%d of %d bytes are sound (torn: %v), and batches were whole up to %d", got, len(left), torn, want)
			}
		}
		var content []byte
		for _, write := range f.writes {
			cuts := []int{0, 1, chunkHeader - 1, chunkHeader, len(write.data) - 1}
			for range 4 {
				cuts = append(cuts, rapid.IntRange(0, len(write.data)).Draw(t, "cut"))
			}
			for _, cut := range cuts {
				if 0 <= cut && cut < len(write.data) {
					check(memWrite{write.off, write.data[:cut]}.applied(content))
				}
			}
			content = write.applied(content)
			check(content)
		}
	})
}
