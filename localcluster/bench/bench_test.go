package bench

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"ringside/engine/usage"
)

// small returns options of a run that takes a fraction of a second.
func small(t *testing.T) Options {
	return Options{Dir: t.TempDir(), Nodes: 3, Stores: []Store{Mem}, Ops: []Op{Put}, Concurrency: []int{2},
		For: 20 * time.Millisecond, Rounds: 1, Keys: 10, Size: 10, Gets: .5, Floor: true}
}

// Run measures each load of each system, and leaves neither files nor goroutines.
func TestRun(t *testing.T) {
	before := runtime.NumGoroutine()
	o := small(t)
	o.Stores, o.Ops, o.Concurrency, o.Rounds = Stores, Ops, []int{1, 3}, 2
	var parts []float64
	o.Progress = func(p Progress) { parts = append(parts, p.Part) }
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	// A request that takes longer than a window has a latency, and does not count as throughput. On
	// a busy machine, a floor may have no throughput, and then there is no ratio to it.
	known := func(floor []Row) (ratios int) {
		for _, row := range floor {
			if row.OpsS > 0 {
				ratios += len(Stores)
			}
		}
		return ratios
	}
	if len(r.Floor) != 6 || len(r.FloorMux) != 6 || len(r.Rows) != 24 || len(r.Ratio) != known(r.Floor) ||
		len(r.RatioMux) != known(r.FloorMux) || len(r.Ratio) == 0 || len(r.RatioMux) == 0 {
		t.Errorf("%d, %d and %d rows, %d and %d ratios", len(r.Floor), len(r.FloorMux), len(r.Rows), len(r.Ratio),
			len(r.RatioMux))
	}
	for _, row := range slices.Concat(r.Rows, r.Floor, r.FloorMux) {
		if row.P50 <= 0 || row.P99 < row.P50 || row.Max < row.P999 || row.Errors != 0 ||
			len(row.Rounds) != 2 || !row.Reached() {
			t.Errorf("%+v", row)
		}
	}
	if r.RatioP99["sync/mix/1"] <= 0 || r.Store != "nosync,sync,buffer,mem" {
		t.Errorf("%+v", r)
	}
	if put := r.Sizes["put"]; put.Request <= put.Answer || put.Ask <= put.Answer || put.Reply <= put.Answer {
		t.Errorf("messages %+v", r.Sizes)
	}
	if !slices.IsSorted(parts[len(parts)/2:]) {
		t.Errorf("progress %v", parts)
	}
	checkNothingLeft(t, o, before)
}

func checkNothingLeft(t *testing.T, o Options, goroutines int) {
	t.Helper()
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
		t.Errorf("files %v, %v", left, err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > goroutines && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		b := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after\n%s", goroutines, now, b[:runtime.Stack(b, true)])
	}
}

// An interrupt ends a run, which reports the windows that ended before it.
func TestInterrupt(t *testing.T) {
	before := runtime.NumGoroutine()
	o := small(t)
	o.For, o.Rounds, o.ClientDriven = 50*time.Millisecond, 1000, true
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	windows := 0
	o.Progress = func(p Progress) {
		if p.Left > 0 {
			if windows++; windows == 4 { // the first window of the second round
				cancel()
			}
		}
	}
	r, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || r == nil || !r.Interrupted || len(r.Rows) != 1 ||
		len(r.Rows[0].Rounds) != 1 || r.InterruptedAt != "window 4 of 3000 (floor put, clients: 2)" {
		t.Fatalf("%+v, %v", r, err)
	}
	if r, err := Run(ctx, o); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", r, err)
	}
	checkNothingLeft(t, o, before)
}

func TestInvalidOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"nodes":       func(o *Options) { o.Nodes = 0 },
		"N":           func(o *Options) { o.N = 4 },
		"concurrency": func(o *Options) { o.Concurrency = []int{0} },
		"twice":       func(o *Options) { o.Concurrency = []int{1, 1} },
		"rate":        func(o *Options) { o.Rates = []int{MaxRate + 1} },
		"keys":        func(o *Options) { o.Keys = 1 },
		"size":        func(o *Options) { o.Size = -1 },
		"gets":        func(o *Options) { o.Gets = 2 },
		"no store":    func(o *Options) { o.Stores = nil },
		"for":         func(o *Options) { o.For = 0 },
		"short":       func(o *Options) { o.For = MinWindow - 1 },
		"rounds":      func(o *Options) { o.Rounds = 0 },
	} {
		o := small(t)
		change(&o)
		var refused *usage.Error
		if r, err := Run(t.Context(), o); r != nil || !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
