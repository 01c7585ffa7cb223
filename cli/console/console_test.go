package console

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestConsole(t *testing.T) {
	var out, messages strings.Builder
	env := map[string]string{"LANG": "en_US.UTF-8"}
	c := Console{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &messages, Dir: "folder",
		Getenv: func(name string) string { return env[name] }}
	if err := c.Show(map[string]int{"keys": 1}, "1 key\n"); err != nil {
		t.Fatal(err)
	}
	c.JSON = true
	if err := c.Show(map[string]string{"key": "\x1b"}, "1 key\n"); err != nil {
		t.Fatal(err)
	}
	c.Notef("note %d\n", 1)
	if out.String() != "1 key\n"+`{"key":"\u001b"}`+"\n" || messages.String() != "note 1\n" {
		t.Errorf("out %q, messages %q", out.String(), messages.String())
	}
	if got := c.Path("a"); got != filepath.Join("folder", "a") {
		t.Error(got)
	}
	if c.Interactive() || c.Width() != 0 || c.Colors() || !c.Unicode() || c.Dumb() {
		t.Error("strings are taken for a terminal, or JSON has colours")
	}
	env["TERM"], env["LC_ALL"] = "dumb", "C"
	if !c.Dumb() || c.Unicode() {
		t.Error("TERM and LC_ALL are ignored")
	}
}
