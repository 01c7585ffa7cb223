package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ringside/engine/escape"
	"ringside/engine/usage"
)

// Remains describes the files on disk of a cluster that is not running. Remove deletes them.
type Remains struct {
	Name  string
	Roots []string // data folders, each with a cluster's data
	Nodes int      // nodes that have a folder in Roots
	Bytes int64    // in Roots

	folder Folder
	dir    string // the data folder; "" for the one where the cluster keeps its data
	whole  bool   // the folder of the cluster in Home is deleted also
}

// homeFiles are the entries that the folder of a cluster in Home may have.
var homeFiles = []string{"lock", "sock", "info.json", "info.json" + newSuffix, "data", "contexts", TokenName}

// FindRemains finds the files of the cluster called name and changes nothing. If whole, Remains
// covers everything, wherever the cluster keeps its data. Otherwise Remains covers the data in dir,
// or in the usual place if dir is "". A *usage.Error means that the cluster is running, that there
// is no such cluster, or that a folder holds files of another program.
func FindRemains(home, name, dir string, whole bool) (*Remains, error) {
	f, err := FolderOf(home, name)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return nil, fmt.Errorf("delete %s: %w", name, err)
		}
	}
	r := &Remains{Name: name, folder: f, dir: dir, whole: whole}
	locks, err := r.takeLocks()
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
	now := Remains{Name: r.Name, folder: r.folder, dir: r.dir, whole: r.whole}
	locks, err := now.takeLocks()
	defer unlock(locks)
	if err != nil {
		return err
	}
	if !slices.Equal(now.Roots, r.Roots) { // the caller agreed to delete r.Roots, and no other folder
		return usage.Errorf("its data is now in other folders; nothing was deleted, try again")
	}
	for _, dir := range now.Roots {
		if err := clearRoot(dir); err != nil {
			return err
		}
	}
	if len(now.Roots) > 0 || r.whole {
		// The secret that sealed the contexts is deleted.
		if err := os.RemoveAll(filepath.Join(r.folder.Dir, "contexts")); err != nil {
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
		if err := os.Remove(filepath.Join(r.folder.Dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Remove(r.folder.Dir)
}

func clearRoot(dir string) error {
	inside, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer inside.Close()
	return (&root{dir: dir, inside: inside}).clear()
}

// takeLocks finds the remains and takes the locks of all folders that are to be deleted. The caller
// releases the locks, also after an error.
func (r *Remains) takeLocks() (locks []*lock, err error) {
	if err := r.checkHome(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(r.folder.Dir); err == nil {
		l, err := lockFile(r.folder.Lock)
		if err != nil {
			return nil, err
		}
		if l != nil {
			locks = append(locks, l)
		}
		if l == nil || r.folder.Answers() {
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
	if r.folder.running() {
		return usage.Errorf("it is running (pid %d); take it down first with: ringside down --cluster %s",
			r.folder.PID(), r.Name)
	}
	if r.folder.Holder() != 0 {
		return usage.Errorf("%v", r.folder.Silent(r.Name))
	}
	return usage.Errorf("it is being started or stopped by another process; try again")
}

// checkHome refuses a folder in Home that is not a cluster's.
func (r *Remains) checkHome() error {
	entries, err := os.ReadDir(r.folder.Dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && !r.whole:
		return nil
	case errors.Is(err, os.ErrNotExist), err == nil && len(entries) == 0:
		return usage.Errorf("there is no cluster %s; ls lists them", r.Name)
	case err != nil:
		return err
	}
	for _, e := range entries {
		if r.whole && !slices.Contains(homeFiles, e.Name()) {
			return usage.Errorf("%s is not a cluster's; move it away first",
				filepath.Join(r.folder.Dir, escape.Terminal([]byte(e.Name()))))
		}
	}
	return nil
}

// candidates returns the folders where the data may be.
func (r *Remains) candidates() []string {
	if r.dir != "" {
		return []string{r.dir}
	}
	dir, _ := r.folder.recorded() // a record that is damaged is deleted also
	if !r.whole || dir == r.folder.Data {
		return []string{dir}
	}
	return []string{r.folder.Data, dir}
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
	elsewhere := r.dir == "" && dir != r.folder.Data
	home := filepath.Dir(r.folder.Dir)
	switch {
	case err != nil || o.is(r.Name, home) || !elsewhere && o.Cluster == r.Name:
		return true, nil
	case dir == r.folder.Data && !o.keeps(dir, home):
		return true, nil // the folder of the cluster is a copy of the owner's
	case r.whole && elsewhere:
		return false, nil
	}
	return false, usage.Errorf("the data in %s belongs to cluster %s, which keeps its data there; "+
		"delete that cluster first", dir, escape.Terminal([]byte(o.Cluster)))
}

// addRoot takes the lock of a data root and adds the data root to Roots if there is anything to
// delete in it.
func (r *Remains) addRoot(dir string) (*lock, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(entries, isRootFile) {
		return nil, usage.Errorf("the folder %s holds something, but no cluster's data", dir)
	}
	if name := foreignEntry(dir, entries); name != "" {
		return nil, usage.Errorf("%s is not a cluster's; move it away first",
			filepath.Join(dir, escape.Terminal([]byte(name))))
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

func unlock(locks []*lock) {
	for _, l := range locks {
		_ = l.Unlock()
	}
}
