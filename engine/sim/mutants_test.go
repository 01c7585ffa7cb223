//go:build mutants

package sim

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/mutant"
)

// mostSeeds is in how many seeds each deliberate bug must be found.
const mostSeeds = 5000

// Each bug is found in runs as any campaign draws them: one of the properties that it breaks falls.
func TestMutants(t *testing.T) {
	for i, m := range mutant.All() {
		if i > int(mutant.None) {
			t.Run(m.Title, func(t *testing.T) { find(t, mutant.Name(i), m, seedsFor(m)) })
		}
	}
}

// quickSeeds is in how many seeds a quick bug must be found.
const quickSeeds = 60

// leastQuick is how many quick bugs the registry must have: one and more of each mechanism.
const leastQuick = 20

// seedsFor returns in how many seeds a bug must be found.
func seedsFor(m mutant.Mutant) uint64 {
	if m.Quick {
		return quickSeeds
	}
	return mostSeeds
}

// TestQuickMutants looks for the bugs that few seeds show. TestMutants does that too, and takes much longer.
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

// Without a bug nothing falls in the same build.
func TestNoMutant(t *testing.T) {
	mutant.Set(mutant.None)
	each(1, quickSeeds/2, drawn, func(r Result) {
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
	})
}

// find plays seeds with a bug until a property falls that it breaks.
func find(t *testing.T, n mutant.Name, m mutant.Mutant, most uint64) {
	if m.Title == "" || len(m.Falls) == 0 {
		t.Fatalf("bug %d is not in the registry", n)
	}
	mutant.Set(n)
	defer mutant.Set(mutant.None)
	began := time.Now()
	var mu sync.Mutex
	first := map[string]uint64{} // property → the lowest seed in which it fell
	var next atomic.Uint64
	var found atomic.Bool
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for s := next.Add(1); s <= most && !found.Load(); s = next.Add(1) {
				r := Run(drawn(s))
				mu.Lock()
				for _, v := range r.Violations {
					if old, ok := first[v.Property]; !ok || s < old {
						first[v.Property] = s
					}
					found.CompareAndSwap(false, slices.Contains(m.Falls, v.Property))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	seed, fell := most+1, ""
	for _, p := range m.Falls {
		if s, ok := first[p]; ok && s < seed {
			seed, fell = s, p
		}
	}
	if fell == "" {
		t.Fatalf("%v held in %d seeds: %s; fell: %v", m.Falls, most, m.Why, first)
	}
	t.Logf("%-27s %-3s fell in seed %-4d after %5.1fs: %s", m.Title, fell, seed, time.Since(began).Seconds(), m.Why)
}
