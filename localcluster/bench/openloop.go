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

// arrive starts the goroutine that hands out the arrivals of an open loop, from start until the end
// of the window. It returns nil for a closed loop.
func (w *window) arrive(ctx context.Context, wg *sync.WaitGroup, start time.Time) <-chan time.Time {
	if w.load.rate == 0 {
		return nil
	}
	due := make(chan time.Time)
	wg.Go(func() {
		defer close(due)
		sleep, release := preciseSleep()
		defer release()
		end := time.NewTimer(time.Until(w.end))
		defer end.Stop()
		for i := 0; ; i++ {
			at := start.Add(w.offset(i))
			if !at.Before(w.end) {
				return
			}
			sleep(time.Until(at))
			select {
			case due <- at:
			case <-end.C: // the others are missed
				return
			case <-ctx.Done():
				return
			}
			if !at.Before(w.began) {
				w.started++
			}
		}
	})
	return due
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
func (w *window) serve(ctx context.Context, r *recorder, one worker, c chooser, due <-chan time.Time) {
	for at := range due {
		put, key := c.next()
		err := one.do(ctx, put, key)
		ended := time.Now()
		if at.Before(w.began) {
			ended = at // an arrival of the warm-up does not count
		}
		if !w.count(r, at, ended, err) {
			return
		}
	}
}

// miss counts the arrivals that were due within the window and that no worker took before its end.
// Each has waited from its time until the end at least, so that is recorded as its latency.
func (w *window) miss(start time.Time, h *hdrhistogram.Histogram) int {
	all := w.arrivalsBefore(w.end.Sub(start))
	first := w.arrivalsBefore(w.began.Sub(start)) + w.started
	for i := first; i < all; i++ {
		record(h, w.end.Sub(start.Add(w.offset(i))))
	}
	return max(all-first, 0)
}
