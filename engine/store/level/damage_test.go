package level

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ringside/engine/store"
)

// random makes values that do not compress.
var random = rand.NewChaCha8([32]byte{})

// unclosed returns a folder as a killed process leaves it, with n synced puts in the journal, and
// the journal.
func unclosed(t *testing.T, n int) (dir, journal string) {
	t.Helper()
	src, dir := t.TempDir(), t.TempDir()
	s, _ := mustOpen(t, src)
	for i := range n {
		if err := put(s, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(src)); err != nil {
		t.Fatal(err)
	}
	return dir, theFile(t, dir, "*.log")
}

func theFile(t *testing.T, dir, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: %v %v", pattern, names, err)
	}
	return names[0]
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustWrite(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sound returns the length of a journal without its end mark and zeros.
func sound(t *testing.T, data []byte) int {
	t.Helper()
	n, torn := soundPart(data, true)
	if torn || n == 0 || n == len(data) || data[n] != endMark {
		t.Fatalf("%d %v of %d bytes of a journal", n, torn, len(data))
	}
	return n
}

// zeroed returns data with zeros from cut on, as a filled journal ends in them.
func zeroed(data []byte, cut int) []byte {
	out := slices.Clone(data)
	clear(out[cut:])
	return out
}

// A killed process may cut the journal at any byte, where the file ends or zeros follow. The store
// then has exactly the whole batches, and the report says nothing. 600 puts span several blocks.
func TestTornTailIsNoDamage(t *testing.T) {
	const puts = 600
	dir, journal := unclosed(t, puts)
	data := mustRead(t, journal)
	end := sound(t, data)
	each := float64(end) / puts
	if end < 2*blockSize {
		t.Fatalf("a journal of %d bytes tests no block's end", end)
	}
	cuts := []int{0, 1, 6, 7, 8, blockSize - 8, blockSize - 7, blockSize - 1, blockSize, blockSize + 1, blockSize + 7,
		end - 1, end, end + 1, end + 100, len(data)}
	for i := range 60 {
		cuts = append(cuts, end-end/60*i-i)
	}
	for i, cut := range cuts {
		at := t.TempDir()
		if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		left := data[:cut]
		if i%2 == 1 || cut == end-1 {
			left = zeroed(data, cut)
		}
		mustWrite(t, filepath.Join(at, filepath.Base(journal)), left)
		s, report := mustOpen(t, at)
		lost := missing(t, s, puts)
		held := puts - len(lost)
		if report.Recovered || len(lost) > 0 && lost[0] != held {
			t.Errorf("cut at %d of %d: %+v, lost %v", cut, end, report, lost)
		}
		if want := int(float64(min(cut, end)) / each); held < want-1 || held > want+1 {
			t.Errorf("cut at %d of %d: %d puts held, about %d were whole", cut, end, held, want)
		}
		// The store works, and the next open finds no trace of the cut.
		if err := put(s, puts); err != nil {
			t.Error(err)
		}
		s.Close()
		if s, report = mustOpen(t, at); report.Recovered || len(missing(t, s, held)) > 0 {
			t.Errorf("cut at %d: opened again: %+v", cut, report)
		}
		s.Close()
	}
}

// Each flipped bit of a journal is reported, also in the length of the last batch, where the damage
// looks like a torn tail, and where a batch ends in zeros as a filled journal does. The exception
// is the end mark, without which nothing is lost.
func TestFlippedBitIsReported(t *testing.T) {
	const puts = 5
	for name, last := range map[string][]byte{"": value(puts - 1), "zeros": make([]byte, 40)} {
		for _, sync := range []bool{true, false} {
			dir := t.TempDir()
			s, _ := mustOpen(t, dir)
			for i := range puts {
				v := value(i)
				if i == puts-1 {
					v = last
				}
				if err := s.Apply([]store.Write{{Space: store.Data, Key: key(i), Value: v}}, sync); err != nil {
					t.Fatal(err)
				}
			}
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			s.Close()
			for _, dir := range []string{copied, dir} { // of a killed process, and closed
				t.Run(fmt.Sprintf("%s sync=%v closed=%v", name, sync, dir != copied), func(t *testing.T) {
					flipEachBit(t, dir, puts, last)
				})
			}
		}
	}
}

// flipEachBit flips bits of the journal in dir, which has puts batches of which the last one has
// the value last.
func flipEachBit(t *testing.T, dir string, puts int, last []byte) {
	journal := theFile(t, dir, "*.log")
	data := mustRead(t, journal)
	end, _ := soundPart(data, true)
	for bit := range 8 * end {
		if bit%3 != 0 && bit/8 < end*(puts-1)/puts { // a third is enough for all but the last batch
			continue
		}
		flipped := slices.Clone(data)
		flipped[bit/8] ^= 1 << (bit % 8)
		if n, torn := soundPart(flipped, true); torn || n != len(data) {
			t.Fatalf("bit %d of byte %d of %d passes for a torn tail", bit%8, bit/8, end)
		}
		if bit%509 != 0 {
			continue
		}
		at := t.TempDir()
		if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, filepath.Join(at, filepath.Base(journal)), flipped)
		s, report := mustOpen(t, at)
		if !report.Recovered || report.Reason == "" {
			t.Errorf("bit %d of byte %d of %d: %+v", bit%8, bit/8, end, report)
		}
		missing(t, s, puts-1) // the values that are there are right
		if v, err := s.Get(store.Data, key(puts-1)); err != nil || v != nil && !bytes.Equal(v, last) {
			t.Errorf("bit %d of byte %d of %d: the last value is %q %v", bit%8, bit/8, end, v, err)
		}
		trust(t, at, s)
		if s, report = mustOpen(t, at); report.Recovered {
			t.Errorf("opened again: %+v", report)
		}
		s.Close()
	}
}

// trust closes a recovered store and ends its doubt. Until Trust is called, each open reports the
// recovery, because a crash after the recovery must not hide it.
func trust(t *testing.T, dir string, s *Store) {
	t.Helper()
	s.Close()
	s, report := mustOpen(t, dir)
	if !report.Recovered || report.Reason == "" {
		t.Errorf("opened again before Trust: %+v", report)
	}
	if err := s.Trust(); err != nil {
		t.Error(err)
	}
	s.Close()
}

// After a power cut the tail may be garbage, which no process writes. In a manifest, zeros are
// garbage also.
func TestGarbageIsReported(t *testing.T) {
	for _, pattern := range []string{"*.log", "MANIFEST-*"} {
		dir, _ := unclosed(t, 5)
		name := theFile(t, dir, pattern)
		tail := make([]byte, 100)
		if pattern == "*.log" {
			tail[50] = 1
		}
		mustWrite(t, name, append(mustRead(t, name), tail...))
		s, report := mustOpen(t, dir)
		if lost := missing(t, s, 5); !report.Recovered || lost != nil {
			t.Errorf("%s: %+v, lost %v", pattern, report, lost)
		}
	}
}

// A journal that an earlier version wrote has no end mark. Zeros after it are not damage.
func TestZerosWithoutMark(t *testing.T) {
	dir, journal := unclosed(t, 5)
	data := mustRead(t, journal)
	mustWrite(t, journal, append(data[:sound(t, data):sound(t, data)], make([]byte, 100)...))
	s, report := mustOpen(t, dir)
	if lost := missing(t, s, 5); report.Recovered || lost != nil {
		t.Errorf("%+v, lost %v", report, lost)
	}
}

// A torn journal is damage if a journal with content follows it. A whole one with zeros is not.
func TestTornJournalBeforeAnother(t *testing.T) {
	for _, c := range []struct {
		name                     string
		torn, followed, reported bool
	}{
		{"torn, before an empty one", true, false, false},
		{"torn, before another", true, true, true},
		{"whole, before another", false, true, false},
	} {
		dir, journal := unclosed(t, 5)
		data := mustRead(t, journal)
		next := filepath.Join(dir, "000900.log")
		mustWrite(t, next, nil)
		if c.followed {
			mustWrite(t, next, later(t, 5))
		}
		if c.torn {
			mustWrite(t, journal, zeroed(data, sound(t, data)-1))
		}
		s, report := mustOpen(t, dir)
		lost := missing(t, s, 6)
		if report.Recovered != c.reported || slices.Contains(lost, 5) == c.followed || !c.torn && slices.Contains(lost, 4) {
			t.Errorf("%s: %+v, lost %v", c.name, report, lost)
		}
	}
}

// later returns a journal with one put, the one after n puts.
func later(t *testing.T, n int) []byte {
	t.Helper()
	dir, _ := unclosed(t, n)
	s, _ := mustOpen(t, dir) // which writes a table and begins a new journal
	if err := put(s, n); err != nil {
		t.Fatal(err)
	}
	return mustRead(t, theFile(t, dir, "*.log"))
}

// A batch of several blocks of which a process wrote some is torn, also if the end mark or nothing
// follows these blocks.
func TestBatchOfSeveralBlocksIsTorn(t *testing.T) {
	_, journal := unclosed(t, 2)
	small := sound(t, mustRead(t, journal))
	dir := t.TempDir()
	s, _ := mustOpen(t, dir)
	if err := errors.Join(put(s, 0), put(s, 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply([]store.Write{{Space: store.Data, Key: key(2), Value: make([]byte, 3*blockSize)}}, true); err != nil {
		t.Fatal(err)
	}
	data := mustRead(t, theFile(t, dir, "*.log"))
	end := sound(t, data)
	for blocks := 1; blocks <= 3; blocks++ {
		cut := blocks * blockSize
		marked := zeroed(data, cut)
		marked[cut] = endMark
		for name, left := range map[string][]byte{"file": data[:cut], "zeros": zeroed(data, cut), "mark": marked, "mark in file": marked[:cut+1]} {
			if n, torn := soundPart(left, true); n != small || !torn {
				t.Errorf("cut after %d of %d bytes, %s: %d %v, want %d", cut, end, name, n, torn, small)
			}
		}
	}
}

// flushed returns a closed folder with n puts in tables and one in the journal.
func flushed(t *testing.T, n int) string {
	t.Helper()
	dir, _ := unclosed(t, n)
	s, _ := mustOpen(t, dir)
	if err := put(s, n); err != nil { // in the journal
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A damaged manifest is rebuilt from the tables, and the journal is replayed.
func TestDamagedManifest(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"flipped": func(t *testing.T, dir string) {
			m := theFile(t, dir, "MANIFEST-*")
			b := mustRead(t, m)
			b[len(b)/2] ^= 1
			mustWrite(t, m, b)
		},
		"gone":  func(t *testing.T, dir string) { os.Remove(theFile(t, dir, "MANIFEST-*")) },
		"empty": func(t *testing.T, dir string) { mustWrite(t, theFile(t, dir, "MANIFEST-*"), nil) },
		"no CURRENT": func(t *testing.T, dir string) {
			os.Remove(filepath.Join(dir, "CURRENT"))
			os.Remove(filepath.Join(dir, "CURRENT.bak"))
		},
		"odd CURRENT": func(t *testing.T, dir string) {
			mustWrite(t, filepath.Join(dir, "CURRENT"), []byte("x"))
			os.Remove(filepath.Join(dir, "CURRENT.bak"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := flushed(t, 200)
			damage(t, dir)
			s, report := mustOpen(t, dir)
			if lost := missing(t, s, 201); !report.Recovered || lost != nil {
				t.Errorf("%+v, lost %v", report, lost)
			}
			trust(t, dir, s)
			if s, report = mustOpen(t, dir); report.Recovered || missing(t, s, 201) != nil {
				t.Errorf("opened again: %+v", report)
			}
		})
	}
}

// A process that dies while it writes the manifest leaves a torn last edit. The journals are still
// there.
func TestTornManifestIsNoDamage(t *testing.T) {
	dir := flushed(t, 200)
	m := theFile(t, dir, "MANIFEST-*")
	mustWrite(t, m, append(mustRead(t, m), 1, 2, 3, 4, 100, 0, chunkFull, 'x'))
	s, report := mustOpen(t, dir)
	if lost := missing(t, s, 201); report.Recovered || lost != nil {
		t.Errorf("%+v, lost %v", report, lost)
	}
}

// A damaged block of a table fails the reads that need it.
func TestDamagedTable(t *testing.T) {
	dir := flushed(t, 200)
	table := theFile(t, dir, "*.ldb")
	b := mustRead(t, table)
	b[100] ^= 1
	mustWrite(t, table, b)
	s, report := mustOpen(t, dir)
	if report.Recovered {
		t.Errorf("tables are not read by opening: %+v", report)
	}
	corrupt := 0
	for i := range 200 {
		v, err := s.Get(store.Data, key(i))
		if errors.Is(err, store.ErrCorrupt) {
			corrupt++
		} else if err != nil || !bytes.Equal(v, value(i)) {
			t.Fatalf("key %d: %q %v", i, v, err)
		}
	}
	if corrupt == 0 {
		t.Error("no read failed")
	}
	err := s.Scan(store.Data, nil, nil, func(_, _ []byte) bool { return true })
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("scan: %v", err)
	}
}

// A store that cannot be scanned is rebuilt. It loses the damaged blocks, reports the recovery
// until it is trusted, and can be scanned.
func TestRebuild(t *testing.T) {
	dir := flushed(t, 200)
	table := theFile(t, dir, "*.ldb")
	b := mustRead(t, table)
	b[100] ^= 1
	mustWrite(t, table, b)
	scan := func(s *Store) (held int, err error) {
		err = s.Scan(store.Data, nil, nil, func(_, _ []byte) bool { held++; return true })
		return held, err
	}
	s, _ := mustOpen(t, dir)
	_, damage := scan(s)
	if !errors.Is(damage, store.ErrCorrupt) {
		t.Fatalf("scan: %v", damage)
	}
	s.Close()
	s, report, err := Open(dir, Options{Rebuild: damage})
	if err != nil || !report.Recovered || report.Reason != damage.Error() {
		t.Fatalf("%+v %v", report, err)
	}
	held, err := scan(s)
	if lost := missing(t, s, 201); err != nil || held == 0 || held == 201 || len(lost) != 201-held {
		t.Errorf("%d of 201 held, %d lost, %v", held, len(lost), err)
	}
	trust(t, dir, s)
	s, report = mustOpen(t, dir)
	if again, err := scan(s); report.Recovered || again != held || err != nil {
		t.Errorf("opened again: %+v, %d held, %v", report, again, err)
	}
	s.Close()
}

// A rebuild that fails returns an error.
func TestRebuildFails(t *testing.T) {
	dir := flushed(t, 200)
	table := theFile(t, dir, "*.ldb")
	if err := errors.Join(os.Remove(table), os.Mkdir(table, 0o700)); err != nil {
		t.Fatal(err)
	}
	if s, _, err := Open(dir, Options{Rebuild: store.ErrCorrupt}); err == nil {
		s.Close()
		t.Error("rebuilt from nothing")
	}
}

// A compaction that meets a damaged block poisons a strict store, because it would have to drop
// records without an error. A lenient store goes on.
func TestDamagedTableInCompaction(t *testing.T) {
	dir := flushed(t, 200)
	table := theFile(t, dir, "*.ldb")
	b := mustRead(t, table)
	b[100] ^= 1
	mustWrite(t, table, b)
	fill := func(s *Store) (err error) {
		junk := make([]byte, 64<<10)
		for i := 0; i < 500 && err == nil; i++ { // 32 MiB: some compactions
			random.Read(junk)
			err = s.Apply([]store.Write{{Space: store.Data, Key: key(i % 200), Value: slices.Clone(junk)}}, false)
		}
		return err
	}
	if !raceDetector {
		s, _ := mustOpen(t, dir)
		if err := fill(s); !errors.Is(err, store.ErrPoisoned) || !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("strictly: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	s, report, err := Open(dir, Options{Lenient: true})
	if err != nil || !report.Recovered {
		t.Fatalf("leniently: %+v %v", report, err)
	}
	defer s.Close()
	if err := fill(s); err != nil {
		t.Errorf("leniently: %v", err)
	}
}

func FuzzSoundPart(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3, 4, 5, 0, chunkFull, 'x'})
	f.Add(append(make([]byte, blockSize), 1, 2, 3, 4, 5, 0, chunkFirst))
	f.Add(append([]byte{endMark}, make([]byte, 2*fillUnit-1)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, journal := range []bool{true, false} {
			n, torn := soundPart(data, journal)
			if n < 0 || n > len(data) || torn && n == len(data) {
				t.Fatalf("%d %v of %d", n, torn, len(data))
			}
			if n < len(data) { // what is left after the cut is whole
				if m, again := soundPart(data[:n], journal); again || m != n {
					t.Fatalf("cut at %d, and then %d %v", n, m, again)
				}
			}
		}
	})
}
