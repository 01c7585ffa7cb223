package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// NOTICE lists the modules that a binary contains on any platform, in their versions.
func TestNoticeListsModules(t *testing.T) {
	want := map[string]bool{}
	for _, platform := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+platform)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", platform, err)
		}
		for _, line := range strings.Fields(strings.ReplaceAll(string(out), " ", "@")) {
			want[strings.Replace(line, "@", " ", 1)] = true
		}
	}
	b, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "== "); ok {
			have = append(have, strings.TrimSpace(name))
		}
	}
	for _, name := range have {
		if !want[name] && name != "Go standard library" {
			t.Errorf("NOTICE lists %s, which no binary contains; run make notice", name)
		}
	}
	for name := range want {
		if !slices.Contains(have, name) {
			t.Errorf("NOTICE lacks %s; run make notice", name)
		}
	}
}
