package level

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"ringside/engine/store"
)

// The simulated disk takes a batch whole or not at all, keeps synced batches through a crash, and
// may keep or lose a batch whose flush failed or was cut short. This test compares the real store
// with that: random batches, and power cuts while a batch is written. After a power cut each sector
// of the unsynced part of a journal is there, is as before, is zero or was never written.

// sector is the number of bytes that a disk writes at once.
const sector = 512

// A cutDisk is a folder that knows what a power cut leaves of each journal.
type cutDisk struct {
	storage.Storage
	files map[string]*cutFile // by name
	fail  bool                // the next sync fails: the power goes
}

// A cutFile is a journal: what was written, and what of that was synced.
type cutFile struct {
	growable
	disk            *cutDisk
	written, synced []byte
}

func (d *cutDisk) Create(fd storage.FileDesc) (storage.Writer, error) {
	w, err := d.Storage.Create(fd)
	if err != nil || fd.Type != storage.TypeJournal {
		return w, err
	}
	f := &cutFile{growable: w.(growable), disk: d}
	d.files[fmt.Sprintf("%06d.log", fd.Num)] = f
	return f, nil
}

func (f *cutFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.growable.WriteAt(p, off)
	if end := int(off) + n; end > len(f.written) {
		f.written = append(f.written, make([]byte, end-len(f.written))...)
	}
	copy(f.written[off:], p[:n])
	return n, err
}

func (f *cutFile) Truncate(size int64) error {
	f.written = f.written[:size]
	return f.growable.Truncate(size)
}

func (f *cutFile) Sync() error {
	if f.disk.fail {
		return errors.New("the power is gone")
	}
	err := f.growable.Sync()
	if err == nil {
		f.synced = slices.Clone(f.written)
	}
	return err
}

// cut leaves of each journal what a disk might have written. A sector has its old content or its
// new one. Where the file grew, a sector may also be zero, or the file may not have grown yet.
func (d *cutDisk) cut(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	for name, f := range d.files {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		data := make([]byte, max(len(f.written), len(f.synced)))
		copy(data, f.synced)
		for at := 0; at < len(f.written); at += sector {
			if rng.IntN(2) == 0 {
				copy(data[at:], f.written[at:min(at+sector, len(f.written))])
			}
		}
		if grown := len(data) - len(f.synced); grown > 0 && rng.IntN(2) == 0 {
			data = data[:len(f.synced)+rng.IntN(grown+1)]
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// state returns all that a store holds, as text.
func state(t *testing.T, s store.Reader) string {
	t.Helper()
	out := ""
	for _, sp := range []store.Space{store.Data, store.Hints, store.Meta} {
		if err := s.Scan(sp, nil, nil, func(k, v []byte) bool {
			out += fmt.Sprintf("%c %s=%x;", sp, k, v)
			return true
		}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestRealityKeepsWhatTheModelKeeps(t *testing.T) {
	rounds, whole, gone := 30, 0, 0
	if testing.Short() {
		rounds = 15
	}
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 7))
		dir := t.TempDir()
		model := store.NewMem()
		for run := range 4 {
			d := &cutDisk{files: map[string]*cutFile{}}
			s, report, err := Open(dir, Options{openDisk: func() (storage.Storage, error) {
				fs, err := storage.OpenFile(dir, false)
				d.Storage = fs
				return d, err
			}})
			if err != nil || report.Recovered {
				t.Fatalf("seed %d run %d: %v %+v", seed, run, err, report)
			}
			if got, want := state(t, s), state(t, model); got != want {
				t.Fatalf("seed %d run %d: the store holds\n%s\nthe model\n%s", seed, run, got, want)
			}
			for range rng.IntN(30) {
				b := batch(rng)
				if err := s.Apply(b, true); err != nil {
					t.Fatal(err)
				}
				_ = model.Apply(b, true)
			}
			last := batch(rng)
			d.fail = true
			if err := s.Apply(last, true); !errors.Is(err, store.ErrPoisoned) {
				t.Fatalf("seed %d: a batch that was not synced: %v", seed, err)
			}
			_ = s.Close()
			d.cut(t, dir, rng)
			if after(t, dir, model, last) {
				whole++
			} else {
				gone++
			}
		}
	}
	if t.Logf("the batch that was cut short was whole %d times, gone %d times", whole, gone); whole == 0 || gone == 0 {
		t.Error("one of the two never happened: the cuts prove nothing")
	}
}

// batch draws a batch of writes, which is small or spans several blocks of a journal.
func batch(rng *rand.Rand) []store.Write {
	out := make([]store.Write, 1+rng.IntN(4))
	for i := range out {
		w := store.Write{Space: []store.Space{store.Data, store.Hints, store.Meta}[rng.IntN(3)], Key: fmt.Appendf(nil, "k%d", rng.IntN(12))}
		if size := 1 + rng.IntN(100); rng.IntN(4) > 0 {
			if rng.IntN(10) == 0 {
				size *= 700 // journal blocks have 32 KiB
			}
			w.Value = make([]byte, size)
			for j := range w.Value {
				w.Value[j] = byte(rng.IntN(256))
			}
		}
		out[i] = w
	}
	return out
}

// after opens the store after a power cut, and requires that it holds the model with or without the
// last batch. It returns which.
func after(t *testing.T, dir string, model *store.Mem, last []store.Write) (whole bool) {
	t.Helper()
	s, report, err := Open(dir, Options{})
	if err != nil {
		t.Fatalf("after a power cut: %v", err)
	}
	defer s.Close()
	if report.Recovered { // a hole in the journal looks like damage, so the node takes a new incarnation
		if err := s.Trust(); err != nil {
			t.Fatal(err)
		}
	}
	got := state(t, s)
	if got == state(t, model) {
		return false
	}
	_ = model.Apply(last, true)
	if want := state(t, model); got != want {
		t.Fatalf("after a power cut the store holds\n%s\nwhich is neither without nor with the last batch\n%s", got, want)
	}
	return true
}
