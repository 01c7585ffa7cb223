package localcluster

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ringside/engine/settings"
	"ringside/localcluster/buildinfo"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// startAndStop runs a cluster once.
func startAndStop(t *testing.T, o Options) {
	t.Helper()
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	put(t, c, "", "cart", "milk", nil)
	_ = c.Close()
}

func list(t *testing.T, home string) []datadir.Info {
	t.Helper()
	infos, err := datadir.List(home)
	if err != nil {
		t.Fatal(err)
	}
	return infos
}

// remove deletes all files of a cluster.
func remove(home, name string) error {
	r, err := datadir.FindRemains(home, name, "", true)
	if err != nil {
		return err
	}
	return r.Remove()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A first start that fails leaves nothing that obstructs the next start, whatever its settings.
func TestFirstStartThatFails(t *testing.T) {
	for name, dir := range map[string]string{"in home": "", "elsewhere": filepath.Join(t.TempDir(), "data")} {
		t.Run(name, func(t *testing.T) {
			o := Options{Home: t.TempDir(), Dir: dir, BasePort: freeRun(t, 6),
				Settings: settings.Cluster{Nodes: []string{"a", "b", "c", "d", "e", "f"}, N: 2}}
			release := occupy(t, o.BasePort+5)
			if _, err := Start(t.Context(), o); err == nil ||
				!strings.Contains(err.Error(), "another program has the port") {
				t.Fatalf("start: %v", err)
			}
			if infos := list(t, o.Home); len(infos) != 0 {
				t.Errorf("listed: %+v", infos)
			}
			release()
			c := begin(t, Options{Home: o.Home, Dir: dir})
			if s := c.registry.settings(); len(s.Nodes) != settings.DefaultNodes || s.N != settings.DefaultN {
				t.Errorf("the settings of the start that failed are in force: %+v", s)
			}
		})
	}
}

// A later start that fails deletes nothing.
func TestLaterStartThatFails(t *testing.T) {
	o := Options{Home: t.TempDir()}
	startAndStop(t, o)
	o.BasePort = freeRun(t, settings.DefaultNodes)
	release := occupy(t, o.BasePort)
	if _, err := Start(t.Context(), o); err == nil {
		t.Fatal("it started without a port")
	}
	release()
	o.BasePort = 0
	want(t, get(t, begin(t, o), "", "cart"), "milk")
}

// A first start that a crash cut short is listed, and the next start starts afresh.
func TestFirstStartCutShort(t *testing.T) {
	o := Options{Home: t.TempDir(), Settings: settings.Cluster{Nodes: []string{"a", "b", "c"}}}
	startAndStop(t, o)
	p, err := datadir.FolderOf(o.Home, config.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	editClusterFile(t, p.Data, func(f map[string]any) { f["starting"] = true })
	if err := os.Remove(p.Info); err != nil {
		t.Fatal(err)
	}
	infos := list(t, o.Home)
	if len(infos) != 1 || !strings.Contains(infos[0].Problem, "first start was cut short") {
		t.Fatalf("listed: %+v", infos)
	}
	c := begin(t, Options{Home: o.Home})
	if n := len(c.registry.nodes()); n != settings.DefaultNodes {
		t.Errorf("there are %d nodes", n)
	}
	if _, err := os.Stat(filepath.Join(p.Data, "a")); err == nil {
		t.Error("node a of the start that was cut short has a folder")
	}
	_ = c.Close()
	if infos := list(t, o.Home); len(infos) != 1 || infos[0].Problem != "" {
		t.Errorf("listed: %+v", infos)
	}
}

// editClusterFile changes cluster.json as another version of the program may have written it.
func editClusterFile(t *testing.T, dir string, edit func(map[string]any)) {
	t.Helper()
	path := filepath.Join(dir, "cluster.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	edit(f)
	b, err = json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(b))
}

// Data of another version is refused with an error that names both versions. Data of the first
// version, which wrote no version, is accepted.
func TestDataOfAnotherVersion(t *testing.T) {
	o := Options{Home: t.TempDir(), Dir: t.TempDir()}
	startAndStop(t, o)
	for _, tt := range []struct {
		edit  func(map[string]any)
		words []string
	}{
		{func(f map[string]any) { f["format"], f["writer"] = 7, "v9.1" },
			[]string{o.Dir, "format 7 by ringside v9.1",
				"this program, ringside " + buildinfo.Version() + ", knows format 1"}},
		{func(f map[string]any) { f["format"], f["settings"] = 0, []string{"another shape"} },
			[]string{"format 0", "knows format 1"}},
	} {
		editClusterFile(t, o.Dir, tt.edit)
		_, err := Start(t.Context(), o)
		usageError(t, err, tt.words...)
		if infos := list(t, o.Home); len(infos) != 1 || !strings.Contains(infos[0].Problem, tt.words[1]) {
			t.Errorf("listed: %+v", infos)
		}
	}
	startAndStop(t, Options{Home: o.Home, Name: "other"})
	p, err := datadir.FolderOf(o.Home, "other")
	if err != nil {
		t.Fatal(err)
	}
	editClusterFile(t, p.Data, func(f map[string]any) { delete(f, "format"); delete(f, "writer") })
	want(t, get(t, begin(t, Options{Home: o.Home, Name: "other"}), "", "cart"), "milk")
}

// Folders that are broken are listed with the reason, and can be deleted.
func TestBrokenClustersAreListed(t *testing.T) {
	for name, tt := range map[string]struct {
		harm func(p datadir.Folder)
		want string
	}{
		"settings": {func(p datadir.Folder) { write(t, filepath.Join(p.Data, "cluster.json"), "{") }, "cluster.json"},
		"missing": {func(p datadir.Folder) { _ = os.Remove(filepath.Join(p.Data, "cluster.json")) },
			"no cluster's data"},
		"info":    {func(p datadir.Folder) { write(t, p.Info, "?") }, ""},
		"unknown": {func(p datadir.Folder) { write(t, p.Info, "?"); _ = os.RemoveAll(p.Data) }, "is not known"},
		"no-info": {func(p datadir.Folder) { _ = os.Remove(p.Info) }, ""},
		"secret":  {func(p datadir.Folder) { write(t, filepath.Join(p.Data, "secret"), "?") }, "secret has 1 bytes"},
		"runs": {func(p datadir.Folder) { write(t, filepath.Join(p.Data, "runs.json"), "?") },
			"move the file away"},
		"settings-n": {func(p datadir.Folder) {
			editClusterFile(t, p.Data, func(f map[string]any) {
				f["settings"].(map[string]any)["n"] = 99
			})
		}, "N=99"},
		"file": {func(p datadir.Folder) {
			_ = os.RemoveAll(filepath.Join(p.Data, "n4"))
			write(t, filepath.Join(p.Data, "n4"), "")
		}, "n4 is a file"},
		"no-data": {func(p datadir.Folder) { _ = os.RemoveAll(p.Data) }, "is gone"},
		"no-name": {func(p datadir.Folder) {
			_ = os.Remove(p.Info)
			_ = os.Remove(filepath.Join(p.Data,
				"cluster.json"))
		},
			"no cluster's data"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			startAndStop(t, Options{Home: home, Name: name})
			p, err := datadir.FolderOf(home, name)
			if err != nil {
				t.Fatal(err)
			}
			tt.harm(p)
			infos := list(t, home)
			if len(infos) != 1 || infos[0].Running || !strings.Contains(infos[0].Problem, tt.want) ||
				(infos[0].Problem == "") != (tt.want == "") {
				t.Fatalf("listed: %+v, want %q", infos, tt.want)
			}
			if c, err := Start(t.Context(), Options{Home: home, Name: name}); (err == nil) != (tt.want == "") {
				t.Errorf("start: %v, but the list says %q", err, tt.want)
			} else if err == nil {
				_ = c.Close()
			}
			if tt.want == "n4 is a file" {
				usageError(t, remove(home, name), "n4 is not a cluster's")
				return
			}
			if err := remove(home, name); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(p.Dir); err == nil || len(list(t, home)) != 0 {
				t.Error("something is left")
			}
			startAndStop(t, Options{Home: home, Name: name})
		})
	}
}

// A cluster is deleted with its data wherever that is, and no other file is deleted.
func TestRemove(t *testing.T) {
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "data")
	startAndStop(t, Options{Home: home, Name: "stays"})
	o := Options{Home: home, Name: "goes", Dir: dir}
	startAndStop(t, o)
	kept, err := datadir.ContextPath(home, "goes", "cart")
	if err = errors.Join(err, os.MkdirAll(filepath.Dir(kept), 0o700), os.WriteFile(kept, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	r, err := datadir.FindRemains(home, "goes", "", true)
	if err != nil || !slices.Equal(r.Roots, []string{dir}) || r.Nodes != settings.DefaultNodes || r.Bytes == 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	c := begin(t, o)
	usageError(t, r.Remove(), "delete goes", "it is running", "ringside down --cluster goes")
	usageError(t, remove(home, "goes"), "it is running")
	_ = c.Close()
	if err := r.Remove(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(home, "goes")} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	if infos := list(t, home); len(infos) != 1 || infos[0].Name != "stays" {
		t.Errorf("listed: %+v", infos)
	}
	usageError(t, remove(home, "goes"), "there is no cluster goes")
	usageError(t, remove(home, "../x"), "invalid cluster name")
}

// A folder that holds a file of another program is not deleted, not even in part.
func TestRemoveRefusesWhatIsNotItsOwn(t *testing.T) {
	for name, harm := range map[string]func(p datadir.Folder) string{
		"a folder of something else": func(p datadir.Folder) string {
			_ = os.RemoveAll(p.Dir)
			_ = os.MkdirAll(filepath.Join(p.Dir, "photos"), 0o700)
			return "photos"
		},
		"a file beside the data": func(p datadir.Folder) string {
			write(t, filepath.Join(p.Dir, "notes.txt"), "")
			return "notes.txt"
		},
		"a file in the data": func(p datadir.Folder) string {
			write(t, filepath.Join(p.Data, "notes.txt"), "")
			return "notes.txt"
		},
		"a file among a node's": func(p datadir.Folder) string {
			write(t, filepath.Join(p.Data, "n1", "notes.txt"), "")
			return filepath.Join("n1", "notes.txt") + " is not a cluster's"
		},
		"a folder with the name of a file": func(p datadir.Folder) string {
			secret := filepath.Join(p.Data, "secret")
			_ = os.Remove(secret)
			_ = os.Mkdir(secret, 0o700)
			write(t, filepath.Join(secret, "key"), "precious")
			return "secret"
		},
		"a folder among a node's": func(p datadir.Folder) string {
			log := filepath.Join(p.Data, "n1", "999999.log")
			_ = os.Mkdir(log, 0o700)
			write(t, filepath.Join(log, "key"), "precious")
			return filepath.Join("n1", "999999.log")
		},
		"the settings of another program": func(p datadir.Folder) string {
			write(t, filepath.Join(p.Data, "cluster.json"), `{"name":"x"}`)
			return "cluster.json"
		},
		"data in use by another": func(p datadir.Folder) string {
			begin(t, Options{Home: filepath.Dir(p.Dir), Name: "other", Dir: p.Data})
			return "belongs to cluster other"
		},
		"a folder without anything": func(p datadir.Folder) string {
			_ = os.RemoveAll(p.Dir)
			_ = os.MkdirAll(p.Dir, 0o700)
			return "there is no cluster"
		},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			startAndStop(t, Options{Home: home})
			p, err := datadir.FolderOf(home, config.DefaultName)
			if err != nil {
				t.Fatal(err)
			}
			said := harm(p)
			before := size(t, p.Data)
			usageError(t, remove(home, config.DefaultName), said)
			if size(t, p.Data) != before {
				t.Error("something was deleted")
			}
		})
	}
}

// A start in a folder that holds only a file of another program changes nothing there, even if the
// file has a name that a cluster uses also.
func TestStartRefusesWhatIsNotItsOwn(t *testing.T) {
	for _, name := range []string{"secret", "runs.json", "n1.probe", "cluster.json"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			write(t, path, `{"precious":true}`)
			_, err := Start(t.Context(), Options{Home: t.TempDir(), Dir: dir})
			usageError(t, err, "--dir")
			b, err := os.ReadFile(path)
			if err != nil || string(b) != `{"precious":true}` {
				t.Errorf("the file holds %q: %v", b, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("the folder holds %v: %v", entries, err)
			}
		})
	}
}

// Deleting a cluster whose data another cluster took over leaves the data.
func TestRemoveLeavesWhatAnotherTookOver(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	startAndStop(t, Options{Home: home, Name: "first", Dir: dir})
	startAndStop(t, Options{Home: home, Name: "second", Dir: dir})
	if err := remove(home, "first"); err != nil {
		t.Fatal(err)
	}
	// each start puts one
	want(t, get(t, begin(t, Options{Home: home, Name: "second", Dir: dir}), "", "cart"), "milk", "milk")
}

// Deleting a cluster leaves its data also if the other cluster has the same name, in another home.
func TestRemoveLeavesWhatAnotherHomeTookOver(t *testing.T) {
	home, other, dir := t.TempDir(), t.TempDir(), t.TempDir()
	startAndStop(t, Options{Home: home, Dir: dir})
	startAndStop(t, Options{Home: other, Dir: dir})
	if err := remove(home, config.DefaultName); err != nil {
		t.Fatal(err)
	}
	want(t, get(t, begin(t, Options{Home: other, Dir: dir}), "", "cart"), "milk", "milk") // each start puts one
}

// Remove deletes only the folders that FindRemains showed.
func TestRemoveOnlyWhatWasShown(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	startAndStop(t, Options{Home: home})
	r, err := datadir.FindRemains(home, config.DefaultName, "", true)
	if err != nil {
		t.Fatal(err)
	}
	startAndStop(t, Options{Home: home, Dir: dir})
	usageError(t, r.Remove(), "other folders", "try again")
	want(t, get(t, begin(t, Options{Home: home, Dir: dir}), "", "cart"), "milk")
}

// A cluster that was started with another spelling of its home is deleted like any other.
func TestRemoveThroughAnotherPath(t *testing.T) {
	home, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(home, link); err != nil {
		t.Skip(err)
	}
	startAndStop(t, Options{Home: link})
	if err := remove(home, config.DefaultName); err != nil {
		t.Fatal(err)
	}
	if infos := list(t, home); len(infos) != 0 {
		t.Errorf("listed: %+v", infos)
	}
}

// A symbolic link in a data root is deleted, and its target is not.
func TestRemoveFollowsNoLink(t *testing.T) {
	home, outside := t.TempDir(), t.TempDir()
	startAndStop(t, Options{Home: home})
	p, err := datadir.FolderOf(home, config.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	precious := filepath.Join(outside, "precious")
	write(t, precious, "")
	if err := os.Symlink(outside, filepath.Join(p.Data, "n9")); err != nil {
		t.Skip(err)
	}
	if err := remove(home, config.DefaultName); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// Starting afresh deletes the data in the folder that is named and no other.
func TestFreshData(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	startAndStop(t, Options{Home: home})
	startAndStop(t, Options{Home: home, Dir: dir})
	r, err := datadir.FindRemains(home, config.DefaultName, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Remove(); err != nil {
		t.Fatal(err)
	}
	r, err = datadir.FindRemains(home, config.DefaultName, dir, false)
	if err != nil || len(r.Roots) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	c := begin(t, Options{Home: home, Dir: dir, Settings: settings.Cluster{N: 1}})
	if g := get(t, c, "", "cart"); len(g.Siblings) != 0 {
		t.Errorf("cart is %q", values(g))
	}
	_ = c.Close()
	usual := filepath.Join(home, config.DefaultName, "data")
	want(t, get(t, begin(t, Options{Home: home, Dir: usual}), "", "cart"), "milk")
	_, err = datadir.FindRemains(home, config.DefaultName, t.TempDir(), false)
	usageError(t, err, "it is running")
}

// size returns the bytes of all files below dir.
func size(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes
}
