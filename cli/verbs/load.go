package verbs

// §4.1, §4.4: load writes many keys, as many clients at once.

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/wire"
)

const (
	// maxLoad bounds the writes of one load.
	maxLoad = 100_000_000
	// maxLoadClients bounds the clients. Each has a connection to the cluster's control socket.
	maxLoadClients = 64
	// maxFailuresInRow ends a load that writes nothing: the cluster needs the user.
	maxFailuresInRow = 100
	// loadProgress is the time between two updates of the progress.
	loadProgress = 200 * time.Millisecond
)

var loadVerb = &Verb{
	Name: "load", Group: GroupData, Section: "§4.4",
	Args:  []Arg{{Name: "COUNT"}},
	Usage: "write many keys",
	Help: `load writes COUNT keys, key-0 to key-(COUNT-1) or with the prefix of --prefix, and random values. It reads
each key before its first write, and writes with the context of that read. So a key that exists is replaced, and a
load that was interrupted can be given again. With --zipf load writes COUNT times, and some of the keys far more
often than others. Each client has keys of its own.

If R+W > N, load makes no siblings, unless other clients write the same keys or an earlier write of a key failed.
Writes after which a key has siblings are counted. A key that has siblings before is not written: the write counts
as failed, with exit code 4. A write whose read fails counts as failed also.

On a terminal load shows how far it is. Ctrl-C ends it with what was written. After ` +
		strconv.Itoa(maxFailuresInRow) + ` failures in a row load gives up. The exit code is that of the first
failure, and 7 if the cluster goes away.
--json prints {"written","failed","replaced","keys","siblings"?,"prefix","size","seconds","ops_s","interrupted"?,
"error"?}: keys is how many different keys were written, replaced how many of them had a value before, and siblings
how many writes left siblings.`,
	Flags: []Flag{
		{Name: "size", Kind: Int, Default: "100", Value: "100", Max: wire.MaxValue, Help: "bytes of a value"},
		{Name: "zipf", Kind: Bool, Help: "write some keys far more often than others; otherwise each key once"},
		{Name: "clients", Kind: Int, Default: "16", Value: "16", Max: maxLoadClients, Help: "clients at once"},
		{Name: "prefix", Kind: String, Default: "key-", Value: "key-", Help: "what the keys begin with"},
	},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		count, err := strconv.Atoi(c.Arg(0))
		switch longest := len(c.String("prefix")) + len(strconv.Itoa(maxLoad)); {
		case err != nil || count < 1 || count > maxLoad:
			return c.Misusef("%s is not a number of writes from 1 to %d", render.Quoted(c.Arg(0)), maxLoad)
		case longest > wire.MaxKey:
			return c.Misusef("--prefix: a key would have %d bytes: want at most %d", longest, wire.MaxKey)
		}
		l := &loading{env: e, prefix: c.String("prefix"), count: count, size: c.Int("size"), zipf: c.Bool("zipf"),
			clients: min(c.Int("clients"), count)}
		return l.report(ctx, l.run(ctx))
	},
}

// A loading is one run of load.
type loading struct {
	env     *Env
	prefix  string
	count   int // writes
	size    int // bytes of a value
	zipf    bool
	clients int
	began   time.Time

	mu      sync.Mutex
	done    loadCounts
	inRow   int   // failures since the last success
	failure error // the first failed write
}

// loadCounts are the results of a load.
type loadCounts struct {
	Written  int `json:"written"`
	Failed   int `json:"failed"`
	Replaced int `json:"replaced"`           // keys that had a value before
	Keys     int `json:"keys"`               // different keys
	Siblings int `json:"siblings,omitempty"` // writes after which the key had siblings
}

// run writes until all is written. It returns an error if it stopped early: that of ctx, or why the
// cluster takes no writes. Failed writes alone are no such error.
func (l *loading) run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	l.began = time.Now()
	ended := make(chan struct{})
	var clients, watch sync.WaitGroup
	watch.Go(func() { l.show(ended) })
	for i := range l.clients {
		c := &loadClient{l: l, number: i, value: printable(l.size), keys: map[int]*loadKey{}}
		clients.Go(func() {
			if err := c.run(ctx); err != nil {
				stop(err) // the other clients stop also
			}
		})
	}
	clients.Wait()
	close(ended)
	watch.Wait()
	return context.Cause(ctx)
}

// key returns the key with that number.
func (l *loading) key(number int) []byte {
	return strconv.AppendInt([]byte(l.prefix), int64(number), 10)
}

// A loadWrite describes a write that succeeded.
type loadWrite struct {
	first    bool // the first write to the key that succeeded
	existed  bool // the key had a value before the load
	siblings bool // the key has siblings now
}

// wrote counts a write that succeeded.
func (l *loading) wrote(w loadWrite) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done.Written++
	l.inRow = 0
	if w.first {
		l.done.Keys++
	}
	if w.first && w.existed {
		l.done.Replaced++
	}
	if w.siblings {
		l.done.Siblings++
	}
}

// failed counts a write that failed. It returns an error if the load has to stop.
func (l *loading) failed(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done.Failed++
	if l.failure == nil {
		l.failure = err
	}
	if l.inRow++; l.inRow >= maxFailuresInRow {
		return l.failure
	}
	return nil
}

// show shows the progress until ended is closed.
func (l *loading) show(ended <-chan struct{}) {
	if l.env.Progress == nil {
		return
	}
	tick := time.NewTicker(loadProgress)
	defer tick.Stop()
	defer l.env.Progress("")
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			l.env.Progress(l.progress(time.Since(l.began)))
		}
	}
}

// progress returns the line of progress after the time that has passed.
func (l *loading) progress(passed time.Duration) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended := l.done.Written + l.done.Failed
	line := fmt.Sprintf("%d of %d written, %.0f a second", l.done.Written, l.count, perSecond(l.done.Written, passed))
	if ended > 0 {
		left := time.Duration(float64(passed) * float64(l.count-ended) / float64(ended))
		line += ", " + render.Age(left) + " left"
	}
	if l.done.Failed > 0 {
		line += fmt.Sprintf(", %d failed", l.done.Failed)
	}
	return line
}

func perSecond(n int, passed time.Duration) float64 {
	return float64(n) / max(passed, time.Microsecond).Seconds()
}

// report prints the summary. early is the error of run.
func (l *loading) report(ctx context.Context, early error) error {
	passed, interrupted := time.Since(l.began), ctx.Err() != nil
	if l.done == (loadCounts{}) && early != nil {
		return early // nothing was begun
	}
	failure := l.summary(early)
	if interrupted {
		failure = l.summary(nil)
	}
	err := l.print(passed, interrupted, failure)
	switch {
	case err != nil:
		return err
	case interrupted:
		return ctx.Err()
	case l.env.JSON:
		return exit.Reported(failure)
	}
	return failure
}

// summary returns an error with the number of failed writes and the first of them, or with the
// reason why the load stopped early. It returns nil if all is well.
func (l *loading) summary(early error) error {
	var cause error
	var count string
	switch {
	case early != nil && early != l.failure: // the cluster has gone, whatever failed before
		cause, count = early, fmt.Sprintf("stopped after %s", render.Count(l.done.Written, "write"))
	case early != nil:
		cause, count = early, fmt.Sprintf("gave up after %s in a row; the first", render.Count(l.inRow, "failure"))
	case l.failure != nil:
		cause, count = l.failure, fmt.Sprintf("%s failed; the first", render.Count(l.done.Failed, "write"))
	default:
		return nil
	}
	out := *exit.As(cause)
	out.Message = "load: " + count + ": " + out.Message
	return &out
}

func (l *loading) print(passed time.Duration, interrupted bool, failure error) error {
	e, rate := l.env, perSecond(l.done.Written, passed)
	if e.JSON {
		return e.print(struct {
			loadCounts
			Prefix      string  `json:"prefix"`
			Size        int     `json:"size"`
			Seconds     float64 `json:"seconds"`
			OpsS        float64 `json:"ops_s"`
			Interrupted bool    `json:"interrupted,omitempty"`
			Error       any     `json:"error,omitempty"`
		}{l.done, l.prefix, l.size, math.Round(1000*passed.Seconds()) / 1000, math.Round(rate), interrupted,
			exit.Field(failure)})
	}
	text := l.outcome(interrupted, failure) +
		e.paint(render.Dim, fmt.Sprintf("  in %s, %.0f a second", render.Duration(passed), rate))
	if l.zipf {
		text += ", " + render.Count(l.done.Keys, "key")
	}
	if l.done.Replaced > 0 {
		text += fmt.Sprintf(", %s existed and %s replaced", render.Count(l.done.Replaced, "key"), was(l.done.Replaced))
	}
	if l.done.Siblings > 0 {
		text += e.paint(render.Warn, fmt.Sprintf(", %s left siblings: their reads missed a version, "+
			"or other clients wrote the keys also", render.Count(l.done.Siblings, "write")))
	}
	return e.write(text + "\n")
}

// outcome returns how the load ended, with the numbers of writes.
func (l *loading) outcome(interrupted bool, failure error) string {
	paint, all := l.env.paint, render.Count(l.count, "write")
	switch {
	case interrupted && l.done.Failed > 0:
		return fmt.Sprintf("%s  %d of %s, %d failed", paint(render.Warn, "interrupted"), l.done.Written, all, l.done.Failed)
	case interrupted:
		return fmt.Sprintf("%s  %d of %s", paint(render.Warn, "interrupted"), l.done.Written, all)
	case l.done.Failed > 0:
		return fmt.Sprintf("%s  %d of %s, %d written", paint(render.Bad, "failed"), l.done.Failed, all, l.done.Written)
	case failure != nil:
		return fmt.Sprintf("%s  %d of %s", paint(render.Bad, "stopped"), l.done.Written, all)
	}
	return fmt.Sprintf("%s  %d of %s", paint(render.Good, "ok"), l.done.Written, all)
}

func was(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// printable returns a value of n characters that a database cannot compress much.
func printable(n int) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[rand.IntN(len(letters))]
	}
	return out
}
