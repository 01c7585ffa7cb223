package localcluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ringside/engine/escape"
)

// Remains describes the files on disk of a cluster that is not running. Remove deletes them.
type Remains struct {
	Name  string
	Roots []string // data folders, each with a cluster's data
	Nodes int      // nodes that have a folder in Roots
	Bytes int64    // in Roots

	paths paths
	dir   string // the data folder; "" for the one where the cluster keeps its data
	whole bool   // the folder of the cluster in Home is deleted also
}

// homeFiles are the entries that the folder of a cluster in Home may have.
var homeFiles = []string{"lock", "sock", "info.json", "info.json" + newSuffix, "data", "contexts"}

// FindRemains finds the files of the cluster called name and changes nothing. If whole, Remains
// covers everything, wherever the cluster keeps its data. Otherwise Remains covers the data in dir,
// or in the usual place if dir is "". A *UsageError says that the cluster is running, that there is
// no such cluster, or that a folder holds files of another program.
func FindRemains(home, name, dir string, whole bool) (*Remains, error) {
	p, err := pathsOf(home, name)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return nil, fmt.Errorf("delete %s: %w", name, err)
		}
	}
	r := &Remains{Name: name, paths: p, dir: dir, whole: whole}
	locks, err := r.lock()
	unlock(locks)
	if err != nil {
		return nil, fmt.Errorf("delete %s: %w", name, err)
	}
	return r, nil
}

// Remove deletes the remains. It fails if they are in use, hold files of another program, or are in
// other folders by now.
func (r *Remains) Remove() error {
	if err := r.remove(); err != nil {
		return fmt.Errorf("delete %s: %w", r.Name, err)
	}
	return nil
}

func (r *Remains) remove() error {
	now := Remains{Name: r.Name, paths: r.paths, dir: r.dir, whole: r.whole}
	locks, err := now.lock()
	defer unlock(locks)
	if err != nil {
		return err
	}
	if !slices.Equal(now.Roots, r.Roots) { // the caller agreed to delete r.Roots, and no other folder
		return usagef("its data is now in other folders; nothing was deleted, try again")
	}
	for _, dir := range now.Roots {
		if err := clearRoot(dir); err != nil {
			return err
		}
	}
	if len(now.Roots) > 0 {
		// The secret that sealed the contexts is deleted.
		if err := os.RemoveAll(filepath.Join(r.paths.dir, "contexts")); err != nil {
			return err
		}
	}
	if !r.whole {
		return nil
	}
	for _, dir := range now.Roots {
		_ = os.Remove(filepath.Join(dir, rootLock))
		_ = os.Remove(dir) // fails if another program has put a file there meanwhile
	}
	for _, name := range homeFiles {
		if err := os.Remove(filepath.Join(r.paths.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Remove(r.paths.dir)
}

func clearRoot(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return (&disk{dir: dir, root: root}).clear()
}

// lock finds the remains and takes the locks of all folders that are to be deleted. The caller
// releases the locks, also after an error.
func (r *Remains) lock() (locks []*folderLock, err error) {
	if err := r.checkHome(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(r.paths.dir); err == nil {
		l, err := lockFile(r.paths.lock)
		if err != nil {
			return nil, err
		}
		if l != nil {
			locks = append(locks, l)
		}
		if l == nil || answers(r.paths.sock) {
			return locks, r.busy()
		}
	}
	for _, dir := range r.candidates() {
		l, err := r.addRoot(dir)
		if l != nil {
			locks = append(locks, l)
		}
		if err != nil {
			return locks, err
		}
	}
	return locks, nil
}

// busy returns the error for a cluster that runs, or is about to run.
func (r *Remains) busy() error {
	var info Info
	if err := readJSON(r.paths.info, &info); err == nil && answers(r.paths.sock) {
		return usagef("it is running (pid %d); take it down first with: ringside down --cluster %s", info.PID, r.Name)
	}
	if lockedBy(r.paths.lock) != 0 {
		return usagef("%v", silent(r.paths, r.Name))
	}
	return usagef("it is being started or stopped by another process; try again")
}

// checkHome refuses a folder in Home that is not a cluster's.
func (r *Remains) checkHome() error {
	entries, err := os.ReadDir(r.paths.dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && !r.whole:
		return nil
	case errors.Is(err, os.ErrNotExist), err == nil && len(entries) == 0:
		return usagef("there is no cluster %s; ls lists them", r.Name)
	case err != nil:
		return err
	}
	for _, e := range entries {
		if r.whole && !slices.Contains(homeFiles, e.Name()) {
			return usagef("%s is not a cluster's; move it away first",
				filepath.Join(r.paths.dir, escape.Terminal([]byte(e.Name()))))
		}
	}
	return nil
}

// candidates returns the folders where the data may be.
func (r *Remains) candidates() []string {
	if r.dir != "" {
		return []string{r.dir}
	}
	dir, _ := r.paths.recorded() // a record that is damaged is deleted also
	if !r.whole || dir == r.paths.data {
		return []string{dir}
	}
	return []string{r.paths.data, dir}
}

// sameFolder reports whether two paths lead to the same folder.
func sameFolder(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return a == b || errX == nil && errY == nil && os.SameFile(x, y)
}

// owns reports whether the data in dir is this cluster's. It is false for the data of a cluster
// with --dir that another cluster, perhaps in another home, has taken over since: that data stays.
func (r *Remains) owns(dir string) (bool, error) {
	var o owner
	err := readJSON(filepath.Join(dir, ownerName), &o)
	elsewhere := r.dir == "" && dir != r.paths.data
	home := filepath.Dir(r.paths.dir)
	switch {
	case err != nil || o.is(r.Name, home) || !elsewhere && o.Cluster == r.Name:
		return true, nil
	case dir == r.paths.data && !o.keeps(dir, home):
		return true, nil // the folder of the cluster is a copy of the owner's
	case r.whole && elsewhere:
		return false, nil
	}
	return false, usagef("the data in %s belongs to cluster %s, which keeps its data there; delete that cluster first",
		dir, escape.Terminal([]byte(o.Cluster)))
}

// keeps reports whether the owner's record says that it keeps its data in dir. home is the home of
// an owner that names none.
func (o owner) keeps(dir, home string) bool {
	if o.Home != "" {
		home = o.Home
	}
	p, err := pathsOf(home, o.Cluster)
	if err != nil {
		return false
	}
	now, err := p.recorded()
	return err == nil && sameFolder(now, dir)
}

// addRoot takes the lock of a data root and adds the data root to Roots if there is anything to
// delete in it.
func (r *Remains) addRoot(dir string) (*folderLock, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(entries, isRootFile) {
		return nil, usagef("the folder %s holds something, but no cluster's data", dir)
	}
	if name := foreignEntry(dir, entries); name != "" {
		return nil, usagef("%s is not a cluster's; move it away first", filepath.Join(dir, escape.Terminal([]byte(name))))
	}
	if mine, err := r.owns(dir); err != nil || !mine { // before the lock: the other cluster may hold it
		return nil, err
	}
	l, err := lockFile(filepath.Join(dir, rootLock))
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, inUse(dir)
	}
	if mine, err := r.owns(dir); err != nil || !mine { // another cluster had it between the two looks
		return l, err
	}
	nodes := 0
	for _, e := range entries {
		if !isRootFile(e) {
			nodes++
		}
	}
	if r.whole || nodes > 0 || cutShort(dir) {
		r.Roots = append(r.Roots, dir)
	}
	r.Nodes += nodes
	r.Bytes += size(dir)
	return l, nil
}

// size returns the bytes of all files below dir that can be read.
func size(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}

func unlock(locks []*folderLock) {
	for _, l := range locks {
		_ = l.Unlock()
	}
}
