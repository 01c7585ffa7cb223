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
	for what, wrong := range map[string]bool{
		"strings are taken for a terminal":          c.Interactive(),
		"strings have the width of a terminal":      c.Width() != 0,
		"JSON has colours":                          c.Colors(),
		"a terminal with UTF-8 shows ASCII only":    !c.Unicode(),
		"a terminal that is not dumb counts as one": c.Dumb(),
	} {
		if wrong {
			t.Error(what)
		}
	}
	env["TERM"], env["LC_ALL"] = "dumb", "C"
	if !c.Dumb() || c.Unicode() {
		t.Error("TERM and LC_ALL are ignored")
	}
}
