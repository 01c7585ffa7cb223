package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ringside/engine/usage"
)

func TestHome(t *testing.T) {
	base := t.TempDir()
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"RINGSIDE_HOME": base + "/a", "HOME": base}, base + "/a"},
		{map[string]string{"XDG_DATA_HOME": base + "/x", "HOME": base}, base + "/x/ringside"},
		{map[string]string{"XDG_DATA_HOME": "relative", "HOME": base}, base + "/.local/share/ringside"},
		{map[string]string{"HOME": base}, base + "/.local/share/ringside"},
	} {
		got, err := Home(func(k string) string { return tt.env[k] })
		if err != nil || got != filepath.FromSlash(tt.want) {
			t.Errorf("%v: %s, %v", tt.env, got, err)
		}
		if s, err := os.Stat(got); err != nil || runtime.GOOS != "windows" && s.Mode().Perm() != dirMode {
			t.Errorf("%s: %v, %v", got, s.Mode(), err)
		}
	}
	_, err := Home(func(string) string { return "" })
	var refused *usage.Error
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "RINGSIDE_HOME") {
		t.Errorf("without an environment: %v", err)
	}
}

func TestContextPath(t *testing.T) {
	home := t.TempDir()
	p, err := ContextPath(home, "default", "before-Split_1.ctx")
	if err != nil || p != filepath.Join(home, "default", "contexts", "before-Split_1.ctx") {
		t.Errorf("%s, %v", p, err)
	}
	for _, name := range []string{"", ".", "..", ".hidden", "a/b", `a\b`, "a\x00", "é", strings.Repeat("x", 65)} {
		if _, err := ContextPath(home, "default", name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	for _, cluster := range []string{"", "..", "a/b", "Upper", strings.Repeat("x", 33)} {
		if _, err := ContextPath(home, cluster, "c"); err == nil {
			t.Errorf("cluster %q was taken", cluster)
		}
	}
}
