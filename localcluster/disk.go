package localcluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/store/level"
	"ringside/engine/wire"
)

const (
	// MaxNodes bounds a cluster in one process: every pair has two connections
	// and every node a database.
	MaxNodes = 64
	// MaxBasePort is the highest port of a first node: those of all the others are above it.
	MaxBasePort = 1<<16 - MaxNodes
)

// reserved names are files of the data root; a node of that name would collide with them.
var reserved = []string{rootLock, secretName}

// owner is owner.json: who uses the data root, or used it last.
type owner struct {
	Cluster string `json:"cluster"`
	PID     int    `json:"pid"`
	Home    string `json:"home,omitempty"` // where the cluster is listed
}

// disk is a cluster's data root while this process uses it.
type disk struct {
	dir    string
	root   *os.Root // wiping goes through it, so that nothing outside can be removed
	lock   *folderLock
	secret []byte
	runs   *runs

	newborn  bool // this process created the cluster
	starting bool // the cluster's first start is not over: no client can have written anything
}

// openDisk takes the data root dir for the cluster of o and settles its
// settings: those it was created with, or want and the defaults if it is new.
func openDisk(dir string, o owner, want settings.Cluster) (_ *disk, _ settings.Cluster, err error) {
	if _, err := readRoot(dir); err != nil { // before anything is written into a folder of another program
		return nil, want, err
	}
	if err := privateDir(dir); err != nil {
		return nil, want, fmt.Errorf("open data root %s: %w", dir, err)
	}
	d := &disk{dir: dir}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.lock, err = lockFile(filepath.Join(dir, rootLock)); err != nil {
		return nil, want, fmt.Errorf("open data root: %w", err)
	}
	if d.lock == nil {
		return nil, want, inUse(dir)
	}
	f, err := readRoot(dir) // another process may have been here before the lock was ours
	if err != nil {
		return nil, want, err
	}
	if d.root, err = os.OpenRoot(dir); err != nil {
		return nil, want, fmt.Errorf("open data root: %w", err)
	}
	if d.newborn, d.starting = f.Starting, f.Starting; d.newborn {
		if err := d.clear(); err != nil { // an earlier first start may have been cut short
			return nil, want, err
		}
	}
	settings, err := settle(dir, f, o.Cluster, want)
	if err != nil {
		return nil, want, err
	}
	if err := writeJSON(filepath.Join(dir, ownerName), o); err != nil {
		return nil, want, fmt.Errorf("open data root: %w", err)
	}
	if d.starting {
		if err := d.remember(settings); err != nil {
			return nil, want, err
		}
	}
	made := false
	if d.secret, made, err = loadSecret(filepath.Join(dir, secretName)); err != nil {
		return nil, want, err
	}
	d.runs, err = openRuns(dir, d.secret, made && !d.newborn)
	return d, settings, err
}

func inUse(dir string) error {
	var o owner
	if err := readJSON(filepath.Join(dir, ownerName), &o); err != nil {
		return usagef("the data in %s is in use by another cluster; take that one down, or choose another folder with --dir", dir)
	}
	return usagef("the data in %s is in use by cluster %s (pid %d); take that one down, or choose another folder with --dir", dir, escape.Terminal([]byte(o.Cluster)), o.PID)
}

// settle returns the settings of the cluster in dir. Only what the caller asked for can
// differ from what the disk remembers: a zero field means as before.
func settle(dir string, f clusterFile, name string, want settings.Cluster) (settings.Cluster, error) {
	if f.Starting {
		return newSettings(name, want)
	}
	if err := f.Settings.CheckStrategy(want); err != nil {
		return want, usagef("%v", err)
	}
	if diff := f.Settings.Differences(want); len(diff) > 0 {
		return want, usagef("the cluster in %s was created with other settings: %s; "+
			"leave them out to go on with it, start afresh with up --fresh, or choose another folder with --dir",
			dir, strings.Join(diff, ", "))
	}
	f.Settings.Name, f.Settings.Mem = name, false
	return f.Settings, checkRoot(dir, f.Settings)
}

// newSettings returns the settings of a new cluster: want, with the defaults for what it leaves open.
func newSettings(name string, want settings.Cluster) (settings.Cluster, error) {
	s, err := settings.New(name, want)
	if err != nil {
		return s, usagef("%v", err)
	}
	return s, checkSettings(s)
}

// checkSettings returns an error if no cluster in one process can have the settings s.
func checkSettings(s settings.Cluster) error {
	if len(s.Nodes) > MaxNodes {
		return usagef("a cluster has 1 to %d nodes, not %d", MaxNodes, len(s.Nodes))
	}
	for _, n := range s.Nodes {
		if slices.Contains(reserved, n) {
			return usagef("invalid node name %q: the data folder has a file of that name", n)
		}
	}
	if err := s.Check(); err != nil {
		return usagef("%v", err)
	}
	return nil
}

// loadSecret reads the cluster's secret, and makes one if there is none: should
// it be lost, contexts given out earlier are refused, but the data can be read.
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
	_, _ = rand.Read(b) // never fails: it ends the program rather
	return b
}

// node returns the folder of one node's database, made private first because
// the database itself makes folders that others can read. It fails if the data root is another
// folder by now: the folder in its place may be another cluster's.
func (d *disk) node(name string) (string, error) {
	if err := d.lock.gone(); err != nil {
		return "", err
	}
	dir := filepath.Join(d.dir, name)
	return dir, privateDir(dir)
}

// openStore opens the node's database, or rebuilds it if rebuild says what is wrong with it.
func (n *node) openStore(rebuild error) (s store.Store, found finding, err error) {
	if n.mem != nil {
		s = n.mem
		if n.c.roll.settings().Buffer > 0 {
			s = &shared{Store: s}
		}
	} else if s, found, err = n.openDatabase(rebuild); err != nil {
		return nil, found, err
	}
	if delay := n.c.opts.FlushDelay; delay != nil {
		s = slowStore{s, func() time.Duration { return delay(n.name) }}
	}
	if wrap := n.c.opts.wrapStore; wrap != nil {
		s = wrap(n.name, s)
	}
	return s, found, nil
}

// openDatabase opens the node's database on disk.
func (n *node) openDatabase(rebuild error) (store.Store, finding, error) {
	dir, err := n.c.disk.node(n.name)
	if err != nil {
		return nil, finding{}, err
	}
	found, err := n.c.runs.inspect(n.name)
	if err != nil {
		return nil, finding{}, err
	}
	db, report, err := level.Open(dir, level.Options{Lenient: n.lenient, Rebuild: rebuild})
	if err != nil {
		return nil, finding{}, err
	}
	n.lenient = false
	if report.Recovered {
		found = finding{"recovered from damage: " + plainDamage(report.Reason), true}
	}
	return db, found, nil
}

// plainDamage returns the reason of a recovery without the marks by which the layers below tell
// damage apart.
func plainDamage(reason string) string {
	plain := reason
	for _, mark := range []string{"level: open: ", "damaged: ", store.ErrCorrupt.Error() + ": "} {
		plain = strings.ReplaceAll(plain, mark, "")
	}
	return "what could not be read was dropped (" + plain + ")"
}

// A slowStore takes longer to flush than it would.
type slowStore struct {
	store.Store
	delay func() time.Duration
}

// Trust ends the doubt about a recovered store, if there is any.
func (s slowStore) Trust() error { return trust(s.Store) }

func (s slowStore) Apply(batch []store.Write, sync bool) error {
	time.Sleep(s.delay())
	return s.Store.Apply(batch, sync)
}

// beyondRepair adds to the cause what somebody can do about a database that is
// damaged even after it was rebuilt.
func (n *node) beyondRepair(cause error) error {
	if n.mem != nil || !errors.Is(cause, store.ErrCorrupt) {
		return cause
	}
	return fmt.Errorf("%w; the data in %s is damaged beyond repair: move that folder away, and the node starts empty and is refilled by hints and read repair of its peers",
		cause, filepath.Join(n.c.disk.dir, n.name))
}

// wipe loses the node's disk.
func (n *node) wipe() error {
	if n.mem != nil {
		n.mem = store.NewMem()
		return nil
	}
	return n.c.disk.wipe(n.name)
}

// wipe removes a node's folder. It cannot reach anything outside the data root.
func (d *disk) wipe(name string) error {
	if err := errors.Join(d.root.RemoveAll(name), d.runs.wiped(name)); err != nil {
		return fmt.Errorf("wipe %s: %w", name, err)
	}
	return nil
}

// close gives the data root free.
func (d *disk) close() {
	if d.root != nil {
		_ = d.root.Close()
	}
	if d.lock != nil {
		_ = d.lock.Unlock()
	}
}
