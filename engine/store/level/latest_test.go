package level

import (
	"fmt"
	"testing"

	"ringside/engine/store"
)

// A Get shows each batch whose Apply has returned, however many Gets share a snapshot. The snapshot
// does not outlive the next batch.
func TestSnapshotsAreCurrent(t *testing.T) {
	s, _, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	alive := func(want string) {
		t.Helper()
		if got, err := s.db.GetProperty("leveldb.alivesnaps"); err != nil || got != want {
			t.Fatalf("the database has %s snapshots, want %s; %v", got, want, err)
		}
	}
	key := []byte("k")
	for i := range 10 {
		want := fmt.Sprint(i)
		if err := s.Apply([]store.Write{{Space: store.Data, Key: key, Value: []byte(want)}}, false); err != nil {
			t.Fatal(err)
		}
		for range manyGets + i {
			if v, err := s.Get(store.Data, key); err != nil || string(v) != want {
				t.Fatalf("got %q, want %q; %v", v, want, err)
			}
			if s.latest.gets == 1 {
				alive("0")
			}
		}
	}
	alive("1")
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Get(store.Data, key) }); n > 4 {
		t.Errorf("a Get takes %v allocations, want 4 of which two are the value", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(store.Data, key); err == nil {
		t.Error("a closed store is read")
	}
}
