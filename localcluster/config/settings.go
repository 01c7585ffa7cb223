package config

import (
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
// settings have. It refuses fields of want that are set and differ. The cluster is called name from
// now on.
func ResumeSettings(dir, name string, have, want settings.Cluster) (settings.Cluster, error) {
	if err := have.CheckStrategy(want); err != nil {
		return want, usage.Errorf("%w", err)
	}
	if diff := have.Differences(want); len(diff) > 0 {
		return want, usage.Errorf("the cluster in %s was created with other settings: %s; "+
			"leave them out to go on with it, start afresh with up --fresh, or choose another folder with --dir",
			dir, strings.Join(diff, ", "))
	}
	have.Name, have.Mem = name, false
	return have, nil
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
