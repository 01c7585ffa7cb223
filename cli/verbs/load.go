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
	"ringside/localcluster/bench/workload"
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
	Help: `load writes COUNT keys, key-0 to key-(COUNT-1) or with the prefix of --prefix, and random values. A key
that exists is replaced: load reads it and writes with its context, so a load that was interrupted can be given
again. With --zipf it writes COUNT times, and some of the keys far more often than others. Each client keeps the
contexts of its own keys, so no siblings arise.

On a terminal load shows how far it is. Ctrl-C ends it with what was written. Writes that fail are counted; after
` + strconv.Itoa(maxFailuresInRow) + ` failures in a row load gives up. The exit code is that of the first failure.
--json prints {"written","failed","replaced","keys","prefix","size","seconds","ops_s","interrupted"?,"error"?}: keys
is how many different keys were written, replaced how many of them existed before.`,
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
	Replaced int `json:"replaced"` // keys that existed before
	Keys     int `json:"keys"`     // different keys
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
		c := &loadClient{l: l, number: i, value: printable(l.size), contexts: map[int][]byte{}}
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

// A loadClient is one of the clients of a load. It is for one goroutine.
type loadClient struct {
	l        *loading
	number   int
	value    []byte
	contexts map[int][]byte // by key, with --zipf
}

// run writes the client's share: with --zipf to its own keys, and otherwise each of its own keys.
func (c *loadClient) run(ctx context.Context) error {
	own := workload.New(c.l.count, c.number, c.l.clients, true)
	for i := c.number; i < c.l.count; i += c.l.clients {
		key := i
		if c.l.zipf {
			key = own.Next()
		}
		if err := c.write(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// write writes a key once. The error is that of ctx, or why the load has to stop.
func (c *loadClient) write(ctx context.Context, key int) error {
	req := wire.PutRequest{Key: c.l.key(key), Value: c.value, Context: c.contexts[key]}
	r, err := c.put(ctx, req)
	if err != nil {
		return err
	}
	existed := r.Err == wire.OK && len(req.Context) == 0 && r.Siblings+r.Deletes > 1
	if existed { // the put has made a sibling: replace all that is there
		if req.Context, err = c.context(ctx, req.Key); err != nil {
			return err
		}
		if r, err = c.put(ctx, req); err != nil {
			return err
		}
	}
	if r.Err != wire.OK {
		return c.l.failed(putFailed("put", req.Key, r))
	}
	_, again := c.contexts[key]
	c.l.wrote(existed, !again)
	if c.l.zipf {
		c.contexts[key] = r.Context
	}
	return nil
}

func (c *loadClient) put(ctx context.Context, req wire.PutRequest) (wire.PutReply, error) {
	reply, err := c.l.env.Cluster.Do(ctx, "", req)
	if err != nil {
		return wire.PutReply{}, err
	}
	r, ok := reply.(wire.PutReply)
	if !ok {
		return r, fmt.Errorf("load: the cluster answered with %T", reply)
	}
	return r, nil
}

// context reads a key and returns its context, nil if the read fails. Then the put fails also, or
// leaves a sibling.
func (c *loadClient) context(ctx context.Context, key []byte) ([]byte, error) {
	reply, err := c.l.env.Cluster.Do(ctx, "", wire.GetRequest{Key: key})
	if err != nil {
		return nil, err
	}
	r, _ := reply.(wire.GetReply)
	return r.Context, nil
}

// key returns the key with that number.
func (l *loading) key(number int) []byte {
	return strconv.AppendInt([]byte(l.prefix), int64(number), 10)
}

// wrote counts a write that succeeded.
func (l *loading) wrote(replaced, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done.Written++
	l.inRow = 0
	if replaced {
		l.done.Replaced++
	}
	if first {
		l.done.Keys++
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
	first, count := l.failure, ""
	if first == nil {
		first = early
	}
	if first == nil {
		return nil
	}
	out := *exit.As(first)
	switch {
	case l.failure == nil:
		count = fmt.Sprintf("stopped after %s", render.Count(l.done.Written, "write"))
	case early != nil:
		count = fmt.Sprintf("gave up after %s in a row; the first", render.Count(l.inRow, "failure"))
	default:
		count = fmt.Sprintf("%s failed; the first", render.Count(l.done.Failed, "write"))
	}
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
	mark := e.paint(render.Good, "ok")
	switch {
	case interrupted:
		mark = e.paint(render.Warn, "interrupted")
	case failure != nil:
		mark = e.paint(render.Bad, "failed")
	}
	text := fmt.Sprintf("%s  %d of %s%s", mark, l.done.Written, render.Count(l.count, "write"),
		e.paint(render.Dim, fmt.Sprintf("  in %s, %.0f a second", render.Duration(passed), rate)))
	if l.zipf {
		text += ", " + render.Count(l.done.Keys, "key")
	}
	if l.done.Replaced > 0 {
		text += fmt.Sprintf(", %s existed and %s replaced", render.Count(l.done.Replaced, "key"), was(l.done.Replaced))
	}
	return e.write(text + "\n")
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
