package config

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/settings"
	"ringside/engine/usage"
)

// ReservedNames are files of a data root. The folder of a node with such a name would collide with
// the file.
var ReservedNames = []string{"lock", "secret"}

// NewSettings returns the settings of a new cluster called name: want, with the default for each
// zero field.
func NewSettings(name string, want settings.Cluster) (settings.Cluster, error) {
	s, err := settings.New(name, want)
	if err != nil {
		return s, usage.Errorf("%w", err)
	}
	return s, CheckSettings(s)
}

// ResumeSettings returns the settings of a cluster that has data in dir and was created with the
// settings have. It refuses fields of o.Settings that are set and differ, and what o.Explicit
// insists on. The cluster is called o.Name from now on.
func ResumeSettings(dir string, have settings.Cluster, o Options) (settings.Cluster, error) {
	want := o.Settings
	if err := have.CheckStrategy(want); err != nil {
		return want, usage.Errorf("%w", err)
	}
	if diff := differences(have, o); len(diff) > 0 {
		return want, usage.Errorf("the cluster in %s was created with other settings: %s; "+
			"leave them out to go on with it, start afresh with up --fresh, or choose another folder with --dir",
			dir, strings.Join(diff, ", "))
	}
	have.Name, have.Mem = o.Name, false
	return have, nil
}

// differences lists, in words, the settings of a cluster that are not what o asks for. Settings
// that are on or off are named as the flags of the command line.
func differences(have settings.Cluster, o Options) []string {
	want := o.Settings
	want.Strict, want.NoSync = false, false // ask for nothing
	out := have.Differences(want)
	for _, f := range []struct {
		flag          string
		have, off, on bool // whether the setting is on, and what o asks for
	}{
		{"--sloppy", !have.Strict, o.Settings.Strict, o.Explicit.Sloppy},
		{"--sync", !have.NoSync, o.Settings.NoSync, o.Explicit.Sync},
	} {
		if f.off && f.have || f.on && !f.have {
			out = append(out, fmt.Sprintf("%s is %t, not %t", f.flag, f.have, !f.have))
		}
	}
	return out
}

// CheckSettings returns an error if no cluster in one process can have the settings s.
func CheckSettings(s settings.Cluster) error {
	if len(s.Nodes) > MaxNodes {
		return usage.Errorf("invalid number of nodes %d: want 1 to %d", len(s.Nodes), MaxNodes)
	}
	for _, n := range s.Nodes {
		if err := checkReserved(n); err != nil {
			return err
		}
	}
	if err := s.Check(); err != nil {
		return usage.Errorf("%w", err)
	}
	return nil
}

// CheckNewNode returns an error if name cannot be the name of a new node.
func CheckNewNode(name string) error {
	if err := settings.CheckNewNode(name); err != nil {
		return usage.Errorf("%w", err)
	}
	return checkReserved(name)
}

func checkReserved(node string) error {
	if slices.Contains(ReservedNames, node) {
		return usage.Errorf("invalid node name %q: the data folder has a file of that name", node)
	}
	return nil
}
