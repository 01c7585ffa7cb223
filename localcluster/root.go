package localcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/localcluster/buildinfo"
)

// dataFormat is the layout of the data root. A data root of another format is not touched. A file
// that names no format was written by the first version.
const dataFormat = 1

const (
	rootLock    = "lock"
	clusterName = "cluster.json"
	ownerName   = "owner.json"
	secretName  = "secret"
)

// rootFiles are the files of a data root, beside its lock and the folders of its nodes. The lock
// stays when the others are deleted: another process may be about to take the lock.
var rootFiles = []string{clusterName, ownerName, secretName, runsName}

// firstFiles are the files that a first start may leave if it is cut short before cluster.json is
// written.
var firstFiles = []string{rootLock, ownerName, ownerName + newSuffix, clusterName + newSuffix}

// clusterFile is the content of cluster.json: the settings that a data root was created with.
type clusterFile struct {
	Format int    `json:"format"`
	Writer string `json:"writer,omitempty"` // the version of the program that wrote the file
	// Starting means that the first start is not over: no client can have written anything.
	Starting bool             `json:"starting,omitempty"`
	Settings settings.Cluster `json:"settings"`
}

// readRoot reads cluster.json of a data root. Starting is set for a folder that is new, empty or
// left by a first start that was cut short. A folder that holds anything but a cluster's data is
// refused.
func readRoot(dir string) (clusterFile, error) {
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
			return clusterFile{}, usagef("the folder %s holds something, but no cluster's data; choose an empty one with --dir",
				dir)
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
		return f, usagef("%s was written by another program; choose another folder with --dir",
			filepath.Join(dir, clusterName))
	}
	if version.Format != nil && *version.Format != dataFormat {
		by := ""
		if version.Writer != "" {
			by = " by ringside " + escape.TerminalShort([]byte(version.Writer), maxVersion)
		}
		return f, usagef("the data in %s was written in format %d%s, and this program, ringside %s, knows format %d; "+
			"use the program that wrote it, choose another folder with --dir, or delete the data with rm or up --fresh",
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

// isRootFile reports whether an entry of a data root is a file of the cluster itself. A folder of
// such a name is not.
func isRootFile(e os.DirEntry) bool {
	if !e.Type().IsRegular() {
		return false
	}
	if node, probe := strings.CutSuffix(e.Name(), probeSuffix); probe {
		return namePattern.MatchString(node)
	}
	return e.Name() == rootLock || slices.Contains(rootFiles, strings.TrimSuffix(e.Name(), newSuffix))
}

// databaseFile matches the names of the files that a node's database makes, and of the stamp beside
// them.
var databaseFile = regexp.MustCompile(`^(CURRENT(\.bak|\.\d+)?|LOCK|LOG(\.old)?|MANIFEST-\d+|` +
	`\d+\.(log|ldb|sst|tmp)|DOUBT|STAMP(\.new)?)$`)

// foreignInNode returns the path, from the data root, of what is not the cluster's in an entry of
// the data root that is no file of the cluster itself. It returns "" for the folder of a node. Such a
// folder holds only the files of the node's database and the stamp. A symbolic link is taken for
// one, because only the link is ever deleted.
func foreignInNode(dir string, e os.DirEntry) string {
	if !namePattern.MatchString(e.Name()) {
		return e.Name()
	}
	if e.Type()&os.ModeSymlink != 0 {
		return ""
	}
	entries, err := os.ReadDir(filepath.Join(dir, e.Name()))
	if err != nil {
		return e.Name()
	}
	own := func(e os.DirEntry) bool { return e.Type().IsRegular() && databaseFile.MatchString(e.Name()) }
	foreign := slices.IndexFunc(entries, func(e os.DirEntry) bool { return !own(e) })
	switch {
	case foreign < 0:
		return ""
	case !slices.ContainsFunc(entries, own): // the whole folder is another program's
		return e.Name()
	}
	return filepath.Join(e.Name(), entries[foreign].Name())
}

// checkRoot returns why a cluster with the settings s cannot be started in its data root, nil if
// nothing is wrong with the files of the cluster itself.
func checkRoot(dir string, s settings.Cluster) error {
	if err := checkSettings(s); err != nil {
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
			return usagef("%s is a file, and the folder of node %s has to be there; move the file away", path, n)
		}
	}
	return nil
}

// remember writes the settings to the data root.
func (d *disk) remember(s settings.Cluster) error {
	f := clusterFile{Format: dataFormat, Writer: buildinfo.Version(), Starting: d.starting, Settings: s}
	if err := writeJSON(filepath.Join(d.dir, clusterName), f); err != nil {
		return fmt.Errorf("remember the settings: %w", err)
	}
	return nil
}

// clear deletes everything in the data root except its lock. If any entry is not the cluster's,
// clear deletes nothing. It cannot reach anything outside the data root.
func (d *disk) clear() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return fmt.Errorf("clear data root: %w", err)
	}
	if name := foreignEntry(d.dir, entries); name != "" {
		return usagef("%s is not a cluster's; move it away first", filepath.Join(d.dir, escape.Terminal([]byte(name))))
	}
	// Without cluster.json the rest is not recognized as a cluster's data, so cluster.json is
	// deleted last.
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return rootRank(a) - rootRank(b) })
	for _, e := range entries {
		if e.Name() == rootLock {
			continue
		}
		if err := d.root.RemoveAll(e.Name()); err != nil {
			return fmt.Errorf("clear data root: %w", err)
		}
	}
	return nil
}

func rootRank(e os.DirEntry) int {
	if e.Name() == clusterName {
		return 1
	}
	return 0
}

// foreignEntry returns the path, from the data root, of an entry that is not the cluster's, "" if
// there is none. A cluster.json that is damaged is still the cluster's.
func foreignEntry(dir string, entries []os.DirEntry) string {
	for _, e := range entries {
		if e.Name() == clusterName && foreignCluster(dir) {
			return e.Name()
		}
		if isRootFile(e) {
			continue
		}
		if path := foreignInNode(dir, e); path != "" {
			return path
		}
	}
	return ""
}

// foreignCluster reports whether another program wrote the cluster.json in dir.
func foreignCluster(dir string) bool {
	var fields map[string]json.RawMessage
	err := readJSON(filepath.Join(dir, clusterName), &fields)
	return err == nil && fields["format"] == nil && fields["settings"] == nil
}
