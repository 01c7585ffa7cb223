package level

import (
	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// manyGets is the number of Gets after a batch that read the database itself. Each takes its own
// snapshot, so from then on a shared one is cheaper.
const manyGets = 4

// latest reads the latest state of the database. If there are many Gets between two batches, they
// share a snapshot. The zero latest is ready. It belongs to the goroutine that reads.
//
// While another goroutine applies a batch, a Get may or may not see that batch, as without a
// snapshot. The goroutine that reads hides the batch under its own writes until then.
type latest struct {
	applied  uint64 // values.applied before the snapshot was taken
	gets     int    // since that
	snapshot *leveldb.Snapshot
}

// A getter is a database or a snapshot.
type getter interface {
	Get(key []byte, ro *opt.ReadOptions) ([]byte, error)
}

// of returns a getter that shows at least so many batches, which are all whose Apply has returned.
func (l *latest) of(s *Store, applied uint64) getter {
	l.forgetOld(applied)
	if l.snapshot != nil {
		return l.snapshot
	}
	if l.gets++; l.gets > manyGets {
		if snapshot, err := s.db.GetSnapshot(); err == nil {
			l.snapshot = snapshot
			return snapshot
		}
	}
	return s.db // which returns the same error
}

// forgetOld gives back a snapshot that was taken before the latest of the batches.
func (l *latest) forgetOld(applied uint64) {
	if applied != l.applied {
		l.release()
		l.applied, l.gets = applied, 0
	}
}

// release gives the snapshot back, so that compactions may drop what only the snapshot shows.
func (l *latest) release() {
	if l.snapshot != nil {
		l.snapshot.Release()
		l.snapshot = nil
	}
}
