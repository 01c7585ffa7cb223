package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"ringside/localcluster/bench/floor"
)

const (
	// The histograms hold latencies from 100 ns to a minute with three significant digits. A request
	// of a cluster ends within that time.
	leastLatency  = 100 * time.Nanosecond
	mostLatency   = time.Minute
	latencyDigits = 3

	// warmUpPart is the part of a window that is run before it, and not counted. maxWarmUp bounds it.
	warmUpPart = 4
	maxWarmUp  = 500 * time.Millisecond
)

// A window is one measurement of a system under one load.
type window struct {
	load    load
	workers []worker
	opts    Options

	began, end time.Time // requests that end between them count
	recorders  []*recorder
}

// A recorder has what one worker measured. It is for one goroutine until the window has ended.
type recorder struct {
	latency *hdrhistogram.Histogram
	done    int64 // requests that succeeded within the window
	errors  int64
	first   error // the first of them
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(leastLatency), int64(mostLatency), latencyDigits)
}

// record records a latency. Longer ones count as the longest one that fits.
func record(h *hdrhistogram.Histogram, d time.Duration) { recordMany(h, d, 1) }

// recordMany records a latency of n requests.
func recordMany(h *hdrhistogram.Histogram, d time.Duration, n int) {
	_ = h.RecordValues(int64(min(max(d, leastLatency), mostLatency)), int64(n)) // fits
}

// A result is the outcome of a window.
type result struct {
	latency *hdrhistogram.Histogram
	seconds float64
	done    int64 // requests that succeeded
	errors  int64
	first   error // the first of them
	missed  int   // requests of an open loop that were due before the end and that no client took
	used    resources
}

// opsPerSecond returns the throughput of a window.
func (r result) opsPerSecond() float64 { return float64(r.done) / r.seconds }

// each returns a figure of what was used, for each request that succeeded, 0 if none did.
func (r result) each(of func(resources) float64) float64 {
	if r.done == 0 {
		return 0
	}
	return of(r.used) / float64(r.done)
}

// measure opens workers of a system and runs one window. It returns ctx's error if ctx ended the
// window early.
func measure(ctx context.Context, o Options, s system, l load) (result, error) {
	runtime.GOMAXPROCS(s.processors())
	workers, end, err := s.open(l.concurrency)
	if err != nil {
		return result{}, err
	}
	defer end()
	w := &window{load: l, workers: workers, opts: o}
	for range workers {
		w.recorders = append(w.recorders, &recorder{latency: newHistogram()})
	}
	return w.run(ctx)
}

// run runs the workers through the warm-up and the window.
func (w *window) run(ctx context.Context) (result, error) {
	runtime.GC() // the garbage of the last window is not this one's
	start := time.Now()
	w.end = start.Add(w.opts.windowTime())
	w.began = w.end.Add(-w.opts.For)
	var wg sync.WaitGroup
	defer wg.Wait()
	due := w.newArrivals(ctx, &wg, start)
	for i, one := range w.workers {
		c := newChooser(w.opts, w.load.op, i, len(w.workers))
		wg.Go(func() {
			if w.load.rate > 0 {
				w.serve(ctx, w.recorders[i], one, c, due)
			} else {
				w.loop(ctx, w.recorders[i], one, c)
			}
		})
	}
	if err := sleepUntil(ctx, w.began); err != nil {
		return result{}, err
	}
	before, from := readUsage(), time.Now()
	if err := sleepUntil(ctx, w.end); err != nil {
		return result{}, err
	}
	used, to := readUsage().since(before), time.Now()
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	out := w.sum()
	if due != nil {
		out.missed = due.miss(out.latency)
	}
	out.seconds, out.used = to.Sub(from).Seconds(), used
	return out, nil
}

// loop sends a worker's requests one after another (closed loop). The request that is under way at
// the end has a latency also, but it does not count for the throughput.
func (w *window) loop(ctx context.Context, r *recorder, one worker, c chooser) {
	for now := time.Now(); now.Before(w.end) && ctx.Err() == nil; {
		put, key := c.next()
		err := one.do(ctx, put, key)
		begun := now
		now = time.Now()
		if !w.count(r, begun, now, err) {
			return
		}
	}
}

// count counts a request that was due at one time and ended at another, unless it ended before the
// window began. It returns false if the worker has to end.
func (w *window) count(r *recorder, due, ended time.Time, err error) bool {
	switch {
	case errors.Is(err, context.Canceled):
		return false
	case ended.Before(w.began):
	case err != nil:
		if r.errors++; r.first == nil {
			r.first = err
		}
	default:
		record(r.latency, ended.Sub(due))
		if ended.Before(w.end) {
			r.done++
		}
	}
	return !errors.Is(err, floor.ErrClosed)
}

// sum merges what the workers measured.
func (w *window) sum() result {
	out := result{latency: newHistogram()}
	for _, r := range w.recorders {
		out.latency.Merge(r.latency)
		out.done += r.done
		out.errors += r.errors
		if out.first == nil {
			out.first = r.first
		}
	}
	return out
}

// sleepUntil waits for a time, or for the end of ctx.
func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("measure: %w", ctx.Err())
	}
}
