package level

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/util"
	"pgregory.net/rapid"

	"ringside/engine/store"
	"ringside/engine/store/recent"
)

// littleMemory gives a store one chunk of values, so that values are forgotten all the time.
var littleMemory = func() int {
	memory := leastBuffer
	for sizesOf(memory).values < recent.Chunk {
		memory += 1 << 10
	}
	return memory
}()

func mustOpenWith(t testing.TB, dir string, opts Options) *Store {
	t.Helper()
	s, report, err := Open(dir, opts)
	if err != nil || report.Recovered {
		t.Fatal(report, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// kept returns the number of values that the store keeps.
func (s *Store) kept() int {
	if s.values.cache == nil {
		return 0
	}
	return s.values.cache.Len()
}

// The parts of the memory are at most the memory, unless it is less than the least buffer needs.
func TestSizesFitTheMemory(t *testing.T) {
	for memory := 2 * leastBuffer; memory < 1<<30; memory += memory/7 + 1 {
		s := sizesOf(memory)
		if sum := s.buffer + memory/tablePart + s.values + s.values/indexPart; sum > memory || s.values < 0 {
			t.Fatalf("%+v take %d of %d bytes", s, sum, memory)
		}
	}
	if s := sizesOf(0); s.values != 0 {
		t.Errorf("without memory there are %d bytes of values", s.values)
	}
}

// A valuesModel compares a store that keeps values with a map, through failed batches, compactions
// and opens.
type valuesModel struct {
	dir   string // empty, because the files are in memory
	files storage.Storage
	s     *Store
	b     *badDisk
	want  map[string][]byte // by space and key
	seen  int               // Gets that found their value among those kept
	fails int
}

func (m *valuesModel) open(t *rapid.T) {
	m.b = &badDisk{Storage: m.files}
	disk := func() (storage.Storage, error) { return m.b, nil }
	s, report, err := Open(m.dir, Options{Memory: littleMemory, openDisk: disk})
	if err != nil || report.Recovered {
		t.Fatal(report, err)
	}
	m.s = s
}

// batch draws a batch, and returns what the store holds after it.
func (m *valuesModel) batch(t *rapid.T) (batch []store.Write, after map[string][]byte) {
	after = maps.Clone(m.want)
	for i := range rapid.IntRange(1, 8).Draw(t, "writes") {
		w := store.Write{Space: store.Data, Key: key(rapid.IntRange(0, 60).Draw(t, "key"))}
		if rapid.IntRange(0, 9).Draw(t, "space") == 0 {
			w.Space = store.Own
		}
		if id := string(w.Space) + string(w.Key); rapid.IntRange(0, 4).Draw(t, "remove") == 0 {
			delete(after, id)
		} else {
			size := rapid.SampledFrom([]int{0, 1, 90, 170, 180, 3000, 9000}).Draw(t, "size")
			w.Value = bytes.Repeat([]byte{byte(i)}, size)
			after[id] = w.Value
		}
		batch = append(batch, w)
	}
	return batch, after
}

// fail applies a batch whose sync fails. The next open finds the batch whole or not at all.
func (m *valuesModel) fail(t *rapid.T) {
	batch, after := m.batch(t)
	m.b.failSync = true
	if err := m.s.Apply(batch, true); !errors.Is(err, store.ErrPoisoned) {
		t.Fatalf("a batch whose sync failed: %v", err)
	}
	if _, err := m.s.Get(batch[0].Space, batch[0].Key); !errors.Is(err, store.ErrPoisoned) || m.s.kept() != 0 {
		t.Fatalf("a read after that: %v, and %d values are kept", err, m.s.kept())
	}
	m.reopen(t)
	m.fails++
	if !m.holds(m.want) && !m.holds(after) {
		t.Fatal("a part of a batch is there")
	}
	if m.holds(after) {
		m.want = after
	}
}

func (m *valuesModel) reopen(t *rapid.T) {
	if err := m.s.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(t)
}

// holds reports whether a scan finds exactly these values.
func (m *valuesModel) holds(want map[string][]byte) bool {
	n, same := 0, true
	for _, sp := range []store.Space{store.Data, store.Own} {
		err := m.s.Scan(sp, nil, nil, func(k, v []byte) bool {
			w, ok := want[string(sp)+string(k)]
			n++
			same = same && ok && bytes.Equal(v, w)
			return true
		})
		same = same && err == nil
	}
	return same && n == len(want)
}

// check reads some keys, twice, so that the second Get may find what the first one read.
func (m *valuesModel) check(t *rapid.T) {
	for range 6 {
		sp, k := rapid.SampledFrom([]store.Space{store.Data, store.Data, store.Own}).Draw(t, "space"), key(rapid.IntRange(0, 60).Draw(t, "key"))
		want, there := m.want[string(sp)+string(k)]
		for range 2 {
			if _, ok, _ := m.s.values.get(spaceKey(sp, k)); ok {
				m.seen++
			}
			got, err := m.s.Get(sp, k)
			if err != nil || !bytes.Equal(got, want) || (got != nil) != there {
				t.Fatalf("%c %s is %d bytes (%v), want %d (%v); %v", sp, k, len(got), got != nil, len(want), there, err)
			}
			for i := range got {
				got[i] ^= 0xff // the caller owns the value
			}
		}
	}
}

func TestValuesAreThoseOfTheDatabase(t *testing.T) {
	dir, seen, fails := t.TempDir(), 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := &valuesModel{dir: dir, files: storage.NewMemStorage(), want: map[string][]byte{}}
		m.open(t)
		defer func() { m.s.Close() }()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"apply", "apply", "apply", "apply", "fail", "reopen", "compact", "scan"}).Draw(t, "step") {
			case "apply":
				batch, after := m.batch(t)
				if err := m.s.Apply(batch, rapid.Bool().Draw(t, "sync")); err != nil {
					t.Fatal(err)
				}
				m.want = after
			case "fail":
				m.fail(t)
			case "reopen":
				m.reopen(t)
			case "compact":
				if err := m.s.db.CompactRange(util.Range{}); err != nil {
					t.Fatal(err)
				}
			case "scan":
				if !m.holds(m.want) {
					t.Fatal("a scan finds something else")
				}
			}
			m.check(t)
		}
		seen, fails = seen+m.seen, fails+m.fails
	})
	if seen == 0 || fails == 0 {
		t.Errorf("%d Gets found a value that was kept, and %d batches failed", seen, fails)
	}
}

// While one goroutine applies batches and another one reads, a Get finds at least the latest batch
// whose Apply had returned. So no Get keeps a value that a batch has replaced meanwhile.
func TestValuesWhileBatchesAreApplied(t *testing.T) {
	const keys, batches = 400, 3000 // more values than fit
	s := mustOpenWith(t, t.TempDir(), Options{Memory: littleMemory})
	numbered := func(i int) []byte { return fmt.Appendf(nil, "%0200d", i) }
	write := func(i int) error {
		return s.Apply([]store.Write{{Space: store.Data, Key: key(i % keys), Value: numbered(i)}}, false)
	}
	for i := range keys {
		if err := write(i); err != nil {
			t.Fatal(err)
		}
	}
	var applied atomic.Int64
	applied.Store(keys - 1)
	failed := make(chan error, 1)
	go func() {
		var err error
		for i := keys; i < keys+batches && err == nil; i++ {
			err = write(i)
			applied.Store(int64(i))
		}
		failed <- err
	}()
	misses := 0
	for last := 0; last < keys+batches-1; {
		last = int(applied.Load())
		for _, i := range []int{last, last - keys/2, last - keys + 2} {
			if i < 0 {
				continue
			}
			if _, ok, _ := s.values.get(spaceKey(store.Data, key(i%keys))); !ok {
				misses++
			}
			got, err := s.Get(store.Data, key(i%keys))
			if err != nil || bytes.Compare(got, numbered(i)) < 0 {
				t.Fatalf("after batch %d, %s is %.10s...%s; %v", last, key(i%keys), got, got[max(0, len(got)-8):], err)
			}
		}
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	for i := batches; i < keys+batches; i++ {
		if got, err := s.Get(store.Data, key(i%keys)); err != nil || !bytes.Equal(got, numbered(i)) {
			t.Fatalf("at the end %s is %s; %v", key(i%keys), got, err)
		}
	}
	if misses == 0 {
		t.Error("each Get found a value that was kept")
	}
}

// A scan meets damage on the disk also if the values are kept. After a recovery nothing is kept.
func TestScanMeetsDamageUnderKeptValues(t *testing.T) {
	dir := flushed(t, 200)
	table := theFile(t, dir, "*.ldb")
	b := mustRead(t, table)
	b[100] ^= 1
	mustWrite(t, table, b)
	s := mustOpenWith(t, dir, Options{Memory: 4 << 20})
	if _, err := s.Get(store.Data, key(0)); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("a value in a damaged block: %v", err)
	}
	if err := put(s, 0); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(store.Data, key(0)); err != nil || !bytes.Equal(v, value(0)) {
		t.Errorf("a value that is kept: %q %v", v, err)
	}
	damage := s.Scan(store.Data, nil, nil, func(_, _ []byte) bool { return true })
	if !errors.Is(damage, store.ErrCorrupt) {
		t.Fatalf("scan: %v", damage)
	}
	s.Close()
	s, report, err := Open(dir, Options{Rebuild: damage, Memory: 4 << 20})
	if err != nil || !report.Recovered {
		t.Fatal(report, err)
	}
	defer s.Close()
	if lost := missing(t, s, 200); len(lost) == 0 || s.kept() != 0 {
		t.Errorf("a store that dropped %d damaged records keeps %d values", len(lost), s.kept())
	}
}

// A scan that finds another value than the one that is kept makes the store forget the latter, so
// the next Get meets what the scan met.
func TestScanForgetsWhatTheDiskDoesNotHold(t *testing.T) {
	s := mustOpenWith(t, t.TempDir(), Options{Memory: 4 << 20})
	for i := range 3 {
		if err := put(s, i); err != nil {
			t.Fatal(err)
		}
	}
	rotten := slices.Clone(value(1))
	rotten[7] ^= 1
	if err := s.db.Put(spaceKey(store.Data, key(1)), rotten, nil); err != nil { // beside the store
		t.Fatal(err)
	}
	if v, _ := s.Get(store.Data, key(1)); !bytes.Equal(v, value(1)) {
		t.Fatalf("the value is not kept: %q", v)
	}
	if err := s.Scan(store.Data, nil, nil, func(_, _ []byte) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(store.Data, key(1)); err != nil || !bytes.Equal(v, rotten) {
		t.Errorf("after the scan: %q %v", v, err)
	}
	if v, err := s.Get(store.Data, key(2)); err != nil || !bytes.Equal(v, value(2)) {
		t.Errorf("another value: %q %v", v, err)
	}
}

// A snapshot that is older than the latest batch does not stay while all Gets find kept values. It
// would keep compactions from dropping old values.
func TestKeptValuesReleaseSnapshots(t *testing.T) {
	dir := flushed(t, 50)
	s := mustOpenWith(t, dir, Options{Memory: 4 << 20})
	missing(t, s, 50) // takes a snapshot
	if s.latest.snapshot == nil {
		t.Fatal("no snapshot was taken")
	}
	if err := put(s, 0); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get(store.Data, key(0)); err != nil || !bytes.Equal(v, value(0)) || s.latest.snapshot != nil {
		t.Errorf("%q %v, snapshot %v", v, err, s.latest.snapshot)
	}
	s.Close()
	if _, err := s.Get(store.Data, key(0)); err == nil {
		t.Error("a closed store is read")
	}
}

// A Get that read the database before a batch was applied does not bring its old value back.
func TestOldValueIsNotKept(t *testing.T) {
	var v values
	v.begin(recent.Chunk)
	defer v.end()
	k := spaceKey(store.Data, key(1))
	write := func(value []byte) { v.wrote([]store.Write{{Space: store.Data, Key: key(1), Value: value}}) }
	for _, latest := range [][]byte{[]byte("new"), nil} {
		_, _, applied := v.get(k)
		write(latest)
		v.keep(k, []byte("old"), applied)
		if got, ok, _ := v.get(k); string(got) != string(latest) || ok != (latest != nil) {
			t.Errorf("%q is kept, want %q", got, latest)
		}
	}
}
