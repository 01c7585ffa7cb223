package bench

import (
	"context"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// In an open loop, requests arrive at a rate, whether or not earlier ones were answered. Arrival i
// is due at a fixed time. The workers take the arrivals in order. If all workers are busy, an
// arrival waits, and its latency includes that time.

// missSteps is the number of latencies that are computed for missed arrivals at most. If there are
// more arrivals, neighbours share a latency. The difference is below the histogram's error.
const missSteps = 100_000

// arrivals hands out the arrivals of an open loop. A worker takes an arrival that is already due
// without waiting. Otherwise the clock, which is one goroutine, wakes the worker.
type arrivals struct {
	w     *window
	start time.Time // when arrival 0 is due

	mu      sync.Mutex
	next    int // the arrival that the next worker takes
	workers int // that may still take one
	waits   chan wait
}

// A wait is a worker that waits until its arrival is due.
type wait struct {
	until time.Time
	wake  chan<- struct{} // has room
}

// newArrivals returns the arrivals of an open loop, and starts the clock, which ends with the last
// worker. newArrivals returns nil for a closed loop.
func (w *window) newArrivals(ctx context.Context, wg *sync.WaitGroup, start time.Time) *arrivals {
	if w.load.rate == 0 {
		return nil
	}
	a := &arrivals{w: w, start: start, workers: len(w.workers), waits: make(chan wait, len(w.workers))}
	wg.Go(func() { a.clock(ctx) })
	return a
}

// clock wakes the workers that wait, in the order in which their arrivals are due. One clock for
// all workers needs one thread that sleeps precisely.
func (a *arrivals) clock(ctx context.Context) {
	sleep, release := preciseSleep()
	defer release()
	for one := range a.waits {
		if ctx.Err() == nil {
			sleep(time.Until(one.until))
		}
		one.wake <- struct{}{}
	}
}

// take returns the time at which the next arrival is due, once that time has come. wake is a
// channel of the worker with room for one. take returns false at the end of the window.
func (a *arrivals) take(ctx context.Context, wake chan struct{}) (time.Time, bool) {
	a.mu.Lock()
	now, at := time.Now(), a.start.Add(a.w.offset(a.next))
	if !at.Before(a.w.end) || !now.Before(a.w.end) || ctx.Err() != nil {
		a.mu.Unlock()
		return time.Time{}, false // the others are missed
	}
	a.next++
	early := at.After(now)
	if early {
		a.waits <- wait{at, wake} // within the lock, so that the waits are in order
	}
	a.mu.Unlock()
	if early {
		<-wake
	}
	return at, ctx.Err() == nil
}

// leave tells that a worker takes no more arrivals.
func (a *arrivals) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.workers--; a.workers == 0 {
		close(a.waits)
	}
}

// offset returns how long after the first arrival arrival i is due.
func (w *window) offset(i int) time.Duration {
	rate := w.load.rate
	return time.Duration(i/rate)*time.Second + time.Duration(i%rate)*time.Second/time.Duration(rate)
}

// arrivalsBefore returns how many arrivals are due less than d after the first one.
func (w *window) arrivalsBefore(d time.Duration) int {
	whole, rest, rate := int(d/time.Second), int(d%time.Second), w.load.rate
	return whole*rate + (rest*rate+int(time.Second)-1)/int(time.Second)
}

// serve sends a request for each arrival that the worker takes.
func (w *window) serve(ctx context.Context, r *recorder, one worker, c chooser, a *arrivals) {
	defer a.leave()
	wake := make(chan struct{}, 1)
	for {
		at, ok := a.take(ctx, wake)
		if !ok {
			return
		}
		put, key := c.next()
		err := one.do(ctx, put, key)
		if !w.count(r, at, time.Now(), err) {
			return
		}
	}
}

// miss counts the arrivals that were due before the end of the window and that no worker took until
// then. Each has waited from its time until the end at least, so that is recorded as its latency.
func (a *arrivals) miss(h *hdrhistogram.Histogram) int {
	end := a.w.end.Sub(a.start)
	all := a.w.arrivalsBefore(end)
	missed := max(all-a.next, 0)
	step := max(1, (missed+missSteps-1)/missSteps)
	for i := a.next; i < all; i += step {
		recordMany(h, end-a.w.offset(i), min(step, all-i))
	}
	return missed
}
