package localcluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// badDisk fails while broken is set.
type badDisk struct {
	store.Store
	broken        *atomic.Bool
	reads, writes bool
}

func (d *badDisk) Apply(batch []store.Write, sync bool) error {
	if d.writes && d.broken.Load() {
		return syscall.EIO
	}
	return d.Store.Apply(batch, sync)
}

func (d *badDisk) Get(s store.Space, key []byte) ([]byte, error) {
	if d.reads && d.broken.Load() {
		return nil, syscall.EIO
	}
	return d.Store.Get(s, key)
}

// A node whose disk fails says nothing of the turn that failed, crashes, and
// comes back with what was durable.
func TestDiskFails(t *testing.T) {
	for _, what := range []string{"reads", "writes"} {
		t.Run(what, func(t *testing.T) {
			var broken atomic.Bool
			c := begin(t, Options{wrapStore: func(node string, s store.Store) store.Store {
				if node != "n2" {
					return s
				}
				return &badDisk{Store: s, broken: &broken, reads: what == "reads", writes: what == "writes"}
			}})
			acked := map[string]bool{}
			for i := range 10 {
				key := fmt.Sprintf("a%d", i)
				put(t, c, "", key, "v", nil)
				acked[key] = true
			}
			first := c.node("n2").life.Load()
			broken.Store(true)
			for i := range 30 {
				key := fmt.Sprintf("b%d", i)
				r, err := c.Do(t.Context(), "n1", wire.PutRequest{Key: []byte(key), Value: []byte("v")})
				if err != nil {
					t.Fatal(err)
				}
				if p := r.(wire.PutReply); p.Err == wire.OK {
					acked[key] = true
				}
			}
			if c.node("n2").life.Load() == first {
				t.Fatal("n2 runs on")
			}
			broken.Store(false)
			await(t, "n2 to come back", func() bool { return c.node("n2").life.Load() != nil && c.allLinked() })
			for key := range acked {
				want(t, get(t, c, "n2", key), "v")
			}
			failed := 0
			_ = c.Events(t.Context(), 0, false, func(batch []trace.Event) error {
				for _, e := range batch {
					if e.Kind == trace.DiskFailed && e.Node == "n2" {
						failed++
					}
				}
				return nil
			})
			if failed == 0 {
				t.Error("nobody was told")
			}
		})
	}
}

func TestDiskFailsForGood(t *testing.T) {
	var broken atomic.Bool
	opened := 0
	c := begin(t, Options{Mem: true, wrapStore: func(node string, s store.Store) store.Store {
		if node == "n2" {
			opened++
			s = &badDisk{Store: s, broken: &broken, reads: true, writes: true}
		}
		return s
	}})
	n := c.node("n2")
	n.life.Load().db.(*badDisk).writes = true
	broken.Store(true)
	for i := range 20 {
		_, _ = c.Do(t.Context(), "n1", wire.PutRequest{Key: fmt.Append(nil, i), Value: []byte("v")})
	}
	await(t, "the disk to be given up", func() bool {
		c.faults.Lock()
		defer c.faults.Unlock()
		return n.failures > maxDiskFailures && n.retry == nil
	})
	if n.life.Load() != nil || opened != maxDiskFailures+1 {
		t.Errorf("opened %d times", opened)
	}
	broken.Store(false)
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	want(t, get(t, c, "n2", "3"), "v")
}

// A kill while a broken disk is waited for wins.
func TestKillDuringDiskPause(t *testing.T) {
	var broken atomic.Bool
	c := begin(t, Options{Mem: true, wrapStore: func(_ string, s store.Store) store.Store {
		return &badDisk{Store: s, broken: &broken, writes: true}
	}})
	c.diskFailed(c.node("n2").life.Load(), errors.New("smoke"))
	await(t, "the crash", func() bool { return c.node("n2").life.Load() == nil })
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	time.Sleep(2 * minDiskPause)
	if c.node("n2").life.Load() != nil {
		t.Error("n2 rose from the dead")
	}
}

// A node whose disk was damaged while it was down comes back, says so, and the
// others still have everything.
func TestDamagedDisk(t *testing.T) {
	dir := t.TempDir()
	c := begin(t, Options{Dir: dir})
	for i := range 50 {
		put(t, c, "", fmt.Sprintf("k%d", i), "value", nil)
	}
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
	logs, err := filepath.Glob(filepath.Join(dir, "n3", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no journal: %v", err)
	}
	b, err := os.ReadFile(logs[len(logs)-1])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/3] ^= 0x40
	if err := os.WriteFile(logs[len(logs)-1], b, 0o600); err != nil {
		t.Fatal(err)
	}
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
	told := ""
	_ = c.Events(t.Context(), 0, false, func(batch []trace.Event) error {
		for _, e := range batch {
			if e.Kind == trace.NodeUp && e.Node == "n3" {
				told = e.Message
			}
		}
		return nil
	})
	if told == "" {
		t.Error("nobody was told of the damage")
	}
	for i := range 50 {
		want(t, get(t, c, "n3", fmt.Sprintf("k%d", i)), "value")
	}
}

// Wiping cannot reach outside the data root.
func TestWipeStaysInside(t *testing.T) {
	outside := t.TempDir()
	precious := filepath.Join(outside, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := begin(t, Options{Dir: dir})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n1"}})
	if err := os.RemoveAll(filepath.Join(dir, "n1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "n1")); err != nil {
		t.Skip(err)
	}
	do(t, c, fault.Fault{Kind: fault.Wipe, Nodes: []string{"n1"}})
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}
