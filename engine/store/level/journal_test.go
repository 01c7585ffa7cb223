package level

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	ljournal "github.com/syndtr/goleveldb/leveldb/journal"
	"github.com/syndtr/goleveldb/leveldb/storage"

	"ringside/engine/store"
)

// A journalFile is a journal over a file whose writes a badDisk fails.
func journalFile(t *testing.T) (*journal, *badDisk, func() []byte) {
	t.Helper()
	b, dir := &badDisk{}, t.TempDir()
	stor, err := b.open(dir)()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stor.Close() })
	w, err := (&disk{Storage: stor, dir: dir}).Create(storage.FileDesc{Type: storage.TypeJournal, Num: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w.(*journal), b, func() []byte { return mustRead(t, filepath.Join(dir, "000001.log")) }
}

func mustAppend(t *testing.T, j *journal, p []byte) {
	t.Helper()
	if n, err := j.Write(p); n != len(p) || err != nil {
		t.Fatalf("%d of %d bytes: %v", n, len(p), err)
	}
}

// A journal that is flushed has its next blocks on the disk. A journal that is not
// flushed has only what was written.
func TestJournalIsFilled(t *testing.T) {
	j, _, content := journalFile(t)
	var want []byte
	for i := range 5 {
		p := bytes.Repeat([]byte{byte(i)}, 3000)
		mustAppend(t, j, p)
		want = append(want, p...)
	}
	if !bytes.Equal(content(), want) {
		t.Errorf("without a flush the file has %d bytes, want %d", len(content()), len(want))
	}
	flushes, grown := 0, 0
	for size := len(want); flushes < 4000; flushes++ {
		if err := j.Sync(); err != nil {
			t.Fatal(err)
		}
		p := bytes.Repeat([]byte{byte(flushes)}, 1+flushes%300)
		mustAppend(t, j, p)
		want = append(want, p...)
		if j.size > int64(size) {
			grown++
			size = int(j.size)
		}
	}
	data := content()
	used := append(append([]byte{}, want...), endMark)
	if len(data)%fillUnit != 0 || len(data) > len(used)+mostFill+fillUnit || !bytes.HasPrefix(data, used) ||
		len(bytes.TrimRight(data, "\x00")) != len(used) {
		t.Errorf("the file has %d bytes, %d were written", len(data), len(want))
	}
	if grown == 0 || grown > flushes/100 {
		t.Errorf("the file grew in %d of %d flushes", grown, flushes)
	}
	if err := j.Close(); err != nil || !bytes.Equal(content(), used) {
		t.Errorf("closed, the file has %d bytes, %d were written: %v", len(content()), len(want), err)
	}
}

// A disk without room for zeros still takes batches, to its end.
func TestJournalOnAlmostFullDisk(t *testing.T) {
	for _, refuses := range []bool{true, false} {
		j, b, content := journalFile(t)
		mustAppend(t, j, []byte("first"))
		if err := j.Sync(); err != nil {
			t.Fatal(err)
		}
		b.full, b.refuses, b.room = true, refuses, 1001
		for range 10 {
			mustAppend(t, j, make([]byte, 100))
		}
		n, err := j.Write(make([]byte, 100))
		if !errors.Is(err, syscall.ENOSPC) || n > 2 || len(content()) > 1007 {
			t.Errorf("beyond the room: %d bytes, %v, the file has %d", n, err, len(content()))
		}
	}
}

// Where a full disk has room for some zeros, a batch that a killed process then writes in part is
// no damage.
func TestKillAfterSomeZeros(t *testing.T) {
	b, dir := &badDisk{}, t.TempDir()
	s, _, err := Open(dir, Options{openDisk: b.open(dir)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read := func() []byte { return mustRead(t, theFile(t, dir, "*.log")) }
	if err := put(s, 0); err != nil {
		t.Fatal(err)
	}
	b.full, b.room = true, 1001
	if err := put(s, 1); err != nil {
		t.Fatal(err)
	}
	before := read()
	if err := put(s, 2); err != nil {
		t.Fatal(err)
	}
	data := read()
	for cut := sound(t, before); cut <= sound(t, data); cut++ {
		left := zeroed(data[:max(cut, len(before))], cut)
		if n, _ := soundPart(left, true); n == len(left) && cut < sound(t, data) && cut > sound(t, before) {
			t.Fatalf("cut at %d of %d: damage", cut, len(data))
		}
	}
}

// A write that fails in part leaves bytes after the end. Close must not cut them so that they look
// like damage.
func TestCloseAfterFailedWrite(t *testing.T) {
	for n := range 60 {
		j, b, content := journalFile(t)
		w := ljournal.NewWriter(j)
		add := func(p string) error {
			chunk, err := w.Next()
			if err == nil {
				_, err = chunk.Write([]byte(p))
			}
			return errors.Join(err, w.Flush())
		}
		if err := errors.Join(add("first"), j.Sync(), add("second"), j.Sync()); err != nil {
			t.Fatal(err)
		}
		whole := sound(t, content())
		b.broken, b.breaks = true, n
		if err := add(strings.Repeat("x", 50)); err == nil {
			t.Fatal("a broken write succeeded")
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		data := content()
		if got, _ := soundPart(data, true); got != whole && (got == len(data) || got != whole+50+chunkHeader) {
			t.Errorf("after %d bytes of a failed write: %d of %d bytes are sound, %d were flushed", n, got, len(data), whole)
		}
	}
}

// The first flush of a journal writes the end mark, so that a damaged batch which ends in zeros
// does not pass for one that was written in part.
func TestFlipInFirstFlushedBatch(t *testing.T) {
	found := false
	for size := fillUnit - 100; size < fillUnit; size++ {
		dir := t.TempDir()
		s, _ := mustOpen(t, dir)
		v := append([]byte("acknowledged"), make([]byte, size)...)
		if err := s.Apply([]store.Write{{Space: store.Data, Key: key(0), Value: v}}, true); err != nil {
			t.Fatal(err)
		}
		data := mustRead(t, theFile(t, dir, "*.log"))
		s.Close()
		found = found || len(data)%fillUnit == 0 || len(data)%fillUnit == 1 // without or with the mark
		data[bytes.Index(data, []byte("acknowledged"))] ^= 1
		if n, _ := soundPart(data, true); n != len(data) {
			t.Fatalf("a value of %d bytes: a flipped bit passes for a torn batch", size)
		}
	}
	if !found {
		t.Error("no journal ended at the end of a block")
	}
}

// A store whose journal was full of zeros reads its batches again, with and without Close.
func TestFilledJournalIsReadAgain(t *testing.T) {
	const puts = 2000 // the journal grows several times
	dir, journal := unclosed(t, puts)
	if data := mustRead(t, journal); len(data)-sound(t, data) < 1000 {
		t.Fatalf("%d of %d bytes are used: no zeros are read", sound(t, data), len(data))
	}
	for range 2 {
		s, report := mustOpen(t, dir)
		if lost := missing(t, s, puts); report.Recovered || lost != nil {
			t.Fatalf("%+v, lost %v", report, lost)
		}
		if err := s.Apply([]store.Write{{Space: store.Meta, Key: []byte("k"), Value: []byte("v")}}, true); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*.log")); err != nil || len(names) != 1 {
		t.Error(names, err)
	} else if info, err := os.Stat(names[0]); err != nil || info.Size() > 100 {
		t.Errorf("a closed journal with one batch has %d bytes: %v", info.Size(), err)
	}
}

// The first flush of a journal makes its name durable, and fails if that fails.
func TestFirstFlushSyncsTheFolder(t *testing.T) {
	j, _, _ := journalFile(t)
	j.dir = filepath.Join(j.dir, "gone")
	mustAppend(t, j, []byte("batch"))
	if err := j.Sync(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a flush without a folder: %v", err)
	}
}
