package level

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"ringside/engine/store"
)

// A batch is on the disk whole or not at all, at whatever byte a crash cuts the journal. So a
// record, a hint, a counter and what the node remembers of itself stay consistent.
func TestBatchIsWholeOrAbsent(t *testing.T) {
	const batches = 6
	src, dir := t.TempDir(), t.TempDir()
	s, _ := mustOpen(t, src)
	spaces := []store.Space{store.Data, store.Hints, store.Own, store.Meta}
	for i := range batches {
		var batch []store.Write
		for _, sp := range spaces {
			batch = append(batch, store.Write{Space: sp, Key: []byte("key"), Value: bytes.Repeat([]byte{byte(i + 1)}, 40)})
			batch = append(batch, store.Write{Space: sp, Key: fmt.Appendf(nil, "key %d", i), Value: []byte{byte(i + 1)}})
		}
		if err := s.Apply(batch, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(src)); err != nil {
		t.Fatal(err)
	}
	journal := theFile(t, dir, "*.log")
	data := mustRead(t, journal)
	last := -1
	for cut := 0; cut <= sound(t, data); cut += 17 {
		at := t.TempDir()
		if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		left := data[:cut]
		if cut%2 == 1 {
			left = zeroed(data, cut)
		}
		mustWrite(t, filepath.Join(at, filepath.Base(journal)), left)
		s, report := mustOpen(t, at)
		if report.Recovered {
			t.Fatalf("cut at %d: %+v", cut, report)
		}
		n := s.batches(t, spaces, batches)
		if n < last {
			t.Fatalf("cut at %d: %d batches, and %d with less of the journal", cut, n, last)
		}
		last = n
		_ = s.Close()
	}
	if last < batches-1 {
		t.Fatalf("the whole journal gives %d of %d batches", last, batches)
	}
}

// batches returns the number of batches that the store has, each whole and in all spaces.
func (s *Store) batches(t *testing.T, spaces []store.Space, most int) int {
	t.Helper()
	there := -1
	for _, sp := range spaces {
		n := 0
		for n < most {
			if v, err := s.Get(sp, fmt.Appendf(nil, "key %d", n)); err != nil || v == nil {
				break
			}
			n++
		}
		v, err := s.Get(sp, []byte("key"))
		if err != nil || n > 0 && !bytes.Equal(v, bytes.Repeat([]byte{byte(n)}, 40)) || n == 0 && v != nil {
			t.Fatalf("%c: %d batches, but the latest value is %v %v", sp, n, v, err)
		}
		if there >= 0 && n != there {
			t.Fatalf("%c has %d batches, another space has %d", sp, n, there)
		}
		there = n
	}
	return there
}
