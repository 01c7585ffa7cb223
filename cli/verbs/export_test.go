package verbs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/engine/event"
)

// An export whose events cannot all be read leaves the old export as it was.
func TestFailedExportKeepsTheOldFile(t *testing.T) {
	for _, name := range []string{"session.jsonl", "session.script"} {
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := scene(t)
		f.events = []event.Event{{Seq: 1, Kind: event.NodeUp, Node: "n1"}}
		f.err = errors.New("connection reset")
		s := f.say("export "+name, func(e *Env) { e.Dir = dir })
		if got := listing(t, dir); s.exit == 0 || len(got) != 1 || got[name] != "old" {
			t.Errorf("exit %d, %v, %+v", s.exit, got, s.failure)
		}
	}
}

// An export replaces a file. The file keeps its mode, a link still leads to the file, and no other
// file is left.
func TestExportReplacesAFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "real.jsonl")
	if err := os.WriteFile(file, []byte(strings.Repeat("old", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o620); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.jsonl", filepath.Join(dir, "link.jsonl")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"real.jsonl", "link.jsonl", "new.jsonl"} {
		f := scene(t)
		f.events = []event.Event{{Seq: 1, Kind: event.NodeUp, Node: "n1"}, {Seq: 2, Kind: event.NodeUp, Node: name}}
		if s := f.say("export "+name, func(e *Env) { e.Dir = dir }); s.exit != 0 {
			t.Fatalf("exit %d, %+v", s.exit, s.failure)
		}
		got := listing(t, dir)
		if strings.Count(got[name], "\n") != 1 || !strings.Contains(got[name], `"`+name+`"`) {
			t.Errorf("%s holds %q", name, got[name])
		}
	}
	info, err := os.Lstat(file)
	link, linkErr := os.Lstat(filepath.Join(dir, "link.jsonl"))
	if err != nil || linkErr != nil || info.Mode() != 0o620 || link.Mode()&fs.ModeSymlink == 0 || len(listing(t, dir)) != 3 {
		t.Errorf("%v, %v, %v, %v, %v", info.Mode(), err, link.Mode(), linkErr, listing(t, dir))
	}
}

// The picture of a trace takes the place of a file, which is not written in place: another name of
// the old file still leads to the old picture.
func TestTraceReplacesAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.svg")
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o644), os.Link(file, file+".old")); err != nil {
		t.Skip(err)
	}
	call, err := Parse(Lookup("trace"), []string{"1", "--svg", "x.svg"})
	if err != nil {
		t.Fatal(err)
	}
	e := &Env{Dir: filepath.Dir(file), Err: io.Discard}
	if err := e.writeFile(call, "svg", "<svg/>"); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(file + ".old")
	if b, err := os.ReadFile(file); err != nil || string(b) != "<svg/>" || string(old) != "old" {
		t.Errorf("the file holds %q, the old one %q: %v", b, old, err)
	}
}
