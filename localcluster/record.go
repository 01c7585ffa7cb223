package localcluster

import (
	"errors"
	"os"
	"path/filepath"

	"ringside/engine/escape"
)

// A record is the content of info.json, which a cluster writes when it comes up. A later start
// without a folder of its own goes on with the data in the recorded folder.
type record struct {
	Info
	// Home is the home of that start. It is "" in a record of an earlier version.
	Home string `json:"home,omitempty"`
}

// writeInfo writes the record, by which other processes find the cluster.
func (c *Cluster) writeInfo() error {
	r := record{Home: c.opts.Home, Info: Info{
		Name: c.opts.Name, PID: os.Getpid(), Nodes: len(c.roll.nodes()), Started: c.began, Mem: c.opts.Mem}}
	if c.disk != nil {
		r.Dir = c.disk.dir
	}
	return writeJSON(c.paths.info, r)
}

// usual reports whether the recorded folder is the one in the folder of the cluster. The folder of
// a cluster may be moved or copied, and then the data in it moves along.
func (r record) usual(p paths) bool {
	if r.Home != "" {
		return r.Dir == filepath.Join(r.Home, r.Name, "data")
	}
	return filepath.Base(r.Dir) == "data" && filepath.Base(filepath.Dir(r.Dir)) == r.Name && cutShort(p.data)
}

// recorded returns the folder that the record names, p.data if there is no record of a folder. The
// error says that the record cannot be read.
func (p paths) recorded() (dir string, err error) {
	var r record
	err = readJSON(p.info, &r)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil || r.Dir == "" || r.usual(p) || sameFolder(r.Dir, p.data) {
		return p.data, err
	}
	return r.Dir, nil
}

// findData returns the folder of the data for a start that names none. A *UsageError says that the
// folder is not known, lost, or another cluster's by now.
func (p paths) findData() (string, error) {
	home, name := filepath.Split(p.dir)
	dir, err := p.recorded()
	switch {
	case err != nil && !cutShort(p.data):
		return dir, usagef("%s is damaged, so the data folder of cluster %s is not known; name the folder with --dir, "+
			"or delete the cluster with: ringside rm %s", p.info, name, name)
	case err != nil:
		return dir, nil
	}
	if lost := lostFolder(dir); lost != "" && (dir != p.data || cameUp(p)) {
		return dir, usagef("the data folder %s of cluster %s is %s; put the folder back, name another one with --dir, "+
			"or give the cluster up with: ringside rm %s", dir, name, lost, name)
	}
	var o owner
	if dir != p.data && readJSON(filepath.Join(dir, ownerName), &o) == nil && !o.is(name, home) {
		return dir, usagef("the data folder %s of cluster %s belongs to cluster %s by now; name another folder with --dir, "+
			"or give cluster %s up with: ringside rm %s", dir, name, escape.Terminal([]byte(o.Cluster)), name, name)
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
func cameUp(p paths) bool {
	var r record
	return readJSON(p.info, &r) == nil && r.Dir != ""
}

// is reports whether the owner is the cluster called name in home.
func (o owner) is(name, home string) bool {
	return o.Cluster == name && (o.Home == "" || sameFolder(o.Home, home))
}

// refuseMem refuses to start a cluster in memory that would hide data on disk.
func (p paths) refuseMem() error {
	name := filepath.Base(p.dir)
	dir, err := p.recorded()
	if err == nil && !cameUp(p) && !cutShort(dir) {
		return nil
	}
	return usagef("cluster %s keeps data in %s, which a cluster in memory would hide; "+
		"choose another name with --cluster, or delete the data with: ringside rm %s", name, dir, name)
}
