package level

import (
	"time"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// The nodes of a process fill their write buffers at about the same time, and goleveldb then writes
// the tables in goroutines that have work for some tens of milliseconds. The Go runtime looks for
// messages on sockets when a processor has no goroutine to run, and otherwise every 10 ms. So as
// many of these goroutines as processors would delay all requests by tens of milliseconds. A table
// therefore is written in turns, with a rest of restTurns turns after each. A goroutine that only
// yields stays ready to run, and has not that effect.
const (
	turnBytes = 16 << 10 // about 0.1 ms of work
	restTurns = 2
	mostRest  = 2 * time.Millisecond
)

// A table is a file that goleveldb writes in the background.
type table struct {
	storage.Writer
	written int // in this turn
	began   time.Time
}

func newTable(w storage.Writer) *table { return &table{Writer: w, began: time.Now()} }

// Write implements io.Writer.
func (t *table) Write(p []byte) (int, error) {
	if t.written += len(p); t.written >= turnBytes {
		time.Sleep(min(restTurns*time.Since(t.began), mostRest))
		t.written, t.began = 0, time.Now()
	}
	return t.Writer.Write(p)
}
