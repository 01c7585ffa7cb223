package datadir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/localcluster/config"
)

// An owner is the content of owner.json: the cluster that uses the data root, or used it last.
type owner struct {
	Cluster string `json:"cluster"`
	PID     int    `json:"pid"`
	Home    string `json:"home,omitempty"` // where the cluster is listed; "" in a file of an earlier version
}

// is reports whether the owner is the cluster called name in home.
func (o owner) is(name, home string) bool {
	return o.Cluster == name && (o.Home == "" || sameFolder(o.Home, home))
}

// keeps reports whether the owner's record says that the owner keeps its data in dir. home is the
// home of an owner that names none.
func (o owner) keeps(dir, home string) bool {
	if o.Home != "" {
		home = o.Home
	}
	f, err := FolderOf(home, o.Cluster)
	if err != nil {
		return false
	}
	now, err := f.recorded()
	return err == nil && sameFolder(now, dir)
}

// A root is the data root of a cluster, while this process uses it.
type root struct {
	dir    string
	inside *os.Root // deletions go through it, so that nothing outside can be removed
	lock   *lock
	secret []byte
	runs   *runs

	newborn  bool // this process created the cluster
	starting bool // the cluster's first start is not over: no client can have written anything
}

// openRoot takes the data root dir for the cluster of the options, and returns the cluster's
// settings.
func openRoot(dir string, o config.Options) (_ *root, _ settings.Cluster, err error) {
	want := o.Settings
	if _, err := readClusterFile(dir); err != nil { // before a write into the folder of another program
		return nil, want, err
	}
	if err := privateDir(dir); err != nil {
		return nil, want, fmt.Errorf("open data root %s: %w", dir, err)
	}
	r := &root{dir: dir}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.lock, err = lockFile(filepath.Join(dir, rootLock)); err != nil {
		return nil, want, fmt.Errorf("open data root: %w", err)
	}
	if r.lock == nil {
		return nil, want, inUse(dir)
	}
	f, err := readClusterFile(dir) // another process may have been here before the lock was taken
	if err != nil {
		return nil, want, err
	}
	if r.inside, err = os.OpenRoot(dir); err != nil {
		return nil, want, fmt.Errorf("open data root: %w", err)
	}
	if r.newborn, r.starting = f.Starting, f.Starting; r.newborn {
		if err := r.clear(); err != nil { // an earlier first start may have been cut short
			return nil, want, err
		}
	}
	s, err := f.settle(dir, o)
	if err != nil {
		return nil, want, err
	}
	return r, s, r.fill(owner{Cluster: o.Name, PID: os.Getpid(), Home: o.Home}, s)
}

// fill writes the files that a data root needs before nodes start, and reads its secret and its
// runs.
func (r *root) fill(o owner, s settings.Cluster) error {
	if err := writeJSON(filepath.Join(r.dir, ownerName), o); err != nil {
		return fmt.Errorf("open data root: %w", err)
	}
	if r.starting {
		if err := r.saveSettings(s); err != nil {
			return err
		}
	}
	var made bool
	var err error
	if r.secret, made, err = loadSecret(filepath.Join(r.dir, secretName)); err != nil {
		return err
	}
	r.runs, err = openRuns(r.dir, r.secret, made && !r.newborn)
	return err
}

// inUse returns the error for a data root that another cluster has locked.
func inUse(dir string) error {
	var o owner
	if err := readJSON(filepath.Join(dir, ownerName), &o); err != nil {
		return usage.Errorf("the data in %s is in use by another cluster; take that one down, "+
			"or choose another folder with --dir", dir)
	}
	return usage.Errorf("the data in %s is in use by cluster %s (pid %d); take that one down, "+
		"or choose another folder with --dir", dir, escape.Terminal([]byte(o.Cluster)), o.PID)
}

// loadSecret reads the cluster's secret, and makes one if there is none. If a secret was lost, the
// data can be read, and contexts that were given out earlier are refused.
func loadSecret(path string) (secret []byte, made bool, err error) {
	b, err := readSecret(path)
	if !errors.Is(err, os.ErrNotExist) {
		return b, false, err
	}
	b = newSecret()
	if err := writeFile(path, b); err != nil {
		return nil, false, fmt.Errorf("write secret: %w", err)
	}
	return b, true, nil
}

// readSecret reads the cluster's secret. The error wraps os.ErrNotExist if there is none.
func readSecret(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(b) != wire.SecretSize {
		return nil, fmt.Errorf("read secret: %s has %d bytes, want %d; put the file back from a copy, "+
			"or move it away: then contexts from before are refused", path, len(b), wire.SecretSize)
	}
	return b, nil
}

func newSecret() []byte {
	b := make([]byte, wire.SecretSize)
	_, _ = rand.Read(b) // returns no error: it ends the program instead
	return b
}

// nodeDir returns the folder of one node's database. It closes the folder to other users, because
// the database itself would make one that they can read. It fails if the data root was replaced:
// the folder in its place may be another cluster's.
func (r *root) nodeDir(node string) (string, error) {
	if err := r.lock.gone(); err != nil {
		return "", err
	}
	dir := filepath.Join(r.dir, node)
	return dir, privateDir(dir)
}

// wipe removes a node's folder.
func (r *root) wipe(node string) error {
	if err := errors.Join(r.inside.RemoveAll(node), r.runs.wiped(node)); err != nil {
		return fmt.Errorf("wipe %s: %w", node, err)
	}
	return nil
}

// close releases the data root.
func (r *root) close() {
	if r.inside != nil {
		_ = r.inside.Close()
	}
	if r.lock != nil {
		_ = r.lock.Unlock()
	}
}
