package localcluster

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/wire"
)

// putAll puts with W=3, through n3.
func putAll(t *testing.T, c *Cluster, value string, token []byte) wire.PutReply {
	t.Helper()
	r, err := c.Do(t.Context(), "n3", wire.PutRequest{Key: []byte("cart"), Value: []byte(value), Context: token,
		Quorum: wire.Quorum{W: 3}})
	if err != nil {
		t.Fatal(err)
	}
	p := r.(wire.PutReply)
	if p.Err != wire.OK {
		t.Fatalf("put %s: %v: %s", value, p.Err, p.Message)
	}
	return p
}

// three starts a cluster of three nodes, which are all homes of every key. A second call with the
// same options starts the cluster again.
func three(t *testing.T, o *Options) *Cluster {
	if o.Home == "" {
		o.Home, o.Dir = t.TempDir(), filepath.Join(t.TempDir(), "data")
		o.Settings = settings.Cluster{Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2}
	}
	return begin(t, *o)
}

// doubts lists the messages about its disk with which n3 came up.
func doubts(c *Cluster) []string {
	out := slices.DeleteFunc(ups(c, "n3"), func(s string) bool { return s == "" })
	_ = c.Events(c.ctx, event.Query{}, func(events []event.Event) error {
		for _, e := range events {
			if e.Kind == event.RolledBack && e.Node == "n3" {
				out = append(out, e.Message)
			}
		}
		return nil
	})
	return out
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// putBack replaces dir by old, a copy of it.
func putBack(t *testing.T, old, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, dir); err != nil {
		t.Fatal(err)
	}
}

// After a node's folder was put back from an older copy, no dot is minted twice, and no
// acknowledged write is lost. The copy is taken between two runs, or during a run and put back
// within the same run.
func TestNodeFolderPutBack(t *testing.T) {
	for name, hot := range map[string]bool{"between runs": false, "within a run": true} {
		t.Run(name, func(t *testing.T) {
			var o Options
			c := three(t, &o)
			folder, old := filepath.Join(o.Dir, "n3"), filepath.Join(t.TempDir(), "old")
			one := putAll(t, c, "one", nil)
			if hot {
				copyDir(t, folder, old)
			} else {
				_ = c.Close()
				copyDir(t, folder, old)
				c = three(t, &o)
			}
			two := putAll(t, c, "two", one.Context)
			if hot {
				do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
				putBack(t, old, folder)
				do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
			} else {
				_ = c.Close()
				putBack(t, old, folder)
				c = three(t, &o)
			}
			if told := doubts(c); len(told) == 0 {
				t.Error("n3 did not report that its folder is an old copy")
			}
			three := putAll(t, c, "three", one.Context)
			if three.Version.Dot == two.Version.Dot {
				t.Errorf("%v was minted twice", two.Version.Dot)
			}
			do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
			want(t, get(t, c, "n1", "cart"), "three", "two")
		})
	}
}

// The whole data folder is put back while a client holds a context from the lost time. The context
// does not cover writes that other clients made since.
func TestDataFolderPutBack(t *testing.T) {
	for name, move := range map[string]bool{"a copy": false, "the original, after a copy was used": true} {
		t.Run(name, func(t *testing.T) {
			var o Options
			c := three(t, &o)
			one := putAll(t, c, "one", nil)
			_ = c.Close()
			old := filepath.Join(t.TempDir(), "old")
			if move {
				if err := os.Rename(o.Dir, old); err != nil {
					t.Fatal(err)
				}
				copyDir(t, old, o.Dir)
			} else {
				copyDir(t, o.Dir, old)
			}
			c = three(t, &o)
			two := putAll(t, c, "two", one.Context)
			lost := putAll(t, c, "lost", two.Context)
			_ = c.Close()
			putBack(t, old, o.Dir)
			c = three(t, &o)
			unseen := putAll(t, c, "unseen", one.Context)
			again := putAll(t, c, "again", lost.Context)
			for _, p := range []wire.PutReply{unseen, again} {
				if p.Version.Dot == two.Version.Dot || p.Version.Dot == lost.Version.Dot {
					t.Errorf("%v was minted twice", p.Version.Dot)
				}
			}
			want(t, get(t, c, "n1", "cart"), "again", "unseen")
		})
	}
}

// Neither a restart, nor a crash, nor a rename of the folder makes a node doubt its disk.
func TestGenuineFolderIsTrusted(t *testing.T) {
	var o Options
	c := three(t, &o)
	p := putAll(t, c, "0", nil)
	first := p.Version.Dot.Epoch
	for i := range 3 {
		switch i {
		case 0:
			do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
			do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
		case 1:
			_ = c.Close()
			c = three(t, &o)
		case 2:
			_ = c.Close()
			moved := filepath.Join(t.TempDir(), "elsewhere")
			if err := os.Rename(o.Dir, moved); err != nil {
				t.Fatal(err)
			}
			o.Dir = moved
			c = three(t, &o)
		}
		if told := doubts(c); len(told) > 0 {
			t.Errorf("%d: n3 doubts its disk: %s", i, strings.Join(told, "; "))
		}
		if p = putAll(t, c, "v", p.Context); p.Version.Dot.Epoch != first {
			t.Errorf("%d: a fresh epoch", i)
		}
	}
}

// A node whose folder vanished says so at its start, between two runs or within one. A node that
// the cluster itself wiped does not, also not if it starts in a later run.
func TestNodeFolderVanishes(t *testing.T) {
	for name, tt := range map[string]struct{ hot, wiped bool }{
		"between runs": {}, "within a run": {hot: true}, "wiped": {hot: true, wiped: true},
		"wiped before the end": {wiped: true},
	} {
		t.Run(name, func(t *testing.T) {
			var o Options
			c := three(t, &o)
			putAll(t, c, "one", nil)
			do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
			vanish := func() {
				if tt.wiped {
					if err := c.registry.node("n3").disk.Wipe(); err != nil {
						t.Fatal(err)
					}
				} else if err := os.RemoveAll(filepath.Join(o.Dir, "n3")); err != nil {
					t.Fatal(err)
				}
			}
			if tt.hot {
				vanish()
				do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
			} else {
				vanish()
				_ = c.Close()
				c = three(t, &o)
			}
			told := doubts(c)
			if tt.wiped != (len(told) == 0) || !tt.wiped && !strings.Contains(told[0], "its folder was lost") {
				t.Errorf("n3 came up with %q", told)
			}
			putAll(t, c, "two", nil)
			_ = c.Close()
			if told := doubts(three(t, &o)); len(told) > 0 {
				t.Errorf("n3 came up again with %q", told)
			}
		})
	}
}

// A node does not start on a folder of another cluster, neither with the cluster nor alone.
func TestFolderOfAnotherClusterIsRefused(t *testing.T) {
	var a, b Options
	c := three(t, &b)
	putAll(t, c, "foreign", nil)
	_ = c.Close()
	folder, away := "", filepath.Join(t.TempDir(), "away")
	c = three(t, &a)
	folder = filepath.Join(a.Dir, "n3")
	putAll(t, c, "own", nil)
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	copyDir(t, filepath.Join(b.Dir, "n3"), folder)
	words := []string{folder, "another cluster", "move the folder away"}
	usageError(t, c.Fault(t.Context(), fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}}), words...)
	_ = c.Close()
	_, err := Start(t.Context(), a)
	usageError(t, err, words...)
	putBack(t, away, folder)
	c = three(t, &a)
	if told := doubts(c); len(told) > 0 {
		t.Errorf("n3 doubts its own folder: %q", told)
	}
	want(t, get(t, c, "n3", "cart"), "own")
}

// A stamp without a cluster, as an earlier version wrote it, is accepted and completed, and so are
// the stamps of a cluster that lost its secret.
func TestStampsWithoutTheClusterAreAccepted(t *testing.T) {
	for name, harm := range map[string]func(dir string){
		"earlier version": func(dir string) {
			write(t, filepath.Join(dir, "n3", "STAMP"), "This file distinguishes the folder from its copies.\n")
		},
		"lost secret": func(dir string) { _ = os.Remove(filepath.Join(dir, "secret")) },
		"lost secret and runs": func(dir string) {
			_ = errors.Join(os.Remove(filepath.Join(dir, "secret")), os.Remove(filepath.Join(dir, "runs.json")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var o Options
			c := three(t, &o)
			putAll(t, c, "one", nil)
			_ = c.Close()
			harm(o.Dir)
			for range 2 {
				c = three(t, &o)
				want(t, get(t, c, "n3", "cart"), "one")
				n1, err1 := os.ReadFile(filepath.Join(o.Dir, "n1", "STAMP"))
				n3, err3 := os.ReadFile(filepath.Join(o.Dir, "n3", "STAMP"))
				if errors.Join(err1, err3) != nil || string(n1) != string(n3) ||
					!strings.Contains(string(n3), "\ncluster ") {
					t.Errorf("stamps that name different clusters: %q, %q, %v", n1, n3, errors.Join(err1, err3))
				}
				_ = c.Close()
			}
		})
	}
}
