package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/store"
	"ringside/engine/store/level"
)

// Each store, an Overlay and a Buffer behave as a sorted map.
func TestStoresBehaveAlike(t *testing.T) {
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := fmt.Sprintf("%s/%d", dir, runs)
		disk, report, err := level.Open(path, level.Options{Memory: 2 << 20})
		if err != nil || report.Recovered {
			t.Fatal(report, err)
		}
		defer func() { disk.Close() }()
		base := store.NewMem()
		under := store.NewMem()
		m := &model{
			want: map[store.Space]map[string][]byte{}, mem: store.NewMem(), base: base, over: store.NewOverlay(base),
			under: under, buffer: store.NewBuffer(under),
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"apply", "apply", "apply", "flush", "take", "flushed", "reopen"}).Draw(t, "step") {
			case "apply":
				m.apply(t, disk)
			case "flush": // what was pending is applied
				if err := m.base.Apply(m.pending, true); err != nil {
					t.Fatal(err)
				}
				m.over.Reset()
				m.pending = nil
			case "take": // the buffer's writer begins, unless it is busy
				if m.taken == nil {
					m.taken = m.buffer.Take()
				}
			case "flushed":
				m.flushed(t)
			case "reopen":
				if err := disk.Close(); err != nil {
					t.Fatal(err)
				}
				if disk, report, err = level.Open(path, level.Options{Memory: 2 << 20}); err != nil || report.Recovered {
					t.Fatal(report, err)
				}
			}
			for name, r := range map[string]store.Reader{"mem": m.mem, "overlay": m.over, "buffer": m.buffer, "level": disk} {
				m.compare(t, name, r)
			}
		}
	})
}

type model struct {
	want      map[store.Space]map[string][]byte
	mem, base *store.Mem
	over      *store.Overlay
	pending   []store.Write // in over
	under     *store.Mem
	buffer    *store.Buffer // over under
	taken     []store.Write // by the buffer's writer; nil: the writer is idle
}

// flushed ends a flush of the buffer: the writes that Take returned are on disk, later ones are
// not.
func (m *model) flushed(t *rapid.T) {
	if err := m.under.Apply(m.taken, true); err != nil {
		t.Fatal(err)
	}
	m.taken = nil
	m.buffer.Flushed()
	if m.buffer.Empty() && (m.buffer.Objects() != 0 || m.buffer.Bytes() != 0) || m.buffer.Empty() == m.buffer.Waiting() {
		t.Fatalf("an empty buffer has %d objects of %d bytes", m.buffer.Objects(), m.buffer.Bytes())
	}
	if n := len(m.buffer.Lost()); (n == 0) != m.buffer.Empty() || m.buffer.Objects() > n {
		t.Fatalf("%d objects, and a crash would lose %d writes", m.buffer.Objects(), n)
	}
}

var (
	genSpace = rapid.SampledFrom([]store.Space{store.Data, store.Hints, store.Meta})
	// genKey draws from few keys, so that writes meet. The empty key and the highest ones are among
	// them.
	genKey = rapid.SampledFrom([][]byte{{}, {0}, []byte("a"), []byte("a\x00"), []byte("ab"), []byte("b"), {0xff}, {0xff, 0xff}})
)

func (m *model) apply(t *rapid.T, disk *level.Store) {
	batch := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) store.Write {
		w := store.Write{Space: genSpace.Draw(t, "space"), Key: genKey.Draw(t, "key")}
		if !rapid.Bool().Draw(t, "remove") {
			w.Value = append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "value")...)
		}
		return w
	}), 0, 5).Draw(t, "batch")
	for _, w := range batch {
		if m.want[w.Space] == nil {
			m.want[w.Space] = map[string][]byte{}
		}
		if m.want[w.Space][string(w.Key)] = w.Value; w.Value == nil {
			delete(m.want[w.Space], string(w.Key))
		}
	}
	sync := rapid.Bool().Draw(t, "sync")
	for _, s := range []store.Store{m.mem, disk} {
		if err := s.Apply(batch, sync); err != nil {
			t.Fatal(err)
		}
	}
	m.over.Add(batch)
	m.buffer.Add(batch)
	m.pending = append(m.pending, batch...)
}

func (m *model) compare(t *rapid.T, name string, r store.Reader) {
	sp, key := genSpace.Draw(t, "space"), genKey.Draw(t, "key")
	got, err := r.Get(sp, key)
	want := m.want[sp][string(key)]
	if err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
		t.Fatalf("%s: get %c %q: %#v %v, want %#v", name, sp, key, got, err, want)
	}
	from, to := genKey.Draw(t, "from"), genKey.Draw(t, "to")
	if rapid.Bool().Draw(t, "to the end") {
		to = nil
	}
	if rapid.Bool().Draw(t, "from the start") {
		from = nil
	}
	stop := rapid.IntRange(1, 10).Draw(t, "stop after")
	var seen []string
	err = r.Scan(sp, from, to, func(k, v []byte) bool {
		seen = append(seen, fmt.Sprintf("%q=%q", k, v))
		return len(seen) < stop
	})
	if exp := m.scan(sp, from, to, stop); err != nil || !slices.Equal(seen, exp) {
		t.Fatalf("%s: scan %c [%q, %q): %v %v, want %v", name, sp, from, to, seen, err, exp)
	}
}

func (m *model) scan(sp store.Space, from, to []byte, stop int) []string {
	var keys, out []string
	for k := range m.want[sp] {
		if k >= string(from) && (to == nil || k < string(to)) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys[:min(stop, len(keys))] {
		out = append(out, fmt.Sprintf("%q=%q", k, m.want[sp][k]))
	}
	return out
}
