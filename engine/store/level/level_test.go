package level

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"

	"ringside/engine/store"
)

func key(i int) []byte { return fmt.Appendf(nil, "key-%04d", i) }

func value(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "%04d", i), 25) }

func put(s store.Store, i int) error {
	return s.Apply([]store.Write{{Space: store.Data, Key: key(i), Value: value(i)}}, true)
}

func mustOpen(t *testing.T, dir string) (*Store, Report) {
	t.Helper()
	s, report, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, report
}

// missing returns the keys in [0, n) whose values are not those that were put.
func missing(t *testing.T, s *Store, n int) (out []int) {
	t.Helper()
	for i := range n {
		v, err := s.Get(store.Data, key(i))
		if err != nil {
			t.Fatal(err)
		}
		if v == nil {
			out = append(out, i)
		} else if !bytes.Equal(v, value(i)) {
			t.Fatalf("key %d is %q", i, v)
		}
	}
	return out
}

// goleveldb goes on after a failed sync: it acknowledges synced writes and does not have them after
// the next open. So a failed write poisons the store.
func TestGoleveldbLosesAcknowledgedWritesAfterFailedSync(t *testing.T) {
	dir, b := t.TempDir(), &badDisk{}
	disk, err := b.open(dir)()
	if err != nil {
		t.Fatal(err)
	}
	db, err := leveldb.Open(disk, nil)
	if err != nil {
		t.Fatal(err)
	}
	var batch leveldb.Batch
	for i := range 3 {
		batch.Put([]byte{byte(i)}, nil)
	}
	sync := &opt.WriteOptions{Sync: true}
	b.failSync = true
	if err := db.Write(&batch, sync); !errors.Is(err, errSync) {
		t.Fatalf("got %v", err)
	}
	for i := range 6 {
		if err := db.Put(key(i), value(i), sync); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	disk.Close()
	db, err = leveldb.OpenFile(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lost := 0
	for i := range 6 {
		if _, err := db.Get(key(i), nil); errors.Is(err, leveldb.ErrNotFound) {
			lost++
		}
	}
	if lost != 3 {
		t.Errorf("%d of 6 lost; if none, poisoning can go", lost)
	}
}

func TestFailedSyncPoisons(t *testing.T) {
	s, b, dir := openBadStore(t)
	for i := range 5 {
		if err := put(s, i); err != nil {
			t.Fatal(err)
		}
	}
	b.failSync = true
	if err := put(s, 5); !errors.Is(err, store.ErrPoisoned) || !errors.Is(err, errSync) {
		t.Fatalf("the failed write: %v", err)
	}
	if err := put(s, 6); !errors.Is(err, store.ErrPoisoned) || !errors.Is(err, errSync) {
		t.Errorf("a write after it: %v", err)
	}
	if err := s.Apply(nil, false); !errors.Is(err, store.ErrPoisoned) {
		t.Errorf("an empty write after it: %v", err)
	}
	if _, err := s.Get(store.Data, key(0)); !errors.Is(err, store.ErrPoisoned) {
		t.Errorf("a read after it: %v", err)
	}
	if err := s.Scan(store.Data, nil, nil, nil); !errors.Is(err, store.ErrPoisoned) {
		t.Errorf("a scan after it: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, report := mustOpen(t, dir)
	if lost := missing(t, s, 5); report.Recovered || lost != nil {
		t.Errorf("reopened: %+v, lost %v", report, lost)
	}
	if err := put(s, 7); err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	s, b, dir := openBadStore(t)
	b.full, b.room = true, 1000
	acked := 0
	var err error
	for ; err == nil; acked++ {
		err = put(s, acked)
	}
	acked--
	if acked == 0 || !errors.Is(err, store.ErrPoisoned) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("after %d: %v", acked, err)
	}
	s.Close()
	s, report := mustOpen(t, dir)
	if lost := missing(t, s, acked); report.Recovered || lost != nil {
		t.Errorf("reopened: %+v, lost %v", report, lost)
	}
}

// A full disk fails the first write, because opening writes nothing to a journal. It is not damage,
// and nothing is dropped.
func TestOpenOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	s, _ := mustOpen(t, dir)
	if err := put(s, 0); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b := &badDisk{full: true}
	s, _, err := Open(dir, Options{openDisk: b.open(dir)})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(s, 1); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	s.Close()
	s, report := mustOpen(t, dir)
	if lost := missing(t, s, 1); report.Recovered || lost != nil {
		t.Errorf("reopened: %+v, lost %v", report, lost)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir)
	_, _, err := Open(dir, Options{})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s, _ := mustOpen(t, dir)
	if err := put(s, 0); err != nil {
		t.Fatal(err)
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = fs.ModeDir | 0o700
		}
		switch d.Name() { // goleveldb makes these by itself, and rewrites CURRENT; the folder shuts them in
		case "LOCK", "LOG", "CURRENT":
			return nil
		}
		if info.Mode() != want {
			t.Errorf("%s is %v, want %v", path, info.Mode(), want)
		}
		return nil
	})
	s.Close()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir)
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("a folder open to all stays %v", info.Mode())
	}
}

// A batch that is larger than the write buffer is still one batch.
func TestLargeBatch(t *testing.T) {
	dir := t.TempDir()
	s, _ := mustOpen(t, dir)
	big := bytes.Repeat([]byte("0123456789abcdef"), 3*leastBuffer/16)
	batch := []store.Write{{Space: store.Data, Key: []byte("a"), Value: big}, {Space: store.Hints, Key: []byte("b"), Value: big}}
	if err := errors.Join(put(s, 0), s.Apply(batch, true), put(s, 1)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, _ = mustOpen(t, dir)
	for _, w := range batch {
		if v, err := s.Get(w.Space, w.Key); err != nil || !bytes.Equal(v, big) {
			t.Errorf("%c %s: %d bytes, %v", w.Space, w.Key, len(v), err)
		}
	}
	if lost := missing(t, s, 2); lost != nil {
		t.Errorf("lost %v", lost)
	}
}

func TestCloseTwice(t *testing.T) {
	s, _ := mustOpen(t, t.TempDir())
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := put(s, 0); err == nil {
		t.Error("a closed store takes writes")
	}
}

func BenchmarkApplySync(b *testing.B) {
	s, _, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := 0; b.Loop(); i++ {
		if err := put(s, i%1000); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReplace measures what a put costs a node: it reads a record and writes it again, with
// the memory that one of three nodes has.
func BenchmarkReplace(b *testing.B) {
	for _, keys := range []int{10_000, 300_000} {
		b.Run(fmt.Sprint(keys, " keys"), func(b *testing.B) {
			s, _, err := Open(b.TempDir(), Options{Memory: 85 << 20})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			record, rng := bytes.Repeat([]byte("0123456789"), 17), rand.New(rand.NewPCG(1, 2))
			replace := func(i int) {
				k := fmt.Appendf(nil, "%08x-key-%07d", uint32(i)*2654435761, i)
				_, err := s.Get(store.Data, k)
				if err = errors.Join(err, s.Apply([]store.Write{{Space: store.Data, Key: k, Value: record}}, false)); err != nil {
					b.Fatal(err)
				}
			}
			for i := range keys {
				replace(i)
			}
			b.ReportAllocs()
			for b.Loop() {
				replace(rng.IntN(keys))
			}
		})
	}
}
