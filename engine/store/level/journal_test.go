package level

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

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

// A journal that is flushed has its next blocks on the disk. One that is not has what was written.
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
		if !errors.Is(err, syscall.ENOSPC) || n > 1 || len(content()) > 1006 {
			t.Errorf("beyond the room: %d bytes, %v, the file has %d", n, err, len(content()))
		}
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
