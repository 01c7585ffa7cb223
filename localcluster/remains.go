package localcluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ringside/engine/trace"
)

// Remains are what a cluster that is not running has left on disk, and can be deleted.
type Remains struct {
	Name  string
	Roots []string // data folders, each with a cluster's data
	Nodes int      // of which there are folders
	Bytes int64    // in the data folders

	paths paths
	dir   string // where the data is; "" for where the cluster keeps it
	whole bool   // the folder of the cluster in Home, too
}

// homeFiles are what the folder of a cluster in Home holds.
var homeFiles = []string{"lock", "sock", "info.json", "info.json.new", "data", "contexts"}

// FindRemains looks at what the cluster called name has left. With whole it is everything, wherever its data is;
// otherwise its data in dir, or in its usual place if dir is "". A *UsageError says that it is running, that
// there is no such cluster, or that a folder holds what is not a cluster's. Nothing is changed.
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

// Remove deletes the remains, unless they are in use or hold something else by now.
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
	for _, dir := range now.Roots {
		if err := clearRoot(dir); err != nil {
			return err
		}
	}
	if len(now.Roots) > 0 {
		if err := os.RemoveAll(filepath.Join(r.paths.dir, "contexts")); err != nil { // sealed with a secret that is gone
			return err
		}
	}
	if !r.whole {
		return nil
	}
	for _, dir := range now.Roots {
		_ = os.Remove(filepath.Join(dir, rootLock))
		_ = os.Remove(dir) // unless somebody put something there
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

// lock finds the remains and takes the locks of all that is to be deleted, which the caller gives back
// whether or not there is an error.
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

// busy says that the cluster runs, or is about to.
func (r *Remains) busy() error {
	var info Info
	if err := readJSON(r.paths.info, &info); err == nil && answers(r.paths.sock) {
		return usagef("it is running (pid %d); take it down first with: ringside down --cluster %s", info.PID, r.Name)
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
			return usagef("%s is not a cluster's; move it away first", filepath.Join(r.paths.dir, trace.Show([]byte(e.Name()))))
		}
	}
	return nil
}

// candidates are the folders where the data may be.
func (r *Remains) candidates() []string {
	switch {
	case r.dir != "":
		return []string{r.dir}
	case !r.whole:
		return []string{r.paths.data}
	}
	var info Info
	if err := readJSON(r.paths.info, &info); err != nil || info.Dir == "" || info.Dir == r.paths.data {
		return []string{r.paths.data}
	}
	return []string{r.paths.data, info.Dir}
}

// addRoot takes the lock of a data root and adds it to what is to be deleted, if there is anything.
func (r *Remains) addRoot(dir string) (*folderLock, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return isRootFile(e.Name()) }) {
		return nil, usagef("the folder %s holds something, but no cluster's data", dir)
	}
	if name := foreignEntry(dir, entries); name != "" {
		return nil, usagef("%s is not a cluster's; move it away first", filepath.Join(dir, trace.Show([]byte(name))))
	}
	var o owner
	if err := readJSON(filepath.Join(dir, "owner.json"), &o); err == nil && o.Cluster != r.Name {
		if r.whole && dir != r.paths.data { // what another cluster took over stays
			return nil, nil
		}
		return nil, usagef("the data in %s belongs to cluster %s; delete that one", dir, trace.Show([]byte(o.Cluster)))
	}
	l, err := lockFile(filepath.Join(dir, rootLock))
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, inUse(dir)
	}
	nodes := 0
	for _, e := range entries {
		if !isRootFile(e.Name()) {
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

// size adds up the files below dir as far as they can be seen.
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
