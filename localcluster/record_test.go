package localcluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

// A start that names no folder goes on with the data in the folder that the last start named, and
// so do the list, a fresh start and a deletion.
func TestFolderIsRemembered(t *testing.T) {
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "x")
	startAndStop(t, Options{Home: home, Name: "e", Dir: dir})
	o := Options{Home: home, Name: "e"}
	c := begin(t, o)
	want(t, get(t, c, "", "cart"), "milk")
	_ = c.Close()
	if infos := list(t, home); len(infos) != 1 || infos[0].Dir != dir || infos[0].Problem != "" {
		t.Errorf("listed: %+v", infos)
	}
	r, err := datadir.FindRemains(home, "e", "", false)
	if err != nil || len(r.Roots) != 1 || r.Roots[0] != dir {
		t.Errorf("a fresh start deletes %+v, %v", r, err)
	}
	if err := remove(home, "e"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the data is left")
	}
}

// A start that names no folder is refused if the recorded folder holds no data of the cluster. A
// folder that is named, and a deletion, are the ways out.
func TestRecordedFolderIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		harm func(home, dir string)
		want string
	}{
		"gone":  {func(_, dir string) { _ = os.RemoveAll(dir) }, "is gone"},
		"empty": {func(_, dir string) { _ = os.RemoveAll(dir); _ = os.Mkdir(dir, 0o700) }, "is empty"},
		"taken": {func(home, dir string) { startAndStop(t, Options{Home: home, Name: "b", Dir: dir}) },
			"belongs to cluster b"},
	} {
		t.Run(name, func(t *testing.T) {
			home, dir := t.TempDir(), filepath.Join(t.TempDir(), "x")
			o := Options{Home: home, Name: "a"}
			startAndStop(t, Options{Home: home, Name: "a", Dir: dir})
			tt.harm(home, dir)
			_, err := Start(t.Context(), o)
			usageError(t, err, dir, tt.want, "--dir", "ringside rm a")
			if infos := list(t, home); !strings.Contains(infos[0].Problem, tt.want) || infos[0].Dir != dir {
				t.Errorf("listed: %+v", infos)
			}
			startAndStop(t, Options{Home: home, Name: "a", Dir: filepath.Join(t.TempDir(), "y")})
			startAndStop(t, o)
			if err := remove(home, "a"); err != nil {
				t.Fatal(err)
			}
			startAndStop(t, o)
		})
	}
}

// A home that is moved takes its clusters along.
func TestHomeIsMoved(t *testing.T) {
	home, moved := filepath.Join(t.TempDir(), "h"), filepath.Join(t.TempDir(), "m")
	startAndStop(t, Options{Home: home})
	if err := os.Rename(home, moved); err != nil {
		t.Fatal(err)
	}
	if infos := list(t, moved); len(infos) != 1 || infos[0].Problem != "" {
		t.Errorf("listed: %+v", infos)
	}
	want(t, get(t, begin(t, Options{Home: moved}), "", "cart"), "milk")
}

// A cluster in memory does not take the name of a cluster that has data on disk.
func TestMemoryHidesNoData(t *testing.T) {
	for name, dir := range map[string]string{"in home": "", "elsewhere": filepath.Join(t.TempDir(), "x")} {
		t.Run(name, func(t *testing.T) {
			o := Options{Home: t.TempDir(), Name: "a", Dir: dir}
			startAndStop(t, o)
			before := list(t, o.Home)
			_, err := Start(t.Context(), Options{Home: o.Home, Name: "a", Mem: true})
			usageError(t, err, before[0].Dir, "--cluster", "ringside rm a")
			if now := list(t, o.Home); len(now) != 1 || now[0] != before[0] {
				t.Errorf("listed: %+v, before %+v", now, before)
			}
			want(t, get(t, begin(t, Options{Home: o.Home, Name: "a"}), "", "cart"), "milk")
		})
	}
}

// The folder of a cluster that was copied is a cluster of its own: it keeps its data in the copy,
// and its deletion leaves the original alone.
func TestClusterIsCopied(t *testing.T) {
	home := t.TempDir()
	startAndStop(t, Options{Home: home})
	copyDir(t, filepath.Join(home, config.DefaultName), filepath.Join(home, "three"))
	infos := list(t, home)
	if len(infos) != 2 || infos[1].Dir != filepath.Join(home, "three", "data") || infos[1].Problem != "" {
		t.Fatalf("listed: %+v", infos)
	}
	r, err := datadir.FindRemains(home, "three", "", false)
	if err != nil || len(r.Roots) != 1 || r.Roots[0] != infos[1].Dir {
		t.Errorf("a fresh start deletes %+v, %v", r, err)
	}
	if err := remove(home, "three"); err != nil {
		t.Fatal(err)
	}
	if infos := list(t, home); len(infos) != 1 || infos[0].Name != config.DefaultName {
		t.Errorf("listed: %+v", infos)
	}
	c := begin(t, Options{Home: home})
	want(t, get(t, c, "", "cart"), "milk")
	copyDir(t, filepath.Join(home, config.DefaultName, "data"), filepath.Join(home, "four", "data"))
	if err := remove(home, "four"); err != nil { // while the original runs
		t.Error(err)
	}
}
