package datadir

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

const (
	rootLock    = "lock"
	clusterName = "cluster.json"
	ownerName   = "owner.json"
	secretName  = "secret"
)

// TokenName is the name of the file with the token of the HTTP API, in the folder of a cluster in a
// home. The owner of the API writes it.
const TokenName = "http.token"

// rootFiles are the files of a data root, beside its lock and the folders of its nodes. The lock
// stays when the others are deleted: another process may be about to take the lock.
var rootFiles = []string{clusterName, ownerName, secretName, runsName}

// firstFiles are the files that a first start may leave if it is cut short before cluster.json is
// written.
var firstFiles = []string{rootLock, ownerName, ownerName + newSuffix, clusterName + newSuffix}

// isRootFile reports whether an entry of a data root is a file of the cluster itself. A folder of
// such a name is not.
func isRootFile(e os.DirEntry) bool {
	if !e.Type().IsRegular() {
		return false
	}
	if node, probe := strings.CutSuffix(e.Name(), probeSuffix); probe {
		return wire.ValidName(node)
	}
	return e.Name() == rootLock || slices.Contains(rootFiles, strings.TrimSuffix(e.Name(), newSuffix))
}

// databaseFile matches the names of the files that a node's database makes, and of the stamp beside
// them.
var databaseFile = regexp.MustCompile(`^(CURRENT(\.bak|\.\d+)?|LOCK|LOG(\.old)?|MANIFEST-\d+|` +
	`\d+\.(log|ldb|sst|tmp)|DOUBT|STAMP(\.new)?)$`)

// foreignInNode looks at an entry of the data root that is not a file of the cluster itself. It
// returns "" if the entry is the folder of a node, which holds only the files of the node's
// database and the stamp. Otherwise it returns the path, from the data root, of another program's
// file or folder. A symbolic link counts as the folder of a node, because only the link is ever
// deleted.
func foreignInNode(dir string, e os.DirEntry) string {
	if !wire.ValidName(e.Name()) {
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

// clear deletes everything in the data root except its lock. If any entry is not the cluster's,
// clear deletes nothing. It cannot reach anything outside the data root.
func (r *root) clear() error {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return fmt.Errorf("clear data root: %w", err)
	}
	if name := foreignEntry(r.dir, entries); name != "" {
		return usage.Errorf("%s is not a cluster's; move it away first",
			filepath.Join(r.dir, escape.Terminal([]byte(name))))
	}
	// Without cluster.json the rest is not recognized as a cluster's data, so cluster.json is
	// deleted last.
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return rootRank(a) - rootRank(b) })
	for _, e := range entries {
		if e.Name() == rootLock {
			continue
		}
		if err := r.inside.RemoveAll(e.Name()); err != nil {
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
