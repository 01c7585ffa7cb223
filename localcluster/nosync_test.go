package localcluster

import (
	"sync/atomic"
	"testing"

	"ringside/engine/fault"
	"ringside/engine/store"
)

// A syncCounter counts the batches of a store that wait for the disk, and those that do not.
type syncCounter struct {
	store.Store
	synced, unsynced *atomic.Int64
}

func (s syncCounter) Apply(batch []store.Write, sync bool) error {
	if sync {
		s.synced.Add(1)
	} else {
		s.unsynced.Add(1)
	}
	return s.Store.Apply(batch, sync)
}

// With NoSync, only the first batch of an incarnation waits for the disk. A power cut may have lost
// counters, so the first incarnation of a process begins a new epoch. A crash of a node loses
// nothing, so a restart within the process continues the epoch.
func TestNoSync(t *testing.T) {
	var o Options
	var synced, unsynced atomic.Int64
	o.Testing.WrapStore = func(_ string, s store.Store) store.Store { return syncCounter{s, &synced, &unsynced} }
	three(t, &o).Close()
	if unsynced.Load() != 0 || synced.Load() == 0 {
		t.Errorf("%d synced and %d unsynced batches without NoSync", synced.Load(), unsynced.Load())
	}
	o.Dir, o.Home = t.TempDir(), t.TempDir()
	o.Settings.NoSync = true
	synced.Store(0)
	c := three(t, &o)
	first := putAll(t, c, "1", nil)
	if synced.Load() != 3 || unsynced.Load() < 3 {
		t.Errorf("%d synced and %d unsynced batches with NoSync, want 3 synced", synced.Load(), unsynced.Load())
	}
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
	if r := get(t, c, "n3", "cart"); len(r.Siblings) != 1 || string(r.Siblings[0].Value) != "1" {
		t.Errorf("after the crash of n3: %+v", r)
	}
	second := putAll(t, c, "2", first.Context)
	if second.Version.Dot.Epoch != first.Version.Dot.Epoch {
		t.Error("the crash of a node began an epoch")
	}
	_ = c.Close()
	o.Settings.NoSync = false // a zero field: the stored setting holds
	c = three(t, &o)
	defer c.Close()
	if !c.Settings().NoSync {
		t.Error("the setting is not kept")
	}
	third := putAll(t, c, "3", second.Context)
	if third.Version.Dot.Epoch == second.Version.Dot.Epoch {
		t.Error("a new process continues an epoch whose counters may be lost")
	}
	if r := get(t, c, "n3", "cart"); len(r.Siblings) != 1 || string(r.Siblings[0].Value) != "3" {
		t.Errorf("at the end: %+v", r)
	}
}
