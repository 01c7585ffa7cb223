package interval

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// The values are those of tables: t(.975, 4) is 2.776, and 10 hits of 100 have the Wilson interval
// from .0552 to .1744.
func TestIntervals(t *testing.T) {
	mean, low, high := Mean([]float64{1, 2, 3, 4, 5})
	half := 2.776 * math.Sqrt(2.5) / math.Sqrt(5)
	near(t, "mean", mean, 3, 1e-9)
	near(t, "low", low, 3-half, 1e-3)
	near(t, "high", high, 3+half, 1e-3)
	if mean, low, high := Mean([]float64{7}); mean != 7 || low != 7 || high != 7 {
		t.Error("one value has an interval")
	}
	share, low, high := Share([]Count{{10, 100}})
	near(t, "share", share, .1, 1e-9)
	near(t, "low", low, .0552, 1e-3)
	near(t, "high", high, .1744, 1e-3)
	if _, low, high := Share([]Count{{0, 50}, {0, 50}}); low != 0 || high < .03 || high > .04 {
		t.Errorf("no hit of 100: from %v to %v", low, high)
	}
}

// About 95 of 100 intervals contain the truth, also if the cases of a group depend on each other,
// and if there are few groups.
func TestCoverage(t *testing.T) {
	for _, n := range []int{3, 12} {
		coverage(t, n)
	}
}

func coverage(t *testing.T, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	const trials = 2000
	var means, shares int
	for range trials {
		var values []float64
		var groups []Count
		for range n {
			values = append(values, 5+rng.NormFloat64())
			p := .1 + .4*rng.Float64() // all cases of the group have the same odds
			hits := 0.
			for range 50 {
				if rng.Float64() < p {
					hits++
				}
			}
			groups = append(groups, Count{hits, 50})
		}
		if _, low, high := Mean(values); low <= 5 && 5 <= high {
			means++
		}
		if _, low, high := Share(groups); low <= .3 && .3 <= high {
			shares++
		}
	}
	if means < trials*93/100 || means > trials*97/100 || shares < trials*93/100 {
		t.Errorf("%d groups: of %d intervals, %d contain the mean and %d the share", n, trials, means, shares)
	}
}
