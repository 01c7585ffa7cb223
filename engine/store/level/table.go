package level

import (
	"sync/atomic"
	"time"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// The nodes of a process fill their write buffers at about the same time, and goleveldb then writes
// the tables in goroutines that have work for some tens of milliseconds. The Go runtime looks for
// messages on sockets when a processor has no goroutine to run, and otherwise every 10 ms. So as
// many of these goroutines as processors would delay all requests by tens of milliseconds. A table
// therefore is written in turns with rests. A goroutine that only yields stays ready to run, and
// does not have that effect.
const (
	turnBytes = 16 << 10             // what is written in one turn, about 0.1 ms of work
	restTurns = 2                    // a rest takes as long as so many turns
	mostRest  = 2 * time.Millisecond // the longest rest
	// mostWait is the time that a batch may take before tables are written without rests, because
	// the batch waits for a table. hurry is how long they go on so after such a batch.
	mostWait = 5 * time.Millisecond
	hurry    = time.Second
)

// A pace says whether the writers of a store's tables rest.
type pace struct {
	open  atomic.Bool  // the store is open, so nothing waits for the tables of an Open or Close
	since atomic.Int64 // when the batch began that is being applied, in ns of the Unix time; 0: none
	until atomic.Int64 // no rests before then, in ns of the Unix time
}

// calm reports whether nothing waits for a table.
func (p *pace) calm(now time.Time) bool {
	since, t := p.since.Load(), now.UnixNano()
	return p.open.Load() && t >= p.until.Load() && (since == 0 || t-since < int64(mostWait))
}

// begin notes that a batch is being applied since now.
func (p *pace) begin(now time.Time) { p.since.Store(now.UnixNano()) }

// end notes that the batch has been applied.
func (p *pace) end(now time.Time) {
	if t := now.UnixNano(); t-p.since.Load() >= int64(mostWait) {
		p.until.Store(t + int64(hurry))
	}
	p.since.Store(0)
}

// A table is a file that goleveldb writes in the background.
type table struct {
	storage.Writer
	pace    *pace
	rest    func(time.Duration)
	written int // in this turn
	began   time.Time
}

func newTable(w storage.Writer, p *pace) *table {
	return &table{Writer: w, pace: p, rest: time.Sleep, began: time.Now()}
}

// Write implements io.Writer.
func (t *table) Write(p []byte) (int, error) {
	if t.written += len(p); t.written >= turnBytes {
		if now := time.Now(); t.pace.calm(now) {
			t.rest(min(restTurns*now.Sub(t.began), mostRest))
		}
		t.written, t.began = 0, time.Now()
	}
	return t.Writer.Write(p)
}
