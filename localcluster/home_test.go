package localcluster

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/localcluster/config"
	"ringside/localcluster/datadir"
)

func usageError(t *testing.T, err error, words ...string) {
	t.Helper()
	var usage *usage.Error
	if !errors.As(err, &usage) {
		t.Fatalf("not a usage error: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

func TestSecondStart(t *testing.T) {
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "data")
	begin(t, Options{Home: home, Name: "first", Dir: dir})
	_, err := Start(t.Context(), Options{Home: home, Name: "first"})
	usageError(t, err, "first", "running already", "pid")
	_, err = Start(t.Context(), Options{Home: home, Name: "second", Dir: dir})
	usageError(t, err, dir, "in use by cluster first")
	if _, err := os.Lstat(filepath.Join(home, "second")); err == nil {
		t.Error("the start that was refused has left a folder")
	}
	begin(t, Options{Home: home, Name: "second"})
	begin(t, Options{Home: home, Name: "third", Mem: true})
	infos, err := datadir.List(home)
	if err != nil || len(infos) != 3 || infos[0].Dir != dir || infos[0].PID != os.Getpid() || !infos[2].Mem ||
		infos[1].Nodes != 5 {
		t.Fatalf("%+v, %v", infos, err)
	}
	for _, i := range infos {
		if !i.Running {
			t.Errorf("%s is not running", i.Name)
		}
	}
}

func TestListOfStopped(t *testing.T) {
	home := t.TempDir()
	if infos, err := datadir.List(filepath.Join(home, "nothing")); err != nil || infos != nil {
		t.Errorf("%v, %v", infos, err)
	}
	for _, o := range []Options{{Home: home, Name: "disk"}, {Home: home, Name: "mem", Mem: true}} {
		c, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	infos, err := datadir.List(home)
	if err != nil || len(infos) != 1 || infos[0].Name != "disk" || infos[0].Running {
		t.Errorf("%+v, %v", infos, err)
	}
}

func TestOtherSettings(t *testing.T) {
	home := t.TempDir()
	c, err := Start(t.Context(), Options{Home: home, Settings: settings.Cluster{W: 1}})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	_, err = Start(t.Context(), Options{Home: home, Settings: settings.Cluster{N: 2, W: 1, Mode: settings.ModeLWW}})
	usageError(t, err, "N is 3, not 2", "mode is siblings, not lww", "--dir")
	if strings.Contains(err.Error(), "W is") {
		t.Errorf("%q blames W, which is as before", err)
	}
	begin(t, Options{Home: home, Settings: settings.Cluster{W: 1}})
}

func TestSenselessOptions(t *testing.T) {
	home := t.TempDir()
	long := filepath.Join(home, strings.Repeat("x", 100))
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o     Options
		words []string
	}{
		{Options{Home: long}, []string{"103", "RINGSIDE_HOME"}},
		{Options{Home: home, Name: "../x"}, []string{"invalid cluster name"}},
		{Options{Home: home, Mem: true, Dir: full}, []string{"--mem"}},
		{Options{Home: home, Dir: full}, []string{"no cluster's data"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{Nodes: []string{"a", "a"}}}, []string{"two nodes"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{Nodes: []string{"secret"}}}, []string{"secret"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{Nodes: []string{"../a"}}}, []string{"a-z"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{N: 9}}, []string{"N=9"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{W: 4}}, []string{"W=4"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{Q: 2}}, []string{"Q is 2"}},
		{Options{Home: home, Mem: true, Settings: settings.Cluster{Mode: "x"}}, []string{"mode"}},
		{Options{Home: home, Settings: settings.Cluster{Strategy: 1, Q: 8}}, []string{"-q 8", "strategy 1"}},
		{Options{Home: home, Settings: settings.Cluster{Strategy: 3, T: 4}}, []string{"--tokens 4", "strategy 3"}},
		{Options{Home: home, Settings: settings.Cluster{T: 4}}, []string{"--tokens 4", "--strategy 1 or 2"}},
		{Options{Home: home, Name: "-x"}, []string{"-x", "flag"}},
		{Options{Home: home, Settings: settings.Cluster{Nodes: []string{"-a", "b"}}}, []string{"-a", "flag"}},
	} {
		usageError(t, datadir.Check(tt.o), tt.words...)
		_, err := Start(t.Context(), tt.o)
		usageError(t, err, tt.words...)
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Errorf("a refused start has left %v, %v", entries, err)
	}
	// A refused start leaves nothing that obstructs the next start.
	begin(t, Options{Home: home})
}

func TestPortTaken(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, err = Start(t.Context(), Options{Home: t.TempDir(), Mem: true, BasePort: ln.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "another program has the port") {
		t.Errorf("%v", err)
	}
}

func TestUnwritableHome(t *testing.T) {
	home := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(home, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"RINGSIDE_HOME": home}
	if _, err := datadir.Home(func(k string) string { return env[k] }); err == nil {
		t.Error("a file was taken for a home")
	}
	if _, err := Start(t.Context(), Options{Home: home}); err == nil {
		t.Error("a file was taken for a home")
	}
}

// Only the owner of a cluster can read its folders.
func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	home, dir := t.TempDir(), t.TempDir()
	c := begin(t, Options{Home: home, Dir: dir})
	put(t, c, "", "k", "v", nil)
	for _, p := range []string{filepath.Join(home, config.DefaultName), dir, filepath.Join(dir, "n1")} {
		if s, err := os.Stat(p); err != nil || s.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", p, s.Mode(), err)
		}
	}
	for _, p := range []string{"secret", "cluster.json", "lock", "owner.json"} {
		if s, err := os.Stat(filepath.Join(dir, p)); err != nil || s.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", p, s.Mode(), err)
		}
	}
	if s, err := os.Stat(c.claim.Folder.Sock); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("sock: %v, %v", s.Mode(), err)
	}
}
