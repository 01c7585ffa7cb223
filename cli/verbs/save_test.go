package verbs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/engine/wire"
)

// savers lists the commands that take --save.
var savers = []string{
	"get cart", "put cart milk", "del cart -c @old", "resolve cart --pick 1", "cart add cart tea",
	"cart remove cart milk", "cart show cart",
}

// listing returns the names and contents of a folder's files.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, entry := range entries {
		b, _ := os.ReadFile(filepath.Join(dir, entry.Name())) // nothing of a folder
		out[entry.Name()] = strings.TrimSpace(string(b))
	}
	return out
}

// A target of --save that cannot be written is an error before a request is sent.
func TestSaveIsOpenedFirst(t *testing.T) {
	for _, line := range savers {
		for target, want := range map[string]string{
			"@./nowhere/ctx":                 "no such file",
			"@./taken":                       "is a directory",
			"@./file/ctx":                    "not a directory",
			"@./foreign":                     "does not hold a context",
			"@/dev/null":                     "not a regular file",
			"@named":                         "is a directory",
			"plain":                          "wants @NAME or @./FILE",
			"@":                              "wants @NAME or @./FILE",
			"@./" + strings.Repeat("x", 300): "name too long",
		} {
			dir := t.TempDir()
			contexts := contextsWith(t, "old", []byte("seen"))
			for _, d := range []string{filepath.Join(dir, "taken"), filepath.Join(string(contexts), "named")} {
				if err := os.Mkdir(d, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "foreign"), []byte("my notes\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			f := scene(t)
			s := f.say(line+" --save "+target, func(e *Env) { e.Dir, e.Contexts = dir, contexts })
			if got := listing(t, dir)["foreign"]; got != "my notes" {
				t.Errorf("%s --save %.20s: the file of another program holds %q", line, target, got)
			}
			if s.exit != exit.Usage || !strings.Contains(s.failure.Message, want) ||
				!strings.Contains(s.failure.Message, "usage: ") {
				t.Errorf("%s --save %.20s: exit %d, %+v", line, target, s.exit, s.failure)
			}
			if len(f.vias) > 0 || s.out != "" {
				t.Errorf("%s --save %.20s: %d requests were sent; %s", line, target, len(f.vias), s.out)
			}
		}
	}
}

// A request that fails does not change the target, because an empty context would mean a blind
// write.
func TestFailureLeavesSaveAlone(t *testing.T) {
	for _, line := range savers {
		for _, target := range []string{"@./new", "@./kept", "@new", "@kept"} {
			dir, contexts := contextsWith(t, "kept", []byte("\x01before the request")), contextsWith(t, "kept",
				[]byte("\x01before the request"))
			f := scene(t)
			f.get = wire.GetReply{Err: wire.QuorumNotReached}
			f.put = wire.PutReply{Err: wire.QuorumNotReached}
			s := f.say(line+" --save "+target, func(e *Env) { e.Dir, e.Contexts = string(dir), contexts })
			for _, d := range []folder{dir, contexts} {
				if got := listing(t, string(d)); len(got) != 1 ||
					got["kept"] != wire.EncodeToken([]byte("\x01before the request")) {
					t.Errorf("%s --save %s left %v; %+v", line, target, got, s.failure)
				}
			}
		}
	}
}

func TestSaveWrites(t *testing.T) {
	for _, line := range savers {
		for _, target := range []string{"@./new", "@./kept", "@new", "@kept"} {
			dir := contextsWith(t, "kept", []byte("\x01a context that is longer than the new one"))
			if err := os.WriteFile(filepath.Join(string(dir), "old"), []byte(wire.EncodeToken([]byte("seen"))),
				0o600); err != nil {
				t.Fatal(err)
			}
			s := scene(t).say(line+" --save "+target, func(e *Env) { e.Dir, e.Contexts = string(dir), dir })
			name := strings.TrimPrefix(strings.TrimPrefix(target, "@"), "./")
			if got := listing(t, string(dir)); s.exit != 0 || got[name] != wire.EncodeToken([]byte("token")) ||
				len(got) > 3 {
				t.Errorf("%s --save %s: exit %d, %v, %+v", line, target, s.exit, got, s.failure)
			}
		}
	}
}

// onBrokenDisk keeps contexts on a disk that fails when one is written.
type onBrokenDisk struct{ folder }

func (d onBrokenDisk) Create(string) (*ContextFile, error) {
	f, err := os.Open(filepath.Join(string(d.folder), "old")) // only for reading
	return &ContextFile{f: f, path: f.Name(), temp: false}, err
}

// If the disk fails when the context is written, the result of the request is still shown.
func TestSaveThatFailsLate(t *testing.T) {
	for _, line := range savers {
		for _, json := range []string{"", " --json"} {
			f := scene(t)
			s := f.say(line+json+" --save @ctx", func(e *Env) {
				e.Contexts = onBrokenDisk{contextsWith(t, "old",
					[]byte("seen"))}
			})
			if s.exit != exit.Internal || s.failure.Code != "context_not_saved" ||
				!strings.Contains(s.err, "done, but its context could not be saved as @ctx") || s.out == "" {
				t.Errorf("%s%s: exit %d, %q, %q, %+v", line, json, s.exit, s.out, s.err, s.failure)
			}
			if strings.Count(s.out, "\n") != 1 && json != "" {
				t.Errorf("%s%s: %s", line, json, s.out)
			}
		}
	}
}
