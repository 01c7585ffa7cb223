package sim

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	seeds = flag.Uint64("seeds", 150, "how many seeds to run")
	first = flag.Uint64("seed", 1, "the first seed")
)

func TestSeeds(t *testing.T) {
	var next atomic.Uint64
	next.Store(*first)
	var mu sync.Mutex
	faults := map[string]int{}
	var total Result
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for s := next.Add(1) - 1; s < *first+*seeds; s = next.Add(1) - 1 {
				r := Run(Options{Seed: s})
				mu.Lock()
				for k, n := range r.Faults {
					faults[k] += n
				}
				total.Steps += r.Steps
				total.Virtual += r.Virtual
				for i := range r.Outcomes {
					total.Outcomes[i] += r.Outcomes[i]
				}
				for _, v := range r.Violations {
					t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d steps, %v of virtual time, outcomes %v (unknown, ok, failed)", total.Steps, total.Virtual, total.Outcomes)
	for _, k := range slices.Sorted(maps.Keys(faults)) {
		t.Logf("%-18s %d", k, faults[k])
	}
	for _, k := range FaultKinds {
		if faults[k] == 0 && *seeds >= 100 {
			t.Errorf("fault %s never fired", k)
		}
	}
}

// Equal seeds give equal runs.
func TestDeterminism(t *testing.T) {
	for s := uint64(1); s <= 10; s++ {
		a, b := Run(Options{Seed: s}), Run(Options{Seed: s})
		if a.Hash != b.Hash || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("seed %d: %x and %x", s, a.Hash, b.Hash)
		}
	}
}

// P7: without faults, and R+W>N, a read sees every write acked before it.
func TestHealthy(t *testing.T) {
	for s := uint64(1); s <= 20; s++ {
		r := Run(Options{Seed: s, NoFaults: true})
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
		ops := r.Options.Ops
		if !r.Options.mends() {
			ops += 2 * r.Options.Keys // the reads at the end
		}
		if r.Outcomes[ok] != ops {
			t.Errorf("seed %d: outcomes %v of a healthy run", s, r.Outcomes)
		}
	}
}
