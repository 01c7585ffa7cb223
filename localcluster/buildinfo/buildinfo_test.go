package buildinfo

import (
	"runtime/debug"
	"testing"
)

func TestInfoOfBuilds(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	settings := []debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: "true"}}
	for name, c := range map[string]struct {
		in   debug.BuildInfo
		want Info
	}{
		"a release": {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, Info{Version: "v1.2.3"}},
		"a changed checkout": {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: settings},
			Info{"devel", commit, true}},
		"outside a repository": {debug.BuildInfo{}, Info{Version: "devel"}},
		"a checkout, versioned": {debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-1"}, Settings: settings},
			Info{"v0.0.0-1", commit, true}},
	} {
		if got := of(&c.in); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := (Info{Commit: commit}).Short(); got != "0123456789ab" {
		t.Errorf("short commit %q", got)
	}
	if got := (Info{}).Short(); got != "" {
		t.Errorf("short form of no commit %q", got)
	}
}
