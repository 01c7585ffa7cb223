package level

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"ringside/engine/store"
)

// The simulated disk takes a batch whole or not at all, keeps synced batches through a crash, and
// may keep or lose a batch whose flush failed or was cut short. This test compares the real store
// with that: random batches, and power cuts while a batch is written. After a power cut each sector
// of the unsynced part of a journal is there, is zero or was never written.

// sector is the number of bytes that a disk writes at once.
const sector = 512

// A cutDisk is a folder that knows how many bytes of each journal were synced.
type cutDisk struct {
	storage.Storage
	files map[string]*cutFile // by name
	fail  bool                // the next sync fails: the power goes
}

type cutFile struct {
	storage.Writer
	disk            *cutDisk
	written, synced int64
}

func (d *cutDisk) Create(fd storage.FileDesc) (storage.Writer, error) {
	w, err := d.Storage.Create(fd)
	if err != nil || fd.Type != storage.TypeJournal {
		return w, err
	}
	f := &cutFile{Writer: w, disk: d}
	d.files[fmt.Sprintf("%06d.log", fd.Num)] = f
	return f, nil
}

func (f *cutFile) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	f.written += int64(n)
	return n, err
}

func (f *cutFile) Sync() error {
	if f.disk.fail {
		return errors.New("the power is gone")
	}
	err := f.Writer.Sync()
	if err == nil {
		f.synced = f.written
	}
	return err
}

// cut keeps of the unsynced bytes what a disk might have written.
func (d *cutDisk) cut(t *testing.T, dir string, rng *rand.Rand) {
	t.Helper()
	for name, f := range d.files {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for at := f.synced; at < int64(len(data)); {
			end := min(int64(len(data)), (at/sector+1)*sector)
			if rng.IntN(2) == 0 {
				clear(data[at:end])
			}
			at = end
		}
		if rng.IntN(2) == 0 { // the file had not grown yet
			data = data[:f.synced+rng.Int64N(int64(len(data))-f.synced+1)]
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
