package bench

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A fake is a worker whose requests take no time, except that the first request after from takes
// until the end of stall. fails makes each request fail.
type fake struct {
	from    time.Time
	stall   time.Duration
	fails   error
	stalled bool
}

func (f *fake) do(ctx context.Context, _ bool, _ int) error {
	if f.stall > 0 && !f.stalled && time.Now().After(f.from) {
		f.stalled = true
		t := time.NewTimer(f.stall)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.fails
}

// newWindow returns a window of one worker.
func newWindow(w worker, rate int, length time.Duration) *window {
	return &window{load: load{op: Put, concurrency: 1, rate: rate}, workers: []worker{w},
		opts:      Options{For: length, Keys: 1},
		recorders: []*recorder{{latency: newHistogram()}}}
}

// longer counts the values that are at least d.
func longer(h *hdrhistogram.Histogram, d time.Duration) (n int64) {
	for _, b := range h.Distribution() {
		if b.From >= int64(d) {
			n += b.Count
		}
	}
	return n
}

// A stall delays all requests that were due during it, and each of them has the delay in its
// latency. A closed loop sees one slow request only.
func TestLatencyIncludesTheWaitForAClient(t *testing.T) {
	const rate, length, stall = 1000, 400 * time.Millisecond, 200 * time.Millisecond
	open := &fake{from: time.Now().Add(200 * time.Millisecond), stall: stall}
	r, err := newWindow(open, rate, length).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Of the 200 requests that were due during the stall, the first 100 waited for half of it.
	if n := longer(r.latency, stall/2-time.Millisecond); n < 100 {
		t.Errorf("%d requests waited for half of the stall or longer, want 100", n)
	}
	// Requests of the warm-up that were answered late belong to the window.
	if all, want := r.latency.TotalCount(), rate*int64(length)/int64(time.Second); all < want || all > want*5/4 {
		t.Errorf("%d latencies of %d a second in %v", all, rate, length)
	}
	closed := &fake{from: time.Now().Add(200 * time.Millisecond), stall: stall}
	if r, err = newWindow(closed, 0, length).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := longer(r.latency, stall-time.Millisecond); n != 1 {
		t.Errorf("%d requests of the closed loop took the time of the stall, want 1", n)
	}
}

// Requests that no client took before the end are missed. Each has a latency of the time that it
// waited until then.
func TestRateThatIsNotReached(t *testing.T) {
	const rate, length = 1000, 100 * time.Millisecond
	w := newWindow(&fake{stall: time.Second}, rate, length)
	r, err := w.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Of the 125 requests, 25 of which were due in the warm-up, the client took the first one.
	if r.missed != 124 || r.done != 0 || r.latency.TotalCount() != 125 {
		t.Errorf("%d missed, %d done, %d latencies, want 124, 0, 125", r.missed, r.done, r.latency.TotalCount())
	}
	if n := longer(r.latency, length/2); n < 70 || n > 80 {
		t.Errorf("%d of 125 waited for more than half of the window", n)
	}
	row := newRow(Mem, w.load, []result{r})
	if row.Reached() || row.Missed != 124 || row.CPU != 0 {
		t.Errorf("%+v has reached its rate, or has a cost of requests that were not answered", row)
	}
}

// A paced is a worker whose requests take a fixed time of the processor. It counts them, and those
// of them that ended within the window.
type paced struct {
	w             *window
	each          time.Duration
	calls, within int
}

func (p *paced) do(context.Context, bool, int) error {
	p.calls++
	now := time.Now()
	for end := now.Add(p.each); now.Before(end); {
		now = time.Now()
	}
	if !now.Before(p.w.began) && now.Before(p.w.end) {
		p.within++
	}
	return nil
}

// A rate far above what the system can do measures what it can do: the throughput is that of the
// requests that ended within the window, the others are missed, and latencies are those of the
// queue.
func TestRateFarAboveTheCapacity(t *testing.T) {
	const length = 200 * time.Millisecond
	for _, rate := range []int{100_000, MaxRate} {
		p := &paced{each: 100 * time.Microsecond}
		w := newWindow(p, rate, length)
		p.w = w
		r, err := w.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// A request may end within the window by the worker's clock and after it by the window's.
		if lost := p.within - int(r.done); r.done == 0 || lost < 0 || lost > 1 {
			t.Errorf("%d a second: %d requests count, %d ended within the window", rate, r.done, p.within)
		}
		all := w.arrivalsBefore(length + length/warmUpPart)
		if r.missed != all-p.calls {
			t.Errorf("%d a second: %d missed of %d, of which %d were taken", rate, r.missed, all, p.calls)
		}
		if n := longer(r.latency, length/4); n < int64(all/2) {
			t.Errorf("%d a second: %d of %d waited for a quarter of the window", rate, n, all)
		}
		if row := newRow(Mem, w.load, []result{r}); row.Reached() {
			t.Errorf("%+v has reached its rate", row)
		}
	}
}

// An interrupt ends workers that wait for an arrival, and those that would never be free.
func TestInterruptOfAnOpenLoop(t *testing.T) {
	for _, rate := range []int{10, MaxRate} {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWindow(&fake{}, rate, time.Minute)
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, err := w.run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%d a second: %v", rate, err)
		}
	}
}

// Failed requests are counted, and are not in the throughput nor in the latencies.
func TestFailuresAreCounted(t *testing.T) {
	fails := errors.New("it fails")
	w := newWindow(&fake{fails: fails}, 0, 10*time.Millisecond)
	r, err := w.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.errors == 0 || r.done != 0 || r.latency.TotalCount() != 0 || !errors.Is(r.first, fails) {
		t.Errorf("%+v", r)
	}
	row := newRow(Mem, w.load, []result{r, r})
	if row.Errors != 2*r.errors || row.Error != "it fails" {
		t.Errorf("%+v", row)
	}
}

// Arrivals are counted as their times say.
func TestArrivals(t *testing.T) {
	for _, rate := range []int{1, 3, 7, 1000, MaxRate} {
		w := &window{load: load{rate: rate}}
		for _, d := range []time.Duration{0, 1, time.Millisecond, 333333333, 333333334, time.Second, 1234567890} {
			n := w.arrivalsBefore(d)
			if n > 0 && w.offset(n-1) >= d || w.offset(n) < d {
				t.Errorf("rate %d: %d arrivals before %v, but arrival %d is due at %v and arrival %d at %v", rate, n, d,
					n-1, w.offset(n-1), n, w.offset(n))
			}
		}
	}
}

// The workers' histograms are merged: the percentiles are those of all requests.
func TestWorkersAreMerged(t *testing.T) {
	w := &window{}
	for i := range 4 {
		r := &recorder{latency: newHistogram(), done: 25, errors: int64(i)}
		for k := range 25 {
			record(r.latency, time.Duration(4*k+i+1)*time.Millisecond) // 1 to 100 ms
		}
		w.recorders = append(w.recorders, r)
	}
	r := w.sum()
	if r.done != 100 || r.errors != 6 || r.latency.TotalCount() != 100 {
		t.Errorf("%+v", r)
	}
	for p, want := range map[float64]time.Duration{50: 50, 99: 99, 100: 100} {
		got := time.Duration(r.latency.ValueAtPercentile(p))
		if want *= time.Millisecond; got < want || got > want+want/500 {
			t.Errorf("percentile %v is %v, want %v", p, got, want)
		}
	}
	record(r.latency, 0)
	record(r.latency, time.Hour)
	if r.latency.TotalCount() != 102 {
		t.Error("a latency beyond the range is not counted")
	}
}

// A ratio is the median of the ratios of the rounds, so a slow round of both systems changes
// nothing.
func TestRatio(t *testing.T) {
	rounds := func(done ...int64) (out []result) {
		for _, d := range done {
			out = append(out, result{done: d, seconds: 1})
		}
		return out
	}
	for _, c := range []struct {
		a, b []result
		want float64
		ok   bool
	}{
		{rounds(50, 5, 500), rounds(100, 10, 1000), 0.5, true},
		{rounds(1, 2), rounds(4, 4), 0.375, true},
		{rounds(1, 2), rounds(4), 0.25, true},
		{rounds(1), rounds(0), 0, false},
		{nil, nil, 0, false},
	} {
		if got, ok := ratio(c.a, c.b, result.opsPerSecond); got != c.want || ok != c.ok {
			t.Errorf("%v ÷ %v = %v, %v, want %v", c.a, c.b, got, ok, c.want)
		}
	}
}

// The share of gets in a mix is that of the options; puts and gets alone have no others.
func TestShares(t *testing.T) {
	for op, want := range map[Op]int{Put: 0, Get: 4000, Mix: 1000} {
		c, gets := newChooser(Options{Keys: 3, Gets: .25}, op, 0, 1), 0
		for range 4000 {
			if put, _ := c.next(); !put {
				gets++
			}
		}
		if gets < want*9/10 || gets > want*11/10 {
			t.Errorf("%s: %d gets of 4000, want %d", op, gets, want)
		}
	}
}
