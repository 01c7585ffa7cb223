package datadir

import (
	"errors"
	"os"
	"path/filepath"

	"ringside/engine/escape"
	"ringside/engine/usage"
)

// A record is the content of info.json, which a cluster writes when it comes up. A later start
// without a folder of its own goes on with the data in the recorded folder.
type record struct {
	Info
	// Home is the home of that start. It is "" in a record of an earlier version.
	Home string `json:"home,omitempty"`
}

// usual reports whether the recorded folder is the data folder in the cluster's own folder. The
// cluster's folder may have been moved or copied since, and the data with it.
func (r record) usual(f Folder) bool {
	if r.Home != "" {
		return r.Dir == filepath.Join(r.Home, r.Name, "data")
	}
	return filepath.Base(r.Dir) == "data" && filepath.Base(filepath.Dir(r.Dir)) == r.Name && cutShort(f.Data)
}

// recorded returns the folder that the record names, f.Data if there is no record of a folder. The
// error says that the record cannot be read.
func (f Folder) recorded() (dir string, err error) {
	var r record
	err = readJSON(f.Info, &r)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil || r.Dir == "" || r.usual(f) || sameFolder(r.Dir, f.Data) {
		return f.Data, err
	}
	return r.Dir, nil
}

// findData returns the folder of the data for a start that names none. A *usage.Error means that
// the folder is not known, lost, or another cluster's by now.
func (f Folder) findData() (string, error) {
	home, name := filepath.Split(f.Dir)
	dir, err := f.recorded()
	switch {
	case err != nil && !cutShort(f.Data):
		return dir, usage.Errorf("%s is damaged, so the data folder of cluster %s is not known; name the folder with "+
			"--dir, or delete the cluster with: ringside rm %s", f.Info, name, name)
	case err != nil:
		return dir, nil
	}
	if lost := lostFolder(dir); lost != "" && (dir != f.Data || f.cameUp()) {
		return dir, usage.Errorf("the data folder %s of cluster %s is %s; put the folder back, name another one with "+
			"--dir, or give the cluster up with: ringside rm %s", dir, name, lost, name)
	}
	var o owner
	if dir != f.Data && readJSON(filepath.Join(dir, ownerName), &o) == nil && !o.is(name, home) {
		return dir, usage.Errorf("the data folder %s of cluster %s belongs to cluster %s by now; name another folder "+
			"with --dir, or give cluster %s up with: ringside rm %s", dir, name,
			escape.Terminal([]byte(o.Cluster)), name, name)
	}
	return dir, nil
}

// lostFolder returns why a data folder that was in use holds no data, "" if it may hold some.
func lostFolder(dir string) string {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "gone"
	case err == nil && len(entries) == 0: // also a place where no disk is mounted
		return "empty"
	}
	return ""
}

// cameUp reports whether the cluster has come up with data on disk before.
func (f Folder) cameUp() bool {
	var r record
	return readJSON(f.Info, &r) == nil && r.Dir != ""
}

// refuseMem refuses to start a cluster in memory that would hide data on disk.
func (f Folder) refuseMem() error {
	name := filepath.Base(f.Dir)
	dir, err := f.recorded()
	if err == nil && !f.cameUp() && !cutShort(dir) {
		return nil
	}
	return usage.Errorf("cluster %s keeps data in %s, which a cluster in memory would hide; "+
		"choose another name with --cluster, or delete the data with: ringside rm %s", name, dir, name)
}
