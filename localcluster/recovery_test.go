package localcluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/store"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// fullDisk is a store whose writes fail while full is set. Reads still work.
type fullDisk struct {
	store.Store
	full *atomic.Bool
}

func (d fullDisk) Apply(batch []store.Write, sync bool) error {
	if d.full.Load() {
		return fmt.Errorf("write: %w", syscall.ENOSPC)
	}
	return d.Store.Apply(batch, sync)
}

// fillable returns the options of a cluster whose nodes' disks are full while full is set.
func fillable(full *atomic.Bool, nodes ...string) Options {
	return Options{Testing: config.Testing{DiskPause: time.Millisecond,
		WrapStore: func(node string, s store.Store) store.Store {
			if strings.Contains(strings.Join(nodes, " "), node) {
				return fullDisk{s, full}
			}
			return s
		}}}
}

// failures counts the events about a failed disk of a node.
func failures(c *Cluster, node string) (count int) {
	for _, e := range eventsOf(c, event.DiskFailed) {
		if e.Node == node {
			count++
		}
	}
	return count
}

func eventsOf(c *Cluster, kind event.Kind) (out []event.Event) {
	_ = c.Events(c.ctx, event.Query{}, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == kind {
				out = append(out, e)
			}
		}
		return nil
	})
	return out
}

// starve puts until each of nodes has stopped because its disk is full. It returns the last failure
// that a client received.
func starve(t *testing.T, c *Cluster, nodes ...string) (said string) {
	t.Helper()
	i := 0
	await(t, "the nodes to stop", func() bool {
		i++
		// W=1: the last node that runs still takes the put
		r, err := c.Do(t.Context(), "", wire.PutRequest{Key: fmt.Append(nil, "k", i), Value: []byte("v"),
			Quorum: wire.Quorum{W: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if p := r.(wire.PutReply); p.Err != wire.OK {
			said = p.Message
		}
		for _, n := range nodes {
			if c.registry.node(n).current.Load() != nil {
				return false
			}
		}
		return true
	})
	return said
}

// A node whose disk is full keeps trying, more often than a node whose disk is broken. It comes
// back by itself once there is room.
func TestFullDiskIsWaitedFor(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		var full atomic.Bool
		o.Testing = fillable(&full, "n2").Testing
		c := begin(t, o)
		put(t, c, "", "cart", "milk", nil)
		full.Store(true)
		starve(t, c, "n2")
		n := c.registry.node("n2")
		await(t, "more attempts than a broken disk has", func() bool {
			c.faults.Lock()
			defer c.faults.Unlock()
			return n.fullAttempts > maxDiskFailures+1
		})
		v := viewOf(t, c).Node("n2")
		if v.Status != view.Down || !strings.HasPrefix(v.Reason,
			"disk full; it comes back by itself when there is room") {
			t.Errorf("n2 is %s: %q", v.Status, v.Reason)
		}
		if seen := watched(t, c).Node("n2"); seen.Status != view.Down || seen.Reason != v.Reason {
			t.Errorf("by its events n2 is %s: %q", seen.Status, seen.Reason)
		}
		if o.Mem == strings.Contains(v.Reason, "for 4 MB in ") {
			t.Errorf("the reason is %q", v.Reason)
		}
		if got := failures(c, "n2"); got != 1 {
			t.Errorf("%d events that the disk of n2 is full, want one", got)
		}
		r, err := c.Do(t.Context(), "n2", wire.GetRequest{Key: []byte("cart")})
		if g := r.(wire.GetReply); err != nil || g.Err != wire.NodeDown ||
			!strings.Contains(g.Message, "n2: disk full") {
			t.Errorf("%+v, %v", g, err)
		}
		full.Store(false)
		await(t, "n2 to come back", func() bool { return n.current.Load() != nil && c.network.AllUp() })
		if v := viewOf(t, c).Node("n2"); v.Reason != "" || v.Status != view.Up {
			t.Errorf("n2 is %s: %q", v.Status, v.Reason)
		}
		want(t, get(t, c, "n2", "cart"), "milk")
	})
}

// If the disks of all nodes are full, the client's error says why. Later all nodes come back.
func TestAllDisksFull(t *testing.T) {
	var full atomic.Bool
	c := begin(t, fillable(&full, "n1", "n2", "n3", "n4", "n5"))
	put(t, c, "", "cart", "milk", nil)
	full.Store(true)
	if said := starve(t, c, "n1", "n2", "n3", "n4", "n5"); !strings.Contains(said, "disk full") {
		t.Errorf("a put failed with %q", said)
	}
	r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
	if g := r.(wire.GetReply); err != nil || g.Err != wire.NodeDown ||
		!strings.Contains(g.Message, "n1 n2 n3 n4 n5: disk full") {
		t.Errorf("%+v, %v", g, err)
	}
	full.Store(false)
	await(t, "all nodes to come back", func() bool { return len(c.Running()) == 5 && c.network.AllUp() })
	want(t, get(t, c, "", "cart"), "milk")
}

// A kill ends a node's wait for room, a restart begins another wait, and the end of the cluster
// ends every wait.
func TestCommandsWhileADiskIsFull(t *testing.T) {
	var full atomic.Bool
	o := fillable(&full, "n2")
	o.Dir = t.TempDir()
	c := begin(t, o)
	full.Store(true)
	starve(t, c, "n2")
	n := c.registry.node("n2")
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	if n.reason() != "" || n.retry != nil {
		t.Errorf("killed n2 waits for room: %q", n.reason())
	}
	err := c.Fault(t.Context(), fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	if err == nil || !strings.Contains(err.Error(), "start n2: disk full; it comes back by itself") {
		t.Errorf("restart: %v", err)
	}
	if v := viewOf(t, c).Node("n2"); v.Reason == "" {
		t.Error("n2 is down without a reason")
	}
	full.Store(false)
	await(t, "n2 to come back", func() bool { return n.current.Load() != nil })
	full.Store(true)
	starve(t, c, "n2")
	_ = c.Close()
	if left, err := filepath.Glob(filepath.Join(o.Dir, "*.probe")); err != nil || len(left) > 0 {
		t.Errorf("probes are left: %v, %v", left, err)
	}
	full.Store(false)
	begin(t, o)
}

// The error of a start on a full disk says what to do. The error of a broken disk is another one.
func TestStartOnAFullDisk(t *testing.T) {
	var full atomic.Bool
	o := fillable(&full, "n2")
	o.Dir = t.TempDir()
	_ = begin(t, o).Close()
	full.Store(true)
	o.Home = t.TempDir()
	if _, err := Start(t.Context(), o); err == nil ||
		!strings.Contains(err.Error(), "the disk is full: make room in "+o.Dir) {
		t.Errorf("%v", err)
	}
	full.Store(false)
	begin(t, o)
	for err, want := range map[error]bool{
		&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}:     true,
		fmt.Errorf("level: %w: %w", store.ErrPoisoned, syscall.EDQUOT): true,
		syscall.EIO: false, store.ErrCorrupt: false,
	} {
		if datadir.IsFull(err) != want {
			t.Errorf("%v is full: %v", err, !want)
		}
	}
}

// A node whose disk fails for another reason stays down after a few attempts. Its reason says what
// to do.
func TestBrokenDiskSaysWhy(t *testing.T) {
	var broken atomic.Bool
	c := begin(t, Options{Mem: true, Testing: config.Testing{DiskPause: time.Millisecond,
		WrapStore: func(node string, s store.Store) store.Store {
			if node != "n2" {
				return s
			}
			return &badDisk{Store: s, broken: &broken, reads: true, writes: true}
		}}})
	broken.Store(true)
	starve(t, c, "n2")
	await(t, "the disk to be given up", func() bool {
		return strings.HasPrefix(viewOf(t, c).Node("n2").Reason,
			"disk failed 6 times in a row; it stays down until restart n2: ")
	})
	broken.Store(false)
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	if v := viewOf(t, c).Node("n2"); v.Reason != "" || v.Status != view.Up {
		t.Errorf("n2 is %s: %q", v.Status, v.Reason)
	}
}
