package wars_test

import (
	"math"
	"testing"
	"time"

	"ringside/cli/lab/wars"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// trials makes the standard error of a share at most a tenth of a point.
const trials = 160_000

func ms(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }

// The model gives the figures that PBS publishes for N=3 and R=W=1.
func TestPublished(t *testing.T) {
	for fit, published := range [][]float64{{.974}, {.439, .925}} {
		m := wars.Model{Legs: plan.Fits[fit].Legs, N: 3, R: 1, W: 1}
		hits := m.Consistent(rng.New(1, "wars"), []time.Duration{0, ms(10)}, trials)
		for i, want := range published {
			if got := float64(hits[i]) / trials; math.Abs(got-want) > .005 {
				t.Errorf("%s, time %d: %.4f, want %.3f", plan.Fits[fit].Name, i, got, want)
			}
		}
	}
}

// Where the model can be solved by hand, it gives the solution. Only W takes a while here: on two
// replicas and after t ms, a get that asks a random one finds the write with 1 - e^(-λt)/2.
func TestSolvedByHand(t *testing.T) {
	atOnce := plan.Delay{Lambda: 1e3}
	legs := plan.Legs{W: plan.Delay{Lambda: .1}, A: atOnce, R: atOnce, S: atOnce}
	for _, local := range []bool{false, true} {
		m := wars.Model{Legs: legs, N: 2, R: 1, W: 1, Local: local}
		at := []float64{30, 0, 7}
		hits := m.Consistent(rng.New(2, "wars"), []time.Duration{ms(at[0]), ms(at[1]), ms(at[2])}, trials)
		for i, x := range at {
			want := 1 - math.Exp(-.1*x)/2
			if got := float64(hits[i]) / trials; math.Abs(got-want) > .004 {
				t.Errorf("local %v after %v ms: %.4f, want %.4f", local, x, got, want)
			}
		}
	}
}

// Quorums that overlap are always consistent. A coordinator that is a replica helps a third of the
// gets at once, and hurts the others, whose put was acknowledged before it went anywhere.
func TestQuorumsAndCoordinators(t *testing.T) {
	for _, f := range plan.Fits {
		for _, local := range []bool{false, true} {
			for _, q := range [][3]int{{3, 2, 2}, {3, 1, 3}, {5, 4, 2}, {1, 1, 1}} {
				m := wars.Model{Legs: f.Legs, N: q[0], R: q[1], W: q[2], Local: local}
				if hits := m.Consistent(rng.New(3, "wars"), []time.Duration{0}, 10_000); hits[0] != 10_000 {
					t.Errorf("%s N=%d R=%d W=%d: %d of 10000", f.Name, q[0], q[1], q[2], hits[0])
				}
			}
		}
		m := wars.Model{Legs: f.Legs, N: 3, R: 1, W: 1, Local: true}
		got := float64(m.Consistent(rng.New(4, "wars"), []time.Duration{0}, trials)[0]) / trials
		if math.Abs(got-1./3) > .004 {
			t.Errorf("%s with local coordinators: %.4f at once, want a third", f.Name, got)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		n, r, w, k int
		want       float64
	}{
		{3, 1, 1, 1, .333}, {3, 1, 1, 2, .556}, {3, 1, 1, 3, .704}, {3, 2, 1, 1, .667}, {3, 2, 2, 1, 1}, {5, 2, 1, 2, .64},
	} {
		if got := wars.Within(c.n, c.r, c.w, c.k); math.Abs(got-c.want) > .0005 {
			t.Errorf("N=%d R=%d W=%d k=%d: %.4f, want %.3f", c.n, c.r, c.w, c.k, got, c.want)
		}
	}
}
