package localcluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"ringside/engine/trace"
)

// dataFormat is the layout of the data root; another one is not touched. A file that names no
// format was written by the first version.
const dataFormat = 1

// rootFiles are the files of a data root, beside the folders of its nodes. The lock stays when the
// others go: another process may be about to take it.
var rootFiles = []string{"cluster.json", "owner.json", "secret", runsName}

const rootLock = "lock"

// clusterFile is cluster.json: what a data root was created with.
type clusterFile struct {
	Format   int            `json:"format"`
	Writer   string         `json:"writer,omitempty"`   // the version of the program that wrote the file
	Starting bool           `json:"starting,omitempty"` // the first start is not over: no client can have written anything
	Settings trace.Settings `json:"settings"`
}

// Version is the module's version, or the commit that the program was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(len(s.Value), shortCommit)]
		}
	}
	return "devel"
}

// shortCommit is how much of a commit's name tells it from all others.
const shortCommit = 12

// readRoot reads cluster.json of a data root. Starting is set for a folder that is new, empty or left by a
// first start that was cut short. A folder that holds something else than a cluster's data is refused.
func readRoot(dir string) (clusterFile, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return clusterFile{Starting: true}, nil
	}
	if err != nil {
		return clusterFile{}, fmt.Errorf("open data root: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "cluster.json"))
	switch {
	case err == nil:
		return parseClusterFile(dir, b)
	case !errors.Is(err, os.ErrNotExist):
		return clusterFile{}, fmt.Errorf("open data root: %w", err)
	}
	for _, e := range entries {
		if !isRootFile(e.Name()) {
			return clusterFile{}, usagef("the folder %s holds something, but no cluster's data; choose an empty one with --dir", dir)
		}
	}
	return clusterFile{Starting: true}, nil
}

// parseClusterFile looks at the format first: the rest of a file of another version may be different.
func parseClusterFile(dir string, b []byte) (f clusterFile, err error) {
	var version struct {
		Format *int   `json:"format"`
		Writer string `json:"writer"`
	}
	if err := json.Unmarshal(b, &version); err != nil {
		return f, damagedRoot(dir, err)
	}
	if version.Format != nil && *version.Format != dataFormat {
		by := ""
		if version.Writer != "" {
			by = " by ringside " + trace.ShowShort([]byte(version.Writer), maxVersion)
		}
		return f, usagef("the data in %s was written in format %d%s, and this program, ringside %s, knows format %d; "+
			"use the program that wrote it, choose another folder with --dir, or delete the data with rm or up --fresh", dir, *version.Format, by, Version(), dataFormat)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return f, damagedRoot(dir, err)
	}
	return f, nil
}

// maxVersion is how much is shown of the version that a file names.
const maxVersion = 60

func damagedRoot(dir string, cause error) error {
	return fmt.Errorf("open data root: read %s: %w; put the file back from a copy, or delete the cluster with rm", filepath.Join(dir, "cluster.json"), cause)
}

func isRootFile(name string) bool {
	return name == rootLock || strings.HasSuffix(name, probeSuffix) || slices.ContainsFunc(rootFiles, func(f string) bool { return name == f || name == f+".new" })
}

// databaseFile are the names of files that a node's database makes, and of the stamp beside them.
var databaseFile = regexp.MustCompile(`^(CURRENT(\.bak|\.\d+)?|LOCK|LOG(\.old)?|MANIFEST-\d+|\d+\.(log|ldb|sst|tmp)|DOUBT|STAMP(\.new)?)$`)

// isNodeFolder says whether an entry of a data root is the folder of a node, with nothing but its
// database and its stamp, or a link that stands for one.
func isNodeFolder(dir string, e os.DirEntry) bool {
	if !namePattern.MatchString(e.Name()) {
		return false
	}
	if e.Type()&os.ModeSymlink != 0 {
		return true
	}
	entries, err := os.ReadDir(filepath.Join(dir, e.Name()))
	return err == nil && !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !databaseFile.MatchString(e.Name()) })
}

// remember writes the settings to the data root.
func (d *disk) remember(s trace.Settings) error {
	f := clusterFile{Format: dataFormat, Writer: Version(), Starting: d.starting, Settings: s}
	if err := writeJSON(filepath.Join(d.dir, "cluster.json"), f); err != nil {
		return fmt.Errorf("remember the settings: %w", err)
	}
	return nil
}

// clear deletes all that the data root holds but its lock. It refuses to begin if anything there is not the
// cluster's. It cannot reach anything outside the data root.
func (d *disk) clear() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return fmt.Errorf("clear data root: %w", err)
	}
	if name := foreignEntry(d.dir, entries); name != "" {
		return usagef("%s is not a cluster's; move it away first", filepath.Join(d.dir, trace.Show([]byte(name))))
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { // cluster.json is the last to go: without it the rest is not known
		return rootRank(a) - rootRank(b)
	})
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
	if e.Name() == "cluster.json" {
		return 1
	}
	return 0
}

// foreignEntry names an entry of a data root that is not the cluster's, "" if there is none.
func foreignEntry(dir string, entries []os.DirEntry) string {
	for _, e := range entries {
		if !isRootFile(e.Name()) && !isNodeFolder(dir, e) {
			return e.Name()
		}
	}
	return ""
}
