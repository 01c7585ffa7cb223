package localcluster

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// A cluster still holds its folders after the lock files, or all files in the folders, are deleted.
func TestDeletedLockFilesKeepTheLock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders cannot be locked")
	}
	home, dir := t.TempDir(), t.TempDir()
	c := begin(t, Options{Home: home, Dir: dir})
	put(t, c, "n1", "k", "v", nil)
	for _, lock := range []string{c.claim.Folder.Lock, filepath.Join(dir, "lock")} {
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Start(t.Context(), Options{Home: home})
	usageError(t, err, "running already")
	_, err = Start(t.Context(), Options{Home: home, Name: "other", Dir: dir})
	usageError(t, err, "in use")
	_, err = datadir.FindRemains(home, config.DefaultName, "", true)
	usageError(t, err, "running")
	for _, f := range []string{c.claim.Folder.Sock, c.claim.Folder.Info} {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	_, err = Start(t.Context(), Options{Home: home})
	usageError(t, err, config.DefaultName)
	want(t, get(t, c, "n2", "k"), "v")
}

// A cluster whose folder is deleted or replaced stops, and does not touch the files in its place.
func TestDeletedFolderStopsTheCluster(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "away")
	for name, tt := range map[string]struct {
		o    Options
		lose func(*Cluster) error
		want string
	}{
		"cluster deleted": {Options{}, func(c *Cluster) error { return os.RemoveAll(c.claim.Folder.Dir) }, "deleted"},
		"in memory": {Options{Mem: true}, func(c *Cluster) error { return os.RemoveAll(c.claim.Folder.Dir) },
			"deleted"},
		"data deleted": {Options{Dir: filepath.Join(t.TempDir(), "d")},
			func(c *Cluster) error { return os.RemoveAll(c.claim.DataDir()) }, "deleted"},
		"data replaced": {Options{Dir: filepath.Join(t.TempDir(), "d")}, func(c *Cluster) error {
			return errors.Join(os.Rename(c.claim.DataDir(), elsewhere), os.Mkdir(c.claim.DataDir(), 0o700))
		}, "replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.o.Home = t.TempDir()
			c := begin(t, tt.o)
			put(t, c, "n1", "k", "v", nil)
			if err := c.Err(); err != nil {
				t.Fatal(err)
			}
			if err := tt.lose(c); err != nil {
				t.Fatal(err)
			}
			select {
			case <-c.Done():
			case <-time.After(20 * time.Second):
				t.Fatal("it runs on")
			}
			if err := c.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("it stopped for %v", err)
			}
			if n := countEvents(t, c, event.DiskFailed); n == 0 {
				t.Error("no event reports the end")
			}
		})
	}
}

// A node that starts before the cluster notices that its data root was replaced writes nothing
// there.
func TestNoNodeStartsInAnotherFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := begin(t, Options{Dir: dir, Settings: settings.Cluster{Nodes: []string{"n1"}}})
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.claim.Disk("n1").Open(nil); err == nil || !strings.Contains(err.Error(), "was replaced") {
		t.Errorf("the folder of n1: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the other folder holds %v: %v", entries, err)
	}
}

// A second cluster that starts in place of the first cluster's folder keeps its socket and its data
// when the first stops.
func TestFolderOfAnotherIsLeftAlone(t *testing.T) {
	home := t.TempDir()
	first := begin(t, Options{Home: home, Mem: true})
	if err := os.RemoveAll(first.claim.Folder.Dir); err != nil {
		t.Fatal(err)
	}
	second := begin(t, Options{Home: home, Mem: true})
	put(t, second, "n1", "k", "v", nil)
	<-first.Done()
	if first.Err() == nil {
		t.Error("the first does not say why it stopped")
	}
	if _, err := connect(t, second).Snapshot(t.Context()); err != nil {
		t.Error(err)
	}
	if err := second.Err(); err != nil || second.ctx.Err() != nil {
		t.Errorf("the second stopped: %v", err)
	}
	if list, err := datadir.List(home); err != nil || len(list) != 1 || !list[0].Running {
		t.Errorf("%+v %v", list, err)
	}
}
