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

// Sizes of one open database. A process runs many nodes, so the sizes depend on Options.Memory. A
// full write buffer becomes a table, and tables have to be merged, so a large buffer saves work.
// Values that were read or written recently are kept one by one. goleveldb's cache of blocks is
// off, because a block has many values of which few are used, and because a scan for damage has to
// meet the disk. An open table keeps its index and its filter in memory.
const (
	leastBuffer, mostBuffer = 512 << 10, 16 << 20 // bytes of the write buffer
	bufferPart              = 3                   // the part of the memory, one in bufferPart, for the write buffer
	tablePart               = 8                   // the part for open tables, one in tablePart; values take the rest
	indexPart               = 5                   // for so many bytes of values their index takes one byte

	leastFiles, mostFiles = 16, 128   // tables kept open; each is a file descriptor
	filePart              = 128 << 10 // bytes of the memory for which one more table is kept open

	// tableSize and firstLevel are the bytes of a table and of the first level. A database of a few
	// hundred thousand keys then has one level, and each key is merged once instead of several
	// times.
	tableSize, firstLevel = 8 << 20, 64 << 20

	bloomBits = 10 // per key; about 1 % of absent keys cost a read
	// wholeLevel, in tables, is more than a level ever has. A compaction that takes a level table
	// by table leaves gaps, and does not write again what is below a gap.
	wholeLevel = 1 << 20
)

// Options are the choices of Open. The zero value is right for a first open.
type Options struct {
	// Lenient opens a database with damaged tables, and lets compaction drop what is damaged. A
	// strict store fails each write that starts such a compaction. Lenient is for opening again
	// after an Apply whose error wraps store.ErrCorrupt. The report says Recovered.
	Lenient bool
	// Rebuild, if not nil, is the error of a scan that met damage in a table, which Open does not
	// read. Open is then lenient and writes every table again without its damaged blocks, so that
	// scans succeed. The report says Recovered.
	Rebuild error
	// Memory is about the number of bytes that the database may use for buffers and for the values
	// that it keeps. A database with little memory has the least buffer, 512 KiB, and keeps none.
	Memory int

	openDisk func() (storage.Storage, error) // for tests; nil: the folder's files
}

// A Report says what Open found.
type Report struct {
	// Recovered means that durable records may be gone. The caller must not trust its counters, and
	// takes a new incarnation. Every Open says Recovered until Store.Trust is called.
	Recovered bool
	Reason    string // why Recovered is set
}

// ErrInUse is the error of Open for a folder that is open, in this process or in another one.
var ErrInUse = errors.New("in use by another process, or open already")

// Open opens the database in dir, or creates one. Only the owner may use the folder.
//
// Open first opens strictly. A killed process may leave a last batch that its file cuts off. Open
// drops that batch without a report, because the batch was never acknowledged as durable. On any
// other damage Open opens leniently, drops what is damaged, and the report says Recovered. If that
// does not help, the error wraps store.ErrCorrupt. Other errors (permissions, a full disk,
// ErrInUse) are returned as they are.
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

// attempts are ordered by how much they keep. A damaged manifest is never read leniently, because
// goleveldb would delete the tables that it does not name; Recover builds a new manifest from the
// tables. Recover is strict and drops a whole table for one bad block. A lenient Recover would
// write such a table in the wrong order and with the wrong filter, so that reads miss keys or
// panic.
var attempts = []attempt{
	{true, opt.StrictManifest | opt.StrictJournal | opt.DefaultStrict, leveldb.Open},
	{false, lenient | opt.StrictManifest, leveldb.Open},
	{false, lenient | opt.StrictRecovery, leveldb.Recover},
}

// lenient still verifies every checksum and fails reads of damaged blocks. It drops damaged batches
// of a journal, and damaged blocks in a compaction.
const lenient = opt.StrictJournalChecksum | opt.StrictBlockChecksum | opt.StrictReader

// errDamaged marks the errors after which a more lenient attempt may succeed.
var errDamaged = fmt.Errorf("damaged: %w", store.ErrCorrupt)

// try opens dir with a storage of its own, because goleveldb keeps the lock of a storage when it
// panics.
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
		if p := recover(); p != nil { // goleveldb panics on some damage
			err = fmt.Errorf("%w: panic: %v", errDamaged, p)
		}
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.intact, err = soundParts(raw); err != nil {
		return nil, err
	}
	options := goleveldbOptions(a.flags, sizesOf(opts.Memory))
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
	s := &Store{db: db, disk: d}
	d.pace.open.Store(true)
	if a.strict {
		s.values.begin(sizesOf(opts.Memory).values)
	}
	return s, nil
}

// rewrite writes every table again. A lenient store leaves out what is damaged. A compaction skips
// tables that no table above them overlaps, so rewrite first puts two keys around all spaces.
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

// sizes are the bytes that an open database uses for each purpose, and the number of tables that it
// keeps open.
type sizes struct{ buffer, values, files int }

// sizesOf divides the memory of a database.
func sizesOf(memory int) sizes {
	s := sizes{
		buffer: min(max(memory/bufferPart, leastBuffer), mostBuffer),
		files:  min(max(memory/filePart, leastFiles), mostFiles),
	}
	s.values = max(0, memory-s.buffer-memory/tablePart) / (1 + indexPart) * indexPart
	return s
}

func goleveldbOptions(flags opt.Strict, s sizes) *opt.Options {
	return &opt.Options{
		WriteBuffer:            s.buffer,
		OpenFilesCacheCapacity: s.files,
		Compression:            opt.NoCompression, // values are short, and the disk is local
		CompactionTableSize:    tableSize,
		CompactionTotalSize:    firstLevel,
		Filter:                 filter.NewBloomFilter(bloomBits),
		Strict:                 flags,
		NoWriteMerge:           true, // one writer
		DisableBlockCache:      true,
		// The pool gives the buffer of a whole table to a small index, which keeps the buffer.
		DisableBufferPool: true,
		// With filters, a read that looks into several tables costs little. goleveldb would merge
		// tables after some hundreds of such reads.
		DisableSeeksCompaction: true,
		// Each batch goes through the journal, so that there is only one way to durability.
		DisableLargeBatchTransaction: true,
	}
}

// makeDir creates the folder for its owner. goleveldb would create it for all users.
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
