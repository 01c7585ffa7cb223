package level

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/syndtr/goleveldb/leveldb"
	lerrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/filter"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"
	"github.com/syndtr/goleveldb/leveldb/util"

	"ringside/engine/store"
)

// Sizes of one open database: a machine runs many nodes, and an open database
// takes about its write buffer in memory.
const (
	writeBuffer = 1 << 20
	blockCache  = 256 << 10
	openFiles   = 16 // tables kept open; each is a file descriptor
	bloomBits   = 10 // a bit key: about 1 % of absent keys cost a read
	// wholeLevel, in tables, is more than a level ever has: taken table by table,
	// a level leaves gaps, and what is below a gap is not written again.
	wholeLevel = 1 << 20
)

// Options of Open; the zero value is right for a first open.
type Options struct {
	// Lenient opens past damage in tables, and compaction drops what is
	// damaged, where a strict store fails each write that sets one off. For a
	// reopen after an Apply that failed with store.ErrCorrupt. The report
	// says Recovered.
	Lenient bool
	// Rebuild, if not nil, is what made the store unreadable: damage that a scan
	// met in a table, which opening does not see. Open is lenient then, and
	// writes every table again without its damaged blocks, so that scans end.
	// The report says Recovered.
	Rebuild error

	openDisk func() (storage.Storage, error) // for tests; nil: the folder's files
}

// A Report tells what Open found.
type Report struct {
	// Recovered: records that had been durable may be gone. The caller's
	// counters are no longer to be trusted; take a new incarnation. It is
	// reported on every open until Store.Trust is called.
	Recovered bool
	Reason    string // of Recovered
}

// ErrInUse is wrapped by Open if the folder is open already, here or in another process.
var ErrInUse = errors.New("in use by another process, or open already")

// Open opens the database in dir, or makes one, with the folder for its owner
// alone.
//
// It opens strictly first. What a killed process leaves behind, a last batch
// that ends with its file, is cut off in silence: nobody was told that it was
// durable. On any other damage it opens leniently, drops what is damaged, and
// the report says so. Damage that is left after that is returned as
// store.ErrCorrupt, and other errors (permissions, a full disk, ErrInUse) as
// they are.
func Open(dir string, opts Options) (*Store, Report, error) {
	if err := makeDir(dir); err != nil {
		return nil, Report{}, fmt.Errorf("level: open: %w", err)
	}
	if opts.openDisk == nil {
		opts.openDisk = func() (storage.Storage, error) { return storage.OpenFile(dir, false) }
	}
	report, err := readDoubt(dir)
	if err != nil {
		return nil, Report{}, fmt.Errorf("level: open: %w", err)
	}
	switch {
	case report.Recovered:
	case opts.Rebuild != nil:
		report = Report{Recovered: true, Reason: opts.Rebuild.Error()}
	case opts.Lenient:
		report = Report{Recovered: true, Reason: "opened leniently, as asked for"}
	}
	for _, a := range attempts {
		if a.strict && (opts.Lenient || opts.Rebuild != nil) {
			continue
		}
		if !a.strict { // before anything is dropped
			if err := writeDoubt(dir, report.Reason); err != nil {
				return nil, Report{}, fmt.Errorf("level: open: %w", err)
			}
		}
		var s *Store
		s, err = a.try(dir, opts)
		if err == nil {
			return s, report, nil
		}
		if !errors.Is(err, errDamaged) {
			break
		}
		if !report.Recovered {
			report = Report{Recovered: true, Reason: err.Error()}
		}
	}
	return nil, Report{}, fmt.Errorf("level: open %s: %w", dir, err)
}

// An attempt is one way to open a database.
type attempt struct {
	strict bool
	flags  opt.Strict
	open   func(storage.Storage, *opt.Options) (*leveldb.DB, error)
}

// The attempts, in the order of what they leave standing. A damaged manifest is
// never read leniently, since tables that it then does not name are deleted;
// Recover builds a new one from the tables themselves. Recover is strict, and
// drops a whole table for one bad block: a lenient one writes such a table again
// in the wrong order and with the wrong filter, so that reads miss keys or panic.
var attempts = []attempt{
	{true, opt.StrictManifest | opt.StrictJournal | opt.DefaultStrict, leveldb.Open},
	{false, lenient | opt.StrictManifest, leveldb.Open},
	{false, lenient | opt.StrictRecovery, leveldb.Recover},
}

// lenient still verifies every checksum and fails reads of what is damaged,
// but drops damaged journal batches, and damaged blocks in compaction.
const lenient = opt.StrictJournalChecksum | opt.StrictBlockChecksum | opt.StrictReader

// errDamaged marks the errors that a more lenient attempt may get past.
var errDamaged = fmt.Errorf("damaged: %w", store.ErrCorrupt)

// try opens dir with a storage of its own, since goleveldb does not give back
// the lock on one when it panics.
func (a attempt) try(dir string, opts Options) (_ *Store, err error) {
	raw, err := opts.openDisk()
	if err != nil {
		if errors.Is(err, syscall.EAGAIN) || errors.Is(err, storage.ErrLocked) {
			return nil, ErrInUse
		}
		return nil, err
	}
	d := &disk{Storage: raw, dir: dir}
	defer func() {
		if p := recover(); p != nil { // goleveldb does, on some damage
			err = fmt.Errorf("%w: panic: %v", errDamaged, p)
		}
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.intact, err = tornTails(raw); err != nil {
		return nil, err
	}
	options := goleveldbOptions(a.flags)
	if opts.Rebuild != nil { // rewrite must take each level whole
		options.CompactionSourceLimitFactor = wholeLevel
	}
	db, err := a.open(d, options)
	if err == nil && opts.Rebuild != nil {
		if err = rewrite(db); err != nil {
			_ = db.Close()
		}
	}
	switch {
	case errors.Is(err, storage.ErrLocked):
		return nil, ErrInUse
	case lerrors.IsCorrupted(err):
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	case err != nil:
		return nil, err
	}
	return &Store{db: db, disk: d}, nil
}

// rewrite writes every table again; a lenient store leaves out what is damaged.
// A compaction of everything passes over tables that nothing above them
// overlaps, so two keys around all spaces see to it that something does.
func rewrite(db *leveldb.DB) error {
	edges := [][]byte{{0}, {0xff}}
	for _, k := range edges {
		if err := db.Put(k, k, nil); err != nil {
			return err
		}
	}
	if err := db.CompactRange(util.Range{}); err != nil {
		return err
	}
	for _, k := range edges {
		if err := db.Delete(k, nil); err != nil {
			return err
		}
	}
	it := db.NewIterator(nil, nil)
	defer it.Release()
	for it.Next() {
	}
	return it.Error()
}

func goleveldbOptions(flags opt.Strict) *opt.Options {
	return &opt.Options{
		WriteBuffer:            writeBuffer,
		BlockCacheCapacity:     blockCache,
		OpenFilesCacheCapacity: openFiles,
		Filter:                 filter.NewBloomFilter(bloomBits),
		Strict:                 flags,
		NoWriteMerge:           true, // one writer
		// Every batch goes through the journal, so that there is one way to be durable.
		DisableLargeBatchTransaction: true,
	}
}

// makeDir makes the folder before goleveldb would, which makes it for everybody.
func makeDir(dir string) error {
	_, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		return syncDir(filepath.Dir(dir))
	}
	if err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
