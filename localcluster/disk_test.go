package localcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/store"
	"ringside/engine/wire"
	"ringside/localcluster/config"
)

// A badDisk is a store whose reads or writes fail while broken is set.
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

// A node whose disk fails crashes. No effect of the turn that failed leaves the node, and the node
// comes back with its durable data.
func TestDiskFails(t *testing.T) {
	for _, what := range []string{"reads", "writes"} {
		t.Run(what, func(t *testing.T) {
			var broken atomic.Bool
			c := begin(t, Options{Testing: config.Testing{WrapStore: func(node string, s store.Store) store.Store {
				if node != "n2" {
					return s
				}
				return &badDisk{Store: s, broken: &broken, reads: what == "reads", writes: what == "writes"}
			}}})
			acked := map[string]bool{}
			for i := range 10 {
				key := fmt.Sprintf("a%d", i)
				put(t, c, "", key, "v", nil)
				acked[key] = true
			}
			first := c.registry.node("n2").current.Load()
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
			if c.registry.node("n2").current.Load() == first {
				t.Fatal("n2 runs on")
			}
			broken.Store(false)
			await(t, "n2 to come back", func() bool {
				return c.registry.node("n2").current.Load() != nil &&
					c.network.AllUp()
			})
			for key := range acked {
				want(t, get(t, c, "n2", key), "v")
			}
			failed := 0
			_ = c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
				for _, e := range batch {
					if e.Kind == event.DiskFailed && e.Node == "n2" {
						failed++
					}
				}
				return nil
			})
			if failed == 0 {
				t.Error("no event reports the failure")
			}
		})
	}
}

func TestDiskFailsForGood(t *testing.T) {
	var broken atomic.Bool
	opened := 0
	c := begin(t, Options{Mem: true, Testing: config.Testing{WrapStore: func(node string, s store.Store) store.Store {
		if node == "n2" {
			opened++
			s = &badDisk{Store: s, broken: &broken, reads: true, writes: true}
		}
		return s
	}}})
	n := c.registry.node("n2")
	n.current.Load().loop.db.(*badDisk).writes = true
	broken.Store(true)
	for i := range 20 {
		_, _ = c.Do(t.Context(), "n1", wire.PutRequest{Key: fmt.Append(nil, i), Value: []byte("v")})
	}
	await(t, "the disk to be given up", func() bool {
		c.faults.Lock()
		defer c.faults.Unlock()
		return n.failures > maxDiskFailures && n.retry == nil
	})
	if n.current.Load() != nil || opened != maxDiskFailures+1 {
		t.Errorf("opened %d times", opened)
	}
	broken.Store(false)
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	want(t, get(t, c, "n2", "3"), "v")
}

// A kill ends the wait of a node whose disk is broken.
func TestKillDuringDiskPause(t *testing.T) {
	var broken atomic.Bool
	c := begin(t, Options{Mem: true, Testing: config.Testing{WrapStore: func(_ string, s store.Store) store.Store {
		return &badDisk{Store: s, broken: &broken, writes: true}
	}}})
	c.registry.node("n2").current.Load().diskFailed(errors.New("smoke"))
	await(t, "the crash", func() bool { return c.registry.node("n2").current.Load() == nil })
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	c.faults.Lock()
	defer c.faults.Unlock()
	if n := c.registry.node("n2"); n.current.Load() != nil || n.retry != nil {
		t.Error("n2 still starts by itself")
	}
}

// A node whose disk was damaged while the node was down comes back and reports the damage. No key
// is lost.
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
	_ = c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.NodeUp && e.Node == "n3" {
				told = e.Message
			}
		}
		return nil
	})
	if told == "" {
		t.Error("no event reports the damage")
	}
	for i := range 50 {
		want(t, get(t, c, "n3", fmt.Sprintf("k%d", i)), "value")
	}
}

// flipTable flips one byte in a table of a node. The cluster must not be running.
func flipTable(t *testing.T, dir, name string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, name, "*.ldb"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no table of %s: %v", name, err)
	}
	b, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/3] ^= 0x40
	if err := os.WriteFile(tables[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ups returns the messages with which a node came up, in order.
func ups(c *Cluster, name string) (messages []string) {
	_ = c.Events(context.Background(), event.Query{}, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.NodeUp && e.Node == name {
				messages = append(messages, e.Message)
			}
		}
		return nil
	})
	return messages
}

// inTables returns the folders of a cluster that is down and whose keys are in tables.
func inTables(t *testing.T, keys int) (o Options) {
	t.Helper()
	o = Options{Home: t.TempDir(), Dir: t.TempDir()}
	c := begin(t, o)
	value := strings.Repeat("v", 500)
	for i := range keys {
		put(t, c, "", fmt.Sprintf("k%d", i), fmt.Sprint(i, value), nil)
	}
	_ = c.Close()
	_ = begin(t, o).Close() // replays journals into tables
	return o
}

// With one flipped byte in a table, the cluster starts and loses no key. The node drops the damaged
// part and reports that, and its peers send the lost replicas.
func TestFlippedTable(t *testing.T) {
	const keys = 300
	o := inTables(t, keys)
	all := func(c *Cluster) {
		t.Helper()
		value := strings.Repeat("v", 500)
		for i := range keys {
			want(t, get(t, c, "", fmt.Sprintf("k%d", i)), fmt.Sprint(i, value))
		}
	}
	flipTable(t, o.Dir, "n1")
	c := begin(t, o)
	if messages := ups(c, "n1"); len(messages) != 1 || !strings.Contains(messages[0],
		"recovered from damage: what could not be read was dropped (") ||
		strings.Contains(messages[0], "checksum: ") {
		t.Errorf("n1 came up with %q", messages)
	}
	all(c)
	_ = c.Close()

	c = begin(t, o)
	for _, n := range c.registry.settings().Nodes {
		if messages := ups(c, n); len(messages) != 1 || messages[0] != "" {
			t.Errorf("the second time %s came up with %q", n, messages)
		}
	}
	all(c)

	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	flipTable(t, o.Dir, "n2")
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	if messages := ups(c, "n2"); len(messages) != 2 || !strings.Contains(messages[1], "recovered from damage") {
		t.Errorf("n2 came up with %q", messages)
	}
	all(c)
}

// hopeless is a store that cannot be scanned, not even after it was rebuilt.
type hopeless struct{ store.Store }

func (hopeless) Scan(store.Space, []byte, []byte, func(key, value []byte) bool) error {
	return store.ErrCorrupt
}

// The error of a disk that cannot be repaired names the folder to move away.
func TestDiskBeyondRepair(t *testing.T) {
	var bad atomic.Bool
	o := Options{Dir: t.TempDir(), Testing: config.Testing{WrapStore: func(node string, s store.Store) store.Store {
		if node == "n2" && bad.Load() {
			return hopeless{s}
		}
		return s
	}}}
	c := begin(t, o)
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	bad.Store(true)
	err := c.Fault(t.Context(), fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	if err == nil || !strings.Contains(err.Error(), filepath.Join(o.Dir, "n2")) ||
		!strings.Contains(err.Error(), "move that folder away") {
		t.Errorf("restart: %v", err)
	}
	bad.Store(false)
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}}) // both stores were closed
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
