package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/localcluster/buildinfo"
	"ringside/localcluster/config"
)

// dataFormat is the layout of the data root. A data root of another format is not touched. A file
// that names no format was written by the first version.
const dataFormat = 1

// clusterFile is the content of cluster.json: the settings that a data root was created with.
type clusterFile struct {
	Format int    `json:"format"`
	Writer string `json:"writer,omitempty"` // the version of the program that wrote the file
	// Starting means that the first start is not over: no client can have written anything.
	Starting bool             `json:"starting,omitempty"`
	Settings settings.Cluster `json:"settings"`
}

// readClusterFile reads cluster.json of a data root. Starting is set for a folder that is new,
// empty or left by a first start that was cut short. A folder that holds anything but a cluster's
// data is refused.
func readClusterFile(dir string) (clusterFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return clusterFile{Starting: true}, nil
	}
	if err != nil {
		return clusterFile{}, fmt.Errorf("open data root: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, clusterName))
	switch {
	case err == nil:
		return parseClusterFile(dir, b)
	case !errors.Is(err, os.ErrNotExist):
		return clusterFile{}, fmt.Errorf("open data root: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !slices.Contains(firstFiles, e.Name()) {
			return clusterFile{}, usage.Errorf("the folder %s holds something, but no cluster's data; "+
				"choose an empty one with --dir", dir)
		}
	}
	return clusterFile{Starting: true}, nil
}

// parseClusterFile looks at the format first: the rest of a file of another version may be
// different.
func parseClusterFile(dir string, b []byte) (f clusterFile, err error) {
	var version struct {
		Format   *int            `json:"format"`
		Writer   string          `json:"writer"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := json.Unmarshal(b, &version); err != nil {
		return f, damagedRoot(dir, err)
	}
	if version.Format == nil && version.Settings == nil {
		return f, usage.Errorf("%s was written by another program; choose another folder with --dir",
			filepath.Join(dir, clusterName))
	}
	if version.Format != nil && *version.Format != dataFormat {
		by := ""
		if version.Writer != "" {
			by = " by ringside " + escape.TerminalShort([]byte(version.Writer), maxVersion)
		}
		return f, usage.Errorf("the data in %s was written in format %d%s, and this program, ringside %s, "+
			"knows format %d; use the program that wrote it, choose another folder with --dir, "+
			"or delete the data with rm or up --fresh",
			dir, *version.Format, by, buildinfo.Version(), dataFormat)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return f, damagedRoot(dir, err)
	}
	return f, nil
}

// maxVersion bounds the bytes that an error shows of the version that a file names.
const maxVersion = 60

func damagedRoot(dir string, cause error) error {
	return fmt.Errorf("open data root: read %s: %w; put the file back from a copy, or delete the cluster with rm",
		filepath.Join(dir, clusterName), cause)
}

// settle returns the settings of the cluster in dir. A cluster that has data keeps its settings: a
// field of o.Settings may be zero, or as it was.
func (f clusterFile) settle(dir string, o config.Options) (settings.Cluster, error) {
	if f.Starting {
		return config.NewSettings(o.Name, o.Settings)
	}
	s, err := config.ResumeSettings(dir, f.Settings, o)
	if err != nil {
		return o.Settings, err
	}
	return s, checkRoot(dir, s)
}

// checkRoot returns why a cluster with the settings s cannot be started in its data root, nil if
// nothing is wrong with the files of the cluster itself.
func checkRoot(dir string, s settings.Cluster) error {
	if err := config.CheckSettings(s); err != nil {
		return err
	}
	if _, err := readSecret(filepath.Join(dir, secretName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := openRuns(dir, nil, false); err != nil {
		return err
	}
	for _, n := range s.Nodes {
		path := filepath.Join(dir, n)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return usage.Errorf("%s is a file, and the folder of node %s has to be there; move the file away", path, n)
		}
	}
	return nil
}

// saveSettings writes the settings to the data root.
func (r *root) saveSettings(s settings.Cluster) error {
	f := clusterFile{Format: dataFormat, Writer: buildinfo.Version(), Starting: r.starting, Settings: s}
	if err := writeJSON(filepath.Join(r.dir, clusterName), f); err != nil {
		return fmt.Errorf("save the settings: %w", err)
	}
	return nil
}
