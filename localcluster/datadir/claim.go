package datadir

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/localcluster/config"
)

// A Claim is a cluster's hold on its folders. No other process can use the folders until Release.
type Claim struct {
	Folder Folder
	Secret []byte // seals contexts and proves a connection; wire.SecretSize bytes

	opts config.Options
	lock *lock
	root *root // nil for a cluster in memory
	runs *runs
}

// Check returns the *usage.Error with which Take would refuse the options, and writes nothing.
func Check(o config.Options) error {
	_, err := Foresee(o)
	return err
}

// Foresee returns the settings that Take would return, and writes nothing. The error is that of
// Check.
func Foresee(o config.Options) (settings.Cluster, error) {
	_, s, err := check(o)
	return s, err
}

// check returns the folder of the data, "" for a cluster in memory, and the settings, if the
// options are valid.
func check(o config.Options) (dir string, s settings.Cluster, err error) {
	o.Name = cmp.Or(o.Name, config.DefaultName)
	if err := o.Check(); err != nil {
		return "", s, err
	}
	f, err := FolderOf(o.Home, o.Name)
	if err != nil {
		return "", s, err
	}
	switch err := f.checkSocket(); {
	case err != nil:
		return "", s, err
	case f.running():
		return "", s, f.alreadyRunning(o.Name)
	case o.Mem:
		if err := f.refuseMem(); err != nil {
			return "", s, err
		}
		s, err = config.NewSettings(o.Name, o.Settings)
		return "", s, err
	case o.Dir != "":
		dir = o.Dir
	default:
		if dir, err = f.findData(); err != nil {
			return "", s, err
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", s, fmt.Errorf("open data root: %w", err)
	}
	file, err := readClusterFile(dir)
	if err != nil {
		return "", s, err
	}
	s, err = file.settle(dir, o)
	return dir, s, err
}

// Take takes the folders of a cluster, and returns the cluster's settings: those with which its
// data was created, or o.Settings and the defaults. If the options are refused, Take leaves nothing
// behind.
func Take(o config.Options) (*Claim, settings.Cluster, error) {
	o.Name = cmp.Or(o.Name, config.DefaultName)
	dir, _, err := check(o)
	if err != nil {
		return nil, o.Settings, err
	}
	f, err := FolderOf(o.Home, o.Name)
	if err != nil {
		return nil, o.Settings, err
	}
	_, absent := os.Lstat(f.Dir)
	if err := f.create(); err != nil {
		return nil, o.Settings, err
	}
	c := &Claim{Folder: f, opts: o}
	if c.lock, err = lockFile(f.Lock); err != nil {
		return nil, o.Settings, err
	}
	if c.lock == nil {
		return nil, o.Settings, f.alreadyRunning(o.Name)
	}
	s, err := c.takeData(dir)
	if err != nil {
		if absent != nil { // Take has made the folder
			_ = os.Remove(f.Lock)
			_ = os.Remove(f.Dir) // fails if the folder holds another file
		}
		_ = c.lock.Unlock()
		return nil, s, err
	}
	// These two settings are those of this run, whatever the last run had.
	s.NoAntiEntropy, s.Tombstones = o.Settings.NoAntiEntropy, o.Settings.Tombstones
	return c, s, nil
}

// takeData opens the data root dir, or makes a secret for a cluster in memory.
func (c *Claim) takeData(dir string) (s settings.Cluster, err error) {
	if c.opts.Mem {
		if err := c.Folder.refuseMem(); err != nil { // another process may have been here since check
			return c.opts.Settings, err
		}
		c.Secret, c.runs = newSecret(), newRuns()
		if err := os.RemoveAll(filepath.Join(c.Folder.Dir, "contexts")); err != nil { // sealed with a lost secret
			return c.opts.Settings, fmt.Errorf("delete the contexts of an earlier cluster: %w", err)
		}
		s, err = config.NewSettings(c.opts.Name, c.opts.Settings)
		s.Mem = true
		return s, err
	}
	if c.root, s, err = openRoot(dir, c.opts); err != nil {
		return s, err
	}
	c.Secret, c.runs = c.root.secret, c.root.runs
	return s, nil
}

// DataDir returns the data root, "" for a cluster in memory.
func (c *Claim) DataDir() string {
	if c.root == nil {
		return ""
	}
	return c.root.dir
}

// Disk returns the disk of a node.
func (c *Claim) Disk(node string) *Disk {
	d := &Disk{node: node, root: c.root, runs: c.runs}
	if c.root == nil {
		d.mem = store.NewMem()
	}
	return d
}

// Gone returns an error if one of the folders was deleted or replaced since Take.
func (c *Claim) Gone() error {
	err := c.lock.gone()
	if err == nil && c.root != nil {
		err = c.root.lock.gone()
	}
	return err
}

// SaveInfo writes info.json, by which other processes find the cluster.
func (c *Claim) SaveInfo(nodes int, started time.Time) error {
	return writeJSON(c.Folder.Info, record{Home: c.opts.Home, Info: Info{Name: c.opts.Name, PID: os.Getpid(),
		Nodes: nodes, Started: started, Mem: c.opts.Mem, Dir: c.DataDir()}})
}

// SaveSettings writes the settings to the data root.
func (c *Claim) SaveSettings(s settings.Cluster) error {
	if c.root == nil {
		return nil
	}
	return c.root.saveSettings(s)
}

// EndFirstStart writes the settings, and records that clients may write from now on: a later start
// keeps the data.
func (c *Claim) EndFirstStart(s settings.Cluster) error {
	if c.root == nil {
		return nil
	}
	c.root.starting = false
	return c.root.saveSettings(s)
}

// Discard deletes the data if this process created the cluster. It is for a first start that fails
// before a client could connect. The cluster's nodes are closed.
func (c *Claim) Discard() {
	if c.root != nil && c.root.newborn {
		_ = c.root.clear() // the next start clears the rest
	}
}

// Release gives the folders to other processes. A cluster in memory leaves no info.json.
func (c *Claim) Release() error {
	if c.root != nil {
		c.root.close()
	}
	if c.opts.Mem && c.Gone() == nil {
		if err := os.Remove(c.Folder.Info); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errors.Join(err, c.lock.Unlock())
		}
	}
	return c.lock.Unlock()
}
