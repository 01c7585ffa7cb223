//go:build mutants

package sim

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/mutant"
	"ringside/engine/sim/plan"
)

// mostSeeds is the number of seeds in which each deliberate bug must be found.
const mostSeeds = 5000

// rare has the faults of the runs that look for bugs which one drawn run in thousands shows.
var rare = map[mutant.Name][]string{mutant.AbsentForgotten: {plan.Remove}}

// Each deliberate bug of the engine makes one of its properties fail, in runs as any campaign draws
// them, or with the faults of rare.
func TestMutants(t *testing.T) {
	for i, m := range mutant.All() {
		if i > int(mutant.None) {
			t.Run(m.Title, func(t *testing.T) { find(t, mutant.Name(i), m, seedsFor(m)) })
		}
	}
}

// quickSeeds is the number of seeds in which a quick bug must be found.
const quickSeeds = 60

// leastQuick is the least number of quick bugs in the registry, so that each mechanism has some.
const leastQuick = 20

// seedsFor returns the number of seeds in which a bug must be found.
func seedsFor(m mutant.Mutant) uint64 {
	if m.Quick {
		return quickSeeds
	}
	return mostSeeds
}

// Each quick bug is found within few seeds. TestMutants also looks for them, and takes much longer.
func TestQuickMutants(t *testing.T) {
	quick := 0
	for i, m := range mutant.All() {
		if m.Quick {
			quick++
			t.Run(m.Title, func(t *testing.T) { find(t, mutant.Name(i), m, quickSeeds) })
		}
	}
	if quick < leastQuick {
		t.Errorf("%d bugs are quick, want at least %d", quick, leastQuick)
	}
}

// Without a bug no property fails in the same build.
func TestNoMutant(t *testing.T) {
	mutant.Set(mutant.None)
	each(1, quickSeeds/2, drawn, func(r Result) {
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
	})
}

// find plays seeds with a bug until one of the bug's properties fails.
func find(t *testing.T, n mutant.Name, m mutant.Mutant, most uint64) {
	if m.Title == "" || len(m.Breaks) == 0 {
		t.Fatalf("bug %d is not in the registry", n)
	}
	mutant.Set(n)
	defer mutant.Set(mutant.None)
	began := time.Now()
	var mu sync.Mutex
	first := map[string]uint64{} // property → the lowest seed in which it failed
	var next atomic.Uint64
	var found atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for s := next.Add(1); s <= most && !found.Load(); s = next.Add(1) {
				o := drawn(s)
				o.Faults = rare[n]
				r := Run(o)
				mu.Lock()
				for _, v := range r.Violations {
					if old, ok := first[v.Property]; !ok || s < old {
						first[v.Property] = s
					}
					found.CompareAndSwap(false, slices.Contains(m.Breaks, v.Property))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	seed, failed := most+1, ""
	for _, p := range m.Breaks {
		if s, ok := first[p]; ok && s < seed {
			seed, failed = s, p
		}
	}
	if failed == "" {
		t.Fatalf("%v held in %d seeds: %s; failed: %v", m.Breaks, most, m.Why, first)
	}
	t.Logf("%-27s %-3s failed in seed %-4d after %5.1fs: %s", m.Title, failed, seed, time.Since(began).Seconds(), m.Why)
}
