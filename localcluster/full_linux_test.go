package localcluster

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster/datadir"
)

// smallDisk mounts a file system with room for size bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("ringside", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("mount a small file system, for which this test has to be root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// On a real file system that is full all nodes stop and say why. Once there is room the nodes come
// back, and every acknowledged write is there.
func TestRealFullDisk(t *testing.T) {
	disk := smallDisk(t, 48<<20)
	ballast := filepath.Join(disk, "ballast")
	c := begin(t, Options{Dir: filepath.Join(disk, "data"),
		Settings: settings.Cluster{Nodes: []string{"n1", "n2", "n3"}}})
	acked := map[string]bool{}
	value := []byte(strings.Repeat("v", 64<<10))
	next := 0
	write := func() {
		next++
		key := fmt.Sprint("k", next)
		r, err := c.Do(t.Context(), "", wire.PutRequest{Key: []byte(key), Value: value, Quorum: wire.Quorum{W: 1}})
		if err != nil {
			t.Fatal(err)
		}
		acked[key] = r.(wire.PutReply).Err == wire.OK
	}
	for range 5 {
		write()
	}
	zeros, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer zeros.Close()
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, zeros); !datadir.IsFull(err) {
		t.Fatalf("the disk is not full: %v", err)
	}
	_ = f.Close()
	await(t, "all nodes to stop", func() bool {
		write()
		return len(c.Running()) == 0
	})
	for _, n := range viewOf(t, c).Nodes {
		if !strings.HasPrefix(n.Reason, "disk full") {
			t.Errorf("%s is %s: %q", n.Name, n.Status, n.Reason)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	await(t, "all nodes to come back", func() bool { return len(c.Running()) == 3 && c.network.AllUp() })
	for key, ok := range acked {
		if !ok {
			continue
		}
		await(t, key+", which one node may hold alone", func() bool {
			r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 3}})
			g, ok := r.(wire.GetReply)
			return err == nil && ok && len(g.Siblings) == 1 && len(g.Siblings[0].Value) == len(value)
		})
	}
	put(t, c, "", "cart", "milk", nil)
}
