package level

import (
	"testing"
	"time"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// A table rests after each turn, and not while something waits for it.
func TestTablesRest(t *testing.T) {
	for _, x := range []struct {
		name  string
		set   func(p *pace)
		rests bool
	}{
		{"an open store", func(p *pace) { p.open.Store(true) }, true},
		{"before Open ends, and after Close begins", func(*pace) {}, false},
		{"a batch that has just begun", func(p *pace) { p.open.Store(true); p.begin(time.Now()) }, true},
		{"a batch that waits", func(p *pace) { p.open.Store(true); p.begin(time.Now().Add(-mostWait)) }, false},
		{"after a batch", func(p *pace) { p.open.Store(true); p.begin(time.Now()); p.end(time.Now()) }, true},
		{"soon after one that waited", func(p *pace) {
			p.open.Store(true)
			p.begin(time.Now().Add(-mostWait))
			p.end(time.Now())
		}, false},
		{"long after one that waited", func(p *pace) {
			p.open.Store(true)
			p.begin(time.Now().Add(-hurry - 2*mostWait))
			p.end(time.Now().Add(-hurry))
		}, true},
	} {
		stor := storage.NewMemStorage()
		w, err := stor.Create(storage.FileDesc{Type: storage.TypeTable, Num: 1})
		if err != nil {
			t.Fatal(err)
		}
		var p pace
		x.set(&p)
		var rests []time.Duration
		table := newTable(w, &p)
		table.rest = func(d time.Duration) { rests = append(rests, d) }
		const blocks = 10
		for range blocks * 4 {
			if n, err := table.Write(make([]byte, turnBytes/4)); n != turnBytes/4 || err != nil {
				t.Fatal(n, err)
			}
		}
		if x.rests != (len(rests) == blocks) || !x.rests && len(rests) > 0 {
			t.Errorf("%s: %d rests in %d turns", x.name, len(rests), blocks)
		}
		for _, d := range rests {
			if d < 0 || d > mostRest {
				t.Errorf("%s: a rest of %v", x.name, d)
			}
		}
	}
}

// The pace of a store follows the store.
func TestPaceOfAStore(t *testing.T) {
	s, _ := mustOpen(t, t.TempDir())
	if !s.disk.pace.calm(time.Now()) {
		t.Error("an open store without work is not calm")
	}
	if err := put(s, 0); err != nil {
		t.Fatal(err)
	}
	if !s.disk.pace.calm(time.Now().Add(time.Hour)) {
		t.Error("a batch that has ended counts as one that waits")
	}
	s.Close()
	if s.disk.pace.calm(time.Now()) {
		t.Error("a closed store is calm")
	}
}
