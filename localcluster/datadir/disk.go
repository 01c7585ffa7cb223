package datadir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ringside/engine/store"
	"ringside/engine/store/level"
)

// probeSuffix ends the name of the file that HasRoom writes.
const probeSuffix = ".probe"

// A Disk is the disk of one node: a folder of the data root with a database, or the memory of a
// cluster in memory. It outlives the node's crashes.
type Disk struct {
	node string
	root *root // nil in memory
	runs *runs
	mem  *store.Mem // nil on disk

	// Memory is the number of bytes that the database may use for buffers and caches, about.
	Memory int
	// Lenient makes the next Open drop damage that the database meets while it reads its journal.
	// It is set after a write that failed because of damage.
	Lenient bool
}

// InMemory reports whether the data is lost with the process.
func (d *Disk) InMemory() bool { return d.mem != nil }

// Open opens the node's store. If damage is not nil, it is the reason why an earlier store could
// not be read, and Open rebuilds the database from what can be read. The error wraps
// store.ErrCorrupt if the disk can be read in parts only.
func (d *Disk) Open(damage error) (store.Store, Finding, error) {
	if d.mem != nil {
		return d.mem, Finding{}, nil
	}
	dir, err := d.root.nodeDir(d.node)
	if err != nil {
		return nil, Finding{}, err
	}
	found, err := d.runs.inspect(d.node)
	if err != nil {
		return nil, Finding{}, err
	}
	db, report, err := level.Open(dir, level.Options{Lenient: d.Lenient, Rebuild: damage, Memory: d.Memory})
	if err != nil {
		return nil, Finding{}, err
	}
	d.Lenient = false
	if report.Recovered {
		found = Finding{"recovered from damage: " + plainDamage(report.Reason), true}
	}
	return db, found, nil
}

// plainDamage returns the reason of a recovery without the marks by which the packages below tell
// damage apart.
func plainDamage(reason string) string {
	plain := reason
	for _, mark := range []string{"level: open: ", "damaged: ", store.ErrCorrupt.Error() + ": "} {
		plain = strings.ReplaceAll(plain, mark, "")
	}
	return "what could not be read was dropped (" + plain + ")"
}

// BeyondRepair adds to an error of a rebuilt database what the user can do about it. It returns any
// other error as it is.
func (d *Disk) BeyondRepair(cause error) error {
	if d.mem != nil || !errors.Is(cause, store.ErrCorrupt) {
		return cause
	}
	return fmt.Errorf("%w; the data in %s is damaged beyond repair: move that folder away, and the node starts empty "+
		"and is refilled by hints and read repair of its peers", cause, filepath.Join(d.root.dir, d.node))
}

// LastRun returns the number of the node's latest run, 0 if the node has not run.
func (d *Disk) LastRun() uint64 { return d.runs.last(d.node) }

// RecordRun records a run of the node outside the node's folder. The run's first batch is durable,
// and no message of the run has left the node yet.
func (d *Disk) RecordRun(number uint64) error { return d.runs.began(d.node, number) }

// Wipe deletes the node's data. The store is closed.
func (d *Disk) Wipe() error {
	if d.mem != nil {
		d.mem = store.NewMem()
		return nil
	}
	return d.root.wipe(d.node)
}

// HasRoom returns nil if size bytes can be written to the disk. It writes and deletes a file of
// that size. The error says why there is no room.
func (d *Disk) HasRoom(size int64) (err error) {
	if d.mem != nil {
		return nil
	}
	path := filepath.Join(d.root.dir, d.node+probeSuffix)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("look for room: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close(), os.Remove(path)); err != nil {
			err = fmt.Errorf("look for room: %w", err)
		}
	}()
	if _, err := io.CopyN(f, zeros{}, size); err != nil {
		return err
	}
	return f.Sync() // some file systems report a full disk only here
}

// zeros is an endless reader of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
